// SPDX-License-Identifier: Apache-2.0
// A chart of more marks than an SVG bears. It is painted again when its place or the theme changes, takes its
// colours from the style sheet, and can be read by pointer and by arrow keys, aloud too.
import { make, setText } from "./dom.js";
import { watchWidth } from "./width.js";

const queries = ["(prefers-color-scheme: dark)", "(forced-colors: active)"];

/** "rgb(1, 2, 3)" or "color(srgb 0.1 ...)" as [red, green, blue], 0 to 255. */
function parse(color) {
  const parts = color.match(/[\d.]+/g).slice(0, 3).map(Number);
  return color.startsWith("color(") ? parts.map((part) => 255 * part) : parts;
}

/** `share` of the second colour in the first. */
export const mix = (a, b, share) => a.map((part, i) => Math.round(part + share * (b[i] - part)));

/** [red, green, blue] as the canvas takes it. */
export const paintOf = (color) => `rgb(${color.join(" ")})`;

/** The brightness of a colour to the eye, from 0 to 1 (WCAG). */
function luminance(color) {
  const [red, green, blue] = color.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The one of the colours that is read best on the ground. */
export function findReadable(ground, colors) {
  const contrast = (color) => {
    const [low, high] = [luminance(color), luminance(ground)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  return colors.reduce((best, color) => (contrast(color) > contrast(best) ? color : best));
}

export class CanvasChart {
  /**
   * painter: {heightFor(width), paint(context, width, height, colors), find(x, y, width, height), step(at, key),
   * describe(at)}, where `at` is whatever the painter counts its marks by, or null for none.
   */
  constructor(box, label, painter) {
    this.painter = painter;
    this.canvas = make("canvas", {});
    this.frame = make("div", { className: "canvas", tabIndex: 0, role: "group", "aria-label": label }, this.canvas);
    this.reading = make("p", { className: "note reading", role: "status" });
    box.append(this.frame, this.reading);
    this.at = null;
    this.width = 0;
    watchWidth(this.frame, (width) => {
      this.width = width;
      this.paint();
    });
    for (const query of queries) matchMedia(query).addEventListener("change", () => this.paint());
    document.addEventListener("themechange", () => this.paint());
    this.canvas.addEventListener("pointermove", (event) => this.#pick(painter.find(event.offsetX, event.offsetY, this.width, this.height)));
    this.canvas.addEventListener("pointerdown", (event) => this.#pick(painter.find(event.offsetX, event.offsetY, this.width, this.height)));
    this.frame.addEventListener("keydown", (event) => {
      if (!event.key.startsWith("Arrow")) return;
      event.preventDefault();
      this.#pick(painter.step(this.at, event.key));
    });
  }

  /** Other marks: what was read is gone. */
  renew() {
    this.#pick(null);
  }

  #pick(at) {
    this.at = at;
    setText(this.reading, at === null ? "" : this.painter.describe(at));
    this.paint();
  }

  paint() {
    if (!this.width) return;
    const scale = devicePixelRatio || 1;
    this.height = this.painter.heightFor(this.width);
    Object.assign(this.canvas, { width: Math.round(scale * this.width), height: Math.round(scale * this.height) });
    this.canvas.style.height = `${this.height}px`;
    const context = this.canvas.getContext("2d");
    context.scale(scale, scale);
    const style = getComputedStyle(this.canvas);
    const colors = { accent: parse(style.color), ground: parse(style.backgroundColor), negative: parse(style.borderTopColor), ink: parse(style.outlineColor) };
    context.font = `13px ${style.fontFamily}`;
    this.painter.paint(context, this.width, this.height, colors, this.at);
  }
}
