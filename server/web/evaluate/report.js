// SPDX-License-Identifier: Apache-2.0
// The figures as the card's table has them: a row for each metric, a column for each size.
import { find, make, setText } from "../base/dom.js";
import { say } from "../base/language.js";
import { bytes, number, signed } from "../base/locale.js";
import { makeScroll, makeTable } from "../base/table.js";
import { recommend } from "../numbers/evaluate.js";
import { MAIN, METRICS } from "../numbers/retrieval.js";
import { FORMATS } from "../numbers/scoring.js";
import { nameFormat, nameMetric } from "./names.js";
import { Plot } from "./plot.js";

const MILLION = 1e6;
const FEW = 30; // questions, below which an interval says little

/** In a sentence: what is enough. rows: of evaluate(). */
export function describe(rows, nQuestions) {
  const [full, best] = [rows[0], recommend(rows)];
  const warning = nQuestions < FEW ? ` ${say("fewQuestions", nQuestions)}` : "";
  const metric = nameMetric(METRICS[MAIN].name);
  if (best === full) return say("noneEnough", metric, full.n) + warning;
  const ratio = full.bytes / best.bytes;
  return say("isEnough", best.n, full.n, nameFormat(best.format), metric, number(ratio, ratio % 1 ? 1 : 0)) + warning;
}

function makeCell(figure, isFull) {
  const [low, high] = figure.differenceInterval;
  const difference = make("small", {}, `${signed(low)} … ${signed(high)}`);
  return [number(figure.value, 4), isFull ? make("small", {}, say("asFull")) : difference];
}

export class Report {
  #plot = new Plot(find("plot"));
  #rows = null;
  #format = FORMATS[0];

  constructor() {
    const choices = FORMATS.map((format) => {
      const choice = make("input", { type: "radio", name: "format", value: format, checked: format === this.#format });
      choice.addEventListener("change", () => {
        this.#format = format;
        this.#showTable();
      });
      return make("label", {}, choice, nameFormat(format));
    });
    find("formats").append(...choices);
    find("metric").append(...METRICS.map(({ name }, value) => make("option", { value, selected: value === MAIN }, nameMetric(name))));
    find("metric").addEventListener("change", () => this.#showPlot());
  }

  get svg() {
    return this.#plot.svg;
  }

  /** rows: of evaluate(), or null for none. */
  show(rows) {
    find("report").hidden = !rows;
    if (rows === this.#rows) return;
    this.#rows = rows;
    if (!rows) return;
    this.#showTable();
    this.#showPlot();
  }

  #showTable() {
    const own = this.#rows.filter(({ format }) => format === this.#format);
    const caption = say("reportCaption", nameFormat(this.#format));
    const heads = [say("metric"), ...own.map(({ n, bytes: each }) => [String(n), make("small", {}, bytes(each * MILLION))])];
    const isFull = (row) => row === this.#rows[0];
    const lines = METRICS.map(({ name }, m) => [nameMetric(name), ...own.map((row) => makeCell(row.figures[m], isFull(row)))]);
    find("figures").replaceChildren(makeScroll(caption, makeTable(caption, heads, lines)));
    setText(find("figures-note"), say("reportNote"));
  }

  #showPlot() {
    this.#plot.show(this.#rows, Number(find("metric").value));
  }
}
