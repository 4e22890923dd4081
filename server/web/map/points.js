// SPDX-License-Identifier: Apache-2.0
// Texts as points, near to each other where their vectors are. For CanvasChart.
import { paintOf } from "../base/canvas.js";
import { say } from "../base/language.js";
import { shorten } from "../base/svg.js";

const PAD = 18;
const MAX_NAMED = 30;
const NEAR = 24; // points of the screen within which one is picked
const LETTER = 7;
const LINE = 15; // from one name to the next below
const toward = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class Points {
  #texts = [];
  #map = null; // {xs, ys, shares}
  #hasSource = false; // as the first

  set(texts, map, hasSource) {
    this.#texts = texts;
    this.#map = map;
    this.#hasSource = hasSource;
  }

  heightFor(width) {
    return this.#map ? Math.round(Math.max(260, width * 0.66)) : 0;
  }

  /** One scale for both axes, so that distances are what they seem. */
  #place(width, height) {
    const { xs, ys } = this.#map;
    const span = (values) => values.reduce(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [Infinity, -Infinity]);
    const [[left, right], [bottom, top]] = [span(xs), span(ys)];
    const scale = Math.min((width - 2 * PAD) / (right - left || 1), (height - 2 * PAD) / (top - bottom || 1));
    const [middleX, middleY] = [(left + right) / 2, (bottom + top) / 2];
    return (i) => [width / 2 + scale * (xs[i] - middleX), height / 2 - scale * (ys[i] - middleY)];
  }

  paint(context, width, height, colors, at) {
    if (!this.#map) return;
    const spotOf = this.#place(width, height);
    const n = this.#texts.length;
    const r = n > 1000 ? 2 : n > 200 ? 3 : 5;
    context.fillStyle = paintOf(colors.accent);
    for (let i = this.#hasSource ? 1 : 0; i < n; i++) paintDot(context, ...spotOf(i), r);
    context.fillStyle = paintOf(colors.ink);
    if (n <= MAX_NAMED) this.#writeNames(context, width, spotOf);
    if (this.#hasSource) paintDiamond(context, ...spotOf(0), r + 3);
    if (at === null) return;
    context.strokeStyle = paintOf(colors.ink);
    context.lineWidth = 2;
    const [x, y] = spotOf(at);
    context.beginPath();
    context.arc(x, y, r + 4, 0, 2 * Math.PI);
    context.stroke();
  }

  /** Those that would lie over another, or over a point, are left out. */
  #writeNames(context, width, spotOf) {
    const taken = this.#texts.map((_, i) => ({ y: spotOf(i)[1], from: spotOf(i)[0] - 6, to: spotOf(i)[0] + 6 }));
    this.#texts.forEach((text, i) => {
      const [x, y] = spotOf(i);
      const isLeft = x > width / 2;
      const name = shorten(text, Math.min(30, ((isLeft ? x : width - x) - 12) / LETTER));
      const [from, to] = isLeft ? [x - 10 - name.length * LETTER, x - 10] : [x + 10, x + 10 + name.length * LETTER];
      if (taken.some((other) => Math.abs(other.y - y) < LINE && other.from < to && from < other.to)) return;
      taken.push({ y, from, to });
      context.textAlign = isLeft ? "right" : "left";
      context.fillText(name, x + (isLeft ? -10 : 10), y + 4.5);
    });
  }

  find(x, y, width, height) {
    if (!this.#map) return null;
    const spotOf = this.#place(width, height);
    let best = null;
    let bestDistance = NEAR ** 2;
    for (let i = 0; i < this.#texts.length; i++) {
      const [px, py] = spotOf(i);
      const distance = (px - x) ** 2 + (py - y) ** 2;
      if (distance < bestDistance) [best, bestDistance] = [i, distance];
    }
    return best;
  }

  /** The nearest one in the direction of the key, sideways counting double. */
  step(at, key) {
    if (!this.#map) return null;
    if (at === null) return 0;
    const [right, up] = toward[key];
    const { xs, ys } = this.#map;
    let best = at;
    let bestCost = Infinity;
    for (let i = 0; i < xs.length; i++) {
      const [dx, dy] = [xs[i] - xs[at], ys[i] - ys[at]];
      const ahead = dx * right + dy * up;
      const cost = ahead + 2 * Math.abs(dx * up - dy * right);
      if (ahead > 0 && cost < bestCost) [best, bestCost] = [i, cost];
    }
    return best;
  }

  describe(at) {
    return this.#hasSource && at === 0 ? say("sourceIs", this.#texts[0]) : this.#texts[at];
  }
}

function paintDot(context, x, y, r) {
  context.beginPath();
  context.arc(x, y, r, 0, 2 * Math.PI);
  context.fill();
}

function paintDiamond(context, x, y, r) {
  context.beginPath();
  context.moveTo(x, y - r);
  context.lineTo(x + r, y);
  context.lineTo(x, y + r);
  context.lineTo(x - r, y);
  context.fill();
}
