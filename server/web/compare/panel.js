// SPDX-License-Identifier: Apache-2.0
// The tab that compares a source with sentences: all sizes side by side, and the scores at one of them.
import { find, setText } from "../base/dom.js";
import { say } from "../base/language.js";
import { Standing } from "../numbers/vectors.js";
import { answer } from "./answer.js";
import { Bump } from "./bump.js";
import { findWhatHolds, makeColumn } from "./columns.js";
import { getStops, pickDimension } from "./dimensions.js";
import { Ranking } from "./ranking.js";
import { summarise } from "./summary.js";

const MAX_AT_ONCE = 1000; // sentences, beyond which the work is done in tasks of their own

const pause = () => new Promise((resolve) => setTimeout(resolve));

export class ComparePanel {
  #ranking = new Ranking(find("ranking"));
  #bump = new Bump(find("bump"), pickDimension);
  #view = { version: -1 };
  #setAnswer = null;
  #known = []; // rows that have a vector
  #waiting = []; // those that have none
  #standing = null;
  #columns = []; // of the stops, largest size first, as far as they are made

  /** The texts whose vectors are needed, as Texts.fetch() takes them. */
  wants({ source, sentences }) {
    return source.text && sentences.length ? [{ texts: [source, ...sentences].map(({ text }) => text) }] : [];
  }

  /** view: see playground.js. setAnswer(text) tells what holds. */
  show(view, setAnswer) {
    const isNew = view.version !== this.#view.version;
    this.#view = view;
    this.#setAnswer = setAnswer;
    if (isNew) this.#renew(view);
    const isLarge = this.#known.length + this.#waiting.length > MAX_AT_ONCE;
    if (isNew && isLarge) this.#ranking.show([], [...this.#known, ...this.#waiting], true);
    const steps = this.#work(view);
    if (isLarge) this.#runInTasks(view, steps);
    else while (!steps.next().done);
  }

  async #runInTasks(view, steps) {
    while (view === this.#view && !steps.next().done) await pause();
  }

  #renew({ source, rows }) {
    const isScored = ({ vector }) => Boolean(source.vector && vector);
    const own = source.text ? rows : [];
    this.#known = own.filter(isScored);
    this.#waiting = own.filter((row) => !isScored(row));
    this.#standing = null;
    this.#columns = [];
    this.#setAnswer("");
    this.#bump.show(null);
  }

  /** In steps that each take a moment; what is done stays for the next view of the same version. */
  *#work(view) {
    if (this.#known.length && !this.#standing) {
      this.#standing = new Standing(view.source.vector, this.#known.map(({ vector }) => vector));
      yield;
    }
    this.#showScores(view);
    // Of all sentences or of none: an order with holes would be another order.
    if (!this.#standing || this.#waiting.length) return;
    const sizes = [...getStops()].reverse();
    while (this.#columns.length < sizes.length) {
      yield;
      this.#columns.push(makeColumn(this.#standing, sizes[this.#columns.length]));
    }
    this.#setAnswer(answer(findWhatHolds(this.#columns), this.#known.length));
    this.#bump.show(this.#columns, this.#known.map(({ text }) => text), view.n);
  }

  #showScores(view) {
    const isWhole = view.n === view.full;
    const entries = this.#standing?.at(view.n) ?? [];
    this.#ranking.show(entries.map((entry) => ({ ...this.#known[entry.index], entry })), this.#waiting, isWhole);
    setText(find("summary"), view.isEmpty ? say("empty") : summarise(entries, this.#waiting.length, isWhole));
  }
}
