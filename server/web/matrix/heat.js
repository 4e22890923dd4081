// SPDX-License-Identifier: Apache-2.0
// Each text with each: a square of cells, darker where two are closer. For CanvasChart.
import { findReadable, mix, paintOf } from "../base/canvas.js";
import { say } from "../base/language.js";
import { number } from "../base/locale.js";
import { shorten } from "../base/svg.js";

const MAX_NAMED = 24; // texts whose names stand beside the rows
const LETTER = 7.5;
const HEAD = 20; // the columns' numbers
const SHADES = 100; // between zero and either end
const MIN_FIGURE = 40; // points of a cell that has room for its score

const toward = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** The colour of a share from -1 to 1. */
const shade = (share, { ground, negative, accent }) => mix(ground, share < 0 ? negative : accent, Math.abs(share));

export class Heat {
  #texts = [];
  #scores = null;
  #share = (score) => score;

  /** scores: [n * n]; share(score) gives the colour, from -1 to 1. */
  set(texts, scores, share) {
    this.#texts = texts;
    this.#scores = scores;
    this.#share = share;
  }

  #layout(width) {
    const n = this.#texts.length;
    const isNamed = n <= MAX_NAMED;
    const left = isNamed ? Math.min(220, Math.round(width * 0.38)) : 0;
    return { n, isNamed, left, top: isNamed ? HEAD : 0, cell: (width - left) / n };
  }

  heightFor(width) {
    if (!this.#scores) return 0;
    const { n, top, cell } = this.#layout(width);
    return Math.ceil(top + n * cell);
  }

  paint(context, width, height, colors, at) {
    if (!this.#scores) return;
    const { n, isNamed, left, top, cell } = this.#layout(width);
    const gap = cell > 6 ? 1 : 0;
    const palette = Array.from({ length: 2 * SHADES + 1 }, (_, i) => paintOf(shade(i / SHADES - 1, colors)));
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        context.fillStyle = palette[Math.round(SHADES * (1 + this.#share(this.#scores[i * n + j])))];
        context.fillRect(left + j * cell, top + i * cell, cell - gap, cell - gap);
      }
    if (cell >= MIN_FIGURE) this.#writeFigures(context, width, colors);
    if (isNamed) this.#writeNames(context, width, colors);
    if (at) {
      context.strokeStyle = paintOf(colors.ink);
      context.lineWidth = 2;
      context.strokeRect(left + at[1] * cell, top + at[0] * cell, cell - gap, cell - gap);
    }
  }

  #writeFigures(context, width, colors) {
    const { n, left, top, cell } = this.#layout(width);
    context.textAlign = "center";
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        context.fillStyle = paintOf(findReadable(shade(this.#share(this.#scores[i * n + j]), colors), [colors.ink, colors.ground]));
        context.fillText(number(this.#scores[i * n + j], 2), left + (j + 0.5) * cell, top + (i + 0.5) * cell + 4.5);
      }
  }

  #writeNames(context, width, colors) {
    const { n, left, top, cell } = this.#layout(width);
    context.fillStyle = paintOf(colors.ink);
    context.textAlign = "center";
    for (let j = 0; j < n; j++) context.fillText(String(j + 1), left + (j + 0.5) * cell, HEAD - 7);
    context.textAlign = "left";
    this.#texts.forEach((text, i) => context.fillText(shorten(`${i + 1}  ${text}`, (left - 6) / LETTER), 0, top + (i + 0.5) * cell + 4.5));
  }

  find(x, y, width) {
    const { n, left, top, cell } = this.#layout(width);
    const [i, j] = [Math.floor((y - top) / cell), Math.floor((x - left) / cell)];
    return i >= 0 && j >= 0 && i < n && j < n ? [i, j] : null;
  }

  step(at, key) {
    const n = this.#texts.length;
    if (!at || !n) return n ? [0, 0] : null;
    const [down, right] = toward[key];
    const clamp = (i) => Math.max(0, Math.min(n - 1, i));
    return [clamp(at[0] + down), clamp(at[1] + right)];
  }

  describe([i, j]) {
    const n = this.#texts.length;
    return say("pairScore", this.#texts[i], this.#texts[j], number(this.#scores[i * n + j]));
  }
}
