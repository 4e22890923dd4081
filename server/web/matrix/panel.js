// SPDX-License-Identifier: Apache-2.0
// The tab that shows how close each text is to each, as the model's similarity at the dimension picked.
import { CanvasChart } from "../base/canvas.js";
import { find, make, setText } from "../base/dom.js";
import { say } from "../base/language.js";
import { number } from "../base/locale.js";
import { fillDetails, makeScroll, makeTable } from "../base/table.js";
import { collect, wantAll } from "../data/collect.js";
import { pack } from "../numbers/matrix.js";
import { Work } from "../numbers/work.js";
import { Heat } from "./heat.js";

const MAX_TEXTS = 200;
const MAX_TABLE = 30;

export class MatrixPanel {
  #work = new Work();
  #heat = new Heat();
  #chart = new CanvasChart(find("heat"), say("heatLabel"), this.#heat);
  #key = ""; // of what is shown or being made
  #shown = null; // {texts, scores}

  constructor() {
    find("heat-table").addEventListener("toggle", () => this.#showTable());
  }

  wants(form) {
    return [{ texts: wantAll(form, MAX_TEXTS) }];
  }

  async show(view, setAnswer) {
    const key = `${view.version} ${view.n}`;
    if (key === this.#key) return;
    this.hide(); // what is being made is of before
    this.#key = key;
    const entries = collect(view, MAX_TEXTS);
    if (entries.length < 2) return this.#clear(setAnswer);
    const texts = entries.map(({ text }) => text);
    try {
      const input = { matrix: pack(entries.map(({ vector }) => vector)), n: view.n, similarity: view.info.similarity };
      const scores = await this.#work.run("compareAll", input, { transfer: [input.matrix.data.buffer] });
      if (key !== this.#key) return;
      this.#take(texts, scores, view, setAnswer);
    } catch (error) {
      if (!error.isSuperseded) setAnswer(say("failed", error.message));
    }
  }

  hide() {
    this.#work.stop();
    this.#key = "";
  }

  #clear(setAnswer) {
    this.#shown = null;
    this.#heat.set([], null, null);
    this.#chart.renew();
    this.#showTable();
    setAnswer(say("needTwo"));
  }

  #take(texts, scores, { info, n, rows }, setAnswer) {
    this.#shown = { texts, scores };
    const isCosine = info.similarity === "cosine";
    const [low, high] = isCosine ? [0, 1] : [scores.reduce((a, b) => Math.min(a, b)), scores.reduce((a, b) => Math.max(a, b))];
    this.#heat.set(texts, scores, isCosine ? (score) => Math.max(-1, Math.min(1, score)) : (score) => (score - low) / (high - low || 1));
    find("heat-scale").hidden = !isCosine;
    this.#chart.renew();
    this.#showTable();
    const [i, j] = findClosest(scores, texts.length);
    setAnswer(say("closest", texts[i], texts[j], number(scores[i * texts.length + j]), n));
    setText(find("heat-note"), rows.length + 1 > MAX_TEXTS ? say("onlyFirst", MAX_TEXTS) : "");
  }

  #showTable() {
    find("heat-table").hidden = !this.#shown;
    fillDetails(find("heat-table"), () => (this.#shown ? this.#makeTable() : []));
  }

  #makeTable() {
    const { texts, scores } = this.#shown;
    const shown = texts.slice(0, MAX_TABLE);
    const heads = [say("sentence"), ...shown.map((_, j) => String(j + 1))];
    const rows = shown.map((text, i) => [`${i + 1}  ${text}`, ...shown.map((_, j) => number(scores[i * texts.length + j]))]);
    const note = texts.length > MAX_TABLE ? [make("p", { className: "note" }, say("onlyFirst", MAX_TABLE))] : [];
    return [makeScroll(say("heatLabel"), makeTable(say("heatLabel"), heads, rows)), ...note];
  }
}

/** The pair of two texts, not of one with itself, with the highest score. */
function findClosest(scores, n) {
  let best = [0, 1];
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) if (scores[i * n + j] > scores[best[0] * n + best[1]]) best = [i, j];
  return best;
}
