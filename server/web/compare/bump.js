// SPDX-License-Identifier: Apache-2.0
// A line for each sentence through columns of sizes: where the order changes, lines cross.
import { make } from "../base/dom.js";
import { say } from "../base/language.js";
import { number } from "../base/locale.js";
import { draw, drawChart, points, shorten } from "../base/svg.js";
import { fillDetails, makeScroll, makeTable } from "../base/table.js";
import { watchWidth } from "../base/width.js";
import { makeLines } from "./columns.js";

const ROW = 26;
const TOP = 30; // the heads of the columns
const HALF = 26; // of a column's width, where there is room
const LETTER = 7; // about as wide as one is
const MAX_ROWS = 100; // of the table

export class Bump {
  /** onPick(n) is told of a column that is clicked on. */
  constructor(box, onPick) {
    this.box = box;
    this.onPick = onPick;
    this.details = make("details", {}, make("summary", {}, say("asTable")));
    this.figure = make("div", { className: "figure" });
    box.append(this.figure, this.details);
    this.details.addEventListener("toggle", () => this.#showTable());
    this.width = 0;
    watchWidth(this.figure, (width) => {
      this.width = width;
      this.#draw();
    });
  }

  /** columns: largest size first, or null for none; texts: of the sentences, by index; n: picked. */
  show(columns, texts, n) {
    const isSame = columns === this.columns && n === this.n;
    Object.assign(this, { columns, texts, n });
    this.box.classList.toggle("waiting", !columns);
    if (!columns || isSame) return;
    this.#draw();
    this.#showTable();
  }

  #draw() {
    const { width } = this;
    if (!this.columns || !width) return;
    const { lines, nPlaces } = makeLines(this.columns);
    const isCut = this.columns[0].entries.length > nPlaces;
    const left = Math.min(260, Math.round(width * 0.4));
    const step = (width - left - 2 * HALF - 8) / Math.max(1, this.columns.length - 1);
    const xOf = (i) => left + HALF + 7 + i * step;
    const yOf = (place) => TOP + ROW * (Math.min(place, nPlaces + 1) - 0.5);
    const height = TOP + ROW * (nPlaces + (isCut ? 1 : 0)) + 4;
    const parts = [...this.#drawColumns(xOf, step, height), ...lines.map((line) => this.#drawLine(line, xOf, yOf, left, nPlaces))];
    this.figure.replaceChildren(drawChart(width, height, say("bumpLabel", lines.length, this.columns.length), ...parts));
  }

  #drawColumns(xOf, step, height) {
    return this.columns.map(({ n }, i) => {
      const half = Math.min(step / 2, HALF);
      const isPicked = n === this.n ? " picked" : "";
      const band = draw("rect", { x: xOf(i) - half, y: 0, width: 2 * half, height, rx: 8 });
      const head = draw("text", { x: xOf(i), y: 19, "text-anchor": "middle" }, String(n));
      const column = draw("g", { class: `column${isPicked}` }, band, head);
      column.addEventListener("click", () => this.onPick(n));
      return column;
    });
  }

  #drawLine({ index, places, isMoved }, xOf, yOf, left, nPlaces) {
    const text = this.texts[index];
    const spots = places.map((place, i) => [xOf(i), yOf(place)]);
    const dots = spots.map(([cx, cy]) => draw("circle", { cx, cy, r: 4 }));
    const label = draw("text", { x: left - 6, y: spots[0][1] + 4.5, "text-anchor": "end" }, shorten(text, (left - 8) / LETTER));
    const name = `line${isMoved ? " moved" : ""}${places[0] === 1 ? " best" : ""}`;
    const parts = [draw("title", {}, text), draw("polyline", { points: points(spots) }), ...dots];
    return draw("g", { class: name }, ...parts, ...(places[0] <= nPlaces ? [label] : []));
  }

  #showTable() {
    fillDetails(this.details, () => (this.columns ? [this.#makeTable()] : []));
  }

  #makeTable() {
    const heads = [say("sentence"), ...this.columns.map(({ n }) => String(n))];
    const rows = this.columns[0].entries.slice(0, MAX_ROWS).map(({ index }) => [
      this.texts[index],
      ...this.columns.map(({ byIndex }) => describe(byIndex.get(index))),
    ]);
    return makeScroll(say("bumpTable"), makeTable(say("bumpTable"), heads, rows));
  }
}

function describe({ place, nTied, score }) {
  return `${place.first + 1}${nTied ? "=" : ""} (${number(score)})`;
}
