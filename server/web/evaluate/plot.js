// SPDX-License-Identifier: Apache-2.0
// A metric against the bytes that a text takes: a line per format, a mark per size, and a bar for the interval
// in which the difference from full size lies. Formats differ by the shape of their marks too.
import { make } from "../base/dom.js";
import { say } from "../base/language.js";
import { number, whole } from "../base/locale.js";
import { draw, drawChart, points } from "../base/svg.js";
import { watchWidth } from "../base/width.js";
import { METRICS } from "../numbers/retrieval.js";
import { FORMATS } from "../numbers/scoring.js";
import { nameFormat, nameMetric } from "./names.js";

const HEIGHT = 320;
const NARROW = 480; // below it the legend takes two lines
const LEFT = 46;
const RIGHT = 14;
const TOP = 54; // the legend
const BOTTOM = 40;
const R = 5;

const corners = (x, y, ...offsets) => points(offsets.map(([dx, dy]) => [x + R * dx, y + R * dy]));
const shapes = {
  float32: (x, y) => draw("circle", { cx: x, cy: y, r: R }),
  int8: (x, y) => draw("polygon", { points: corners(x, y, [-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]) }),
  binary: (x, y) => draw("polygon", { points: corners(x, y, [0, -1.2], [1.1, 0.9], [-1.1, 0.9]) }),
  "binary-rescored": (x, y) => draw("polygon", { points: corners(x, y, [0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]) }),
};

/** Round steps, four or so from low to high. */
function ticks(low, high) {
  const rough = (high - low) / 4 || 0.1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

function boundsOf(rows, m) {
  const full = rows[0].figures[m].value;
  const values = rows.flatMap(({ figures }) => [figures[m].value, ...figures[m].differenceInterval.map((x) => full + x)]);
  const [low, high] = [Math.max(0, Math.min(...values)), Math.min(1.02, Math.max(...values))];
  const room = 0.06 * (high - low || 0.1);
  return { low: low - room, high: high + room };
}

export class Plot {
  constructor(box) {
    this.figure = make("div", { className: "figure" });
    box.append(this.figure);
    this.width = 0;
    watchWidth(this.figure, (width) => {
      this.width = width;
      this.#draw();
    });
  }

  get svg() {
    return this.figure.querySelector("svg");
  }

  /** rows: of evaluate(); m: number of the metric. */
  show(rows, m) {
    Object.assign(this, { rows, m });
    this.#draw();
  }

  #draw() {
    if (!this.rows || !this.width) return;
    const { rows, m, width } = this;
    const { low, high } = boundsOf(rows, m);
    const all = rows.map(({ bytes }) => Math.log2(bytes));
    const [from, to] = [Math.min(...all), Math.max(...all)];
    const xOf = (bytes) => LEFT + 14 + ((width - LEFT - RIGHT - 28) * (Math.log2(bytes) - from)) / (to - from || 1);
    const yOf = (value) => TOP + ((HEIGHT - TOP - BOTTOM) * (high - value)) / (high - low);
    const label = say("plotLabel", nameMetric(METRICS[m].name));
    const series = FORMATS.map((format) => this.#drawSeries(format, xOf, yOf));
    this.figure.replaceChildren(drawChart(width, HEIGHT, label, ...this.#drawAxes(xOf, yOf, low, high), ...series));
  }

  #drawAxes(xOf, yOf, low, high) {
    const { width } = this;
    const lines = ticks(low, high).flatMap((value) => [
      draw("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: yOf(value), y2: yOf(value) }),
      draw("text", { x: LEFT - 6, y: yOf(value) + 4, "text-anchor": "end" }, number(value, 2)),
    ]);
    const ofFull = this.rows.filter(({ format }) => format === "float32").map(({ bytes }) => bytes);
    const all = [...new Set([...ofFull, ...this.rows.map(({ bytes }) => bytes)])].toSorted((a, b) => a - b);
    const shown = thinOut(all, xOf);
    const heads = shown.map((bytes) => draw("text", { x: xOf(bytes), y: HEIGHT - BOTTOM + 18, "text-anchor": "middle" }, whole(bytes)));
    return [...lines, ...heads, draw("text", { x: width - RIGHT, y: HEIGHT - 4, "text-anchor": "end" }, say("bytesPerText"))];
  }

  #drawSeries(format, xOf, yOf) {
    const { m, rows } = this;
    const full = rows[0].figures[m].value;
    const own = rows.filter((row) => row.format === format);
    const line = draw("polyline", { points: points(own.map(({ bytes, figures }) => [xOf(bytes), yOf(figures[m].value)])) });
    const marks = own.flatMap(({ n, bytes, figures }) => {
      const [x, { value, differenceInterval }] = [xOf(bytes), figures[m]];
      const [bottom, top] = differenceInterval.map((difference) => yOf(full + difference));
      const mark = shapes[format](x, yOf(value));
      mark.append(draw("title", {}, `${n} · ${nameFormat(format)} · ${number(value, 4)}`));
      return [draw("line", { class: "interval", x1: x, x2: x, y1: bottom, y2: top }), mark];
    });
    return draw("g", { class: `series ${format}` }, line, ...marks, ...this.#drawName(format));
  }

  /** Of the legend. */
  #drawName(format) {
    const perLine = this.width < NARROW ? 2 : FORMATS.length;
    const i = FORMATS.indexOf(format);
    const x = LEFT + ((i % perLine) * (this.width - LEFT - RIGHT)) / perLine;
    const y = 14 + 20 * Math.floor(i / perLine);
    return [shapes[format](x + R, y), draw("text", { x: x + 3 * R, y: y + 4.5 }, nameFormat(format))];
  }
}

/** Those that do not run into one another, from the largest down. */
function thinOut(all, xOf) {
  const kept = [];
  for (const bytes of all.toReversed()) if (!kept.length || xOf(kept.at(-1)) - xOf(bytes) > 44) kept.push(bytes);
  return kept;
}
