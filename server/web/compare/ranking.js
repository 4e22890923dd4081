// SPDX-License-Identifier: Apache-2.0
// The list of scores: a bar for each sentence, best first. Items keep their elements, so that a change
// of order can be watched. A sentence whose score is not known has none, and waits where it was.
import { make, setText } from "../base/dom.js";

const MAX_WATCHED = 200; // items that slide; more than that is no help to the eye
const SLIDE = { duration: 220, easing: "ease-out" };

const signed = (x) => `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(3)}`;
const number = (x) => `${x < 0 ? "−" : ""}${Math.abs(x).toFixed(3)}`;
const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;

function makeItem() {
  const parts = {
    text: make("p", { className: "text", dir: "auto" }),
    cut: make("span", { className: "mark" }),
    tie: make("span", { className: "mark" }),
    move: make("span", { className: "move" }),
    change: make("span", { className: "mark" }),
    score: make("strong", { className: "score" }),
    spoken: make("span", { className: "spoken" }),
    fill: make("span", { className: "fill" }),
    whole: make("span", { className: "whole", title: "At full size" }),
  };
  const { cut, tie, move, change, score } = parts;
  const figures = make("p", { className: "figures", "aria-hidden": "true" }, cut, tie, move, change, score);
  const bar = make("span", { className: "clip" }, parts.fill);
  const track = make("div", { className: "track", "aria-hidden": "true" }, bar, parts.whole);
  return { element: make("li", {}, parts.text, figures, parts.spoken, track), parts };
}

function moveMark(moved) {
  if (!moved) return "";
  return moved > 0 ? `▲ ${moved}` : `▼ ${-moved}`;
}

/** All that an item shows beside its text, in words. */
function speak({ entry, isCut }, change) {
  if (!entry) return "Not scored.";
  const { score, moved, nTied } = entry;
  const way = moved > 0 ? "up" : "down";
  const parts = [`Score ${number(score)}`];
  if (change) parts.push(`${change} from full size`);
  if (moved) parts.push(`${way} ${count(Math.abs(moved), "place", "places")}`);
  if (nTied) parts.push(`tied with ${count(nTied, "other", "others")}`);
  if (isCut) parts.push("of a text that was cut");
  return parts.join(", ");
}

/** Percent of a bar. */
const share = (score) => 100 * Math.min(1, Math.max(0, score));

function fillItem({ element, parts }, row, isWhole) {
  const { entry, text, isCut } = row;
  const change = entry && !isWhole ? signed(entry.change) : "";
  setText(parts.text, text);
  setText(parts.cut, entry && isCut ? "cut" : "");
  setText(parts.tie, entry?.nTied ? "tied" : "");
  setText(parts.move, moveMark(entry?.moved));
  parts.move.dataset.way = Math.sign(entry?.moved ?? 0);
  setText(parts.change, change);
  setText(parts.score, entry ? number(entry.score) : "–");
  setText(parts.spoken, speak(row, change));
  // Moved, not resized: then no frame of the transition needs a layout. Nothing is seen of one that is 0.
  parts.fill.style.transform = `translateX(${(share(entry?.score ?? 0) || -1) - 100}%)`;
  parts.whole.style.left = `${share(entry?.whole ?? 0)}%`;
  parts.whole.hidden = !entry || isWhole;
  if (entry) element.dataset.score = entry.score;
  else delete element.dataset.score;
}

const getTops = (elements) => elements.map((element) => element.getBoundingClientRect().top);

export class Ranking {
  constructor(list) {
    this.list = list;
    this.items = []; // by key
    this.keys = []; // in the order of the list
    this.slides = []; // animations
  }

  /**
   * rows: {key, text, isCut, entry}, where the keys count from 0 and entry is as rank() gives it;
   * ranked come best first, waiting have no entry.
   */
  show(ranked, waiting, isWhole) {
    const rows = this.#keepPlaces(ranked, waiting);
    while (this.items.length < rows.length) this.items.push(makeItem());
    const elements = rows.map(({ key }) => this.items[key].element);
    const slide = this.#beginSlide(elements);
    for (const row of rows) fillItem(this.items[row.key], row, isWhole);
    this.#place(elements);
    this.items.length = rows.length;
    this.keys = rows.map(({ key }) => key);
    slide();
  }

  #keepPlaces(ranked, waiting) {
    const placeOf = new Map(this.keys.map((key, place) => [key, place]));
    const rows = [...ranked];
    const places = waiting.map((row) => ({ row, place: placeOf.get(row.key) ?? Infinity }));
    for (const { row, place } of places.sort((a, b) => a.place - b.place || a.row.key - b.row.key))
      rows.splice(place, 0, row);
    return rows;
  }

  /** Puts the elements, and no others, into the list; those in their place already are not touched. */
  #place(elements) {
    let next = this.list.firstChild;
    for (const element of elements) {
      if (element === next) next = next.nextSibling;
      else this.list.insertBefore(element, next);
    }
    while (next) {
      const after = next.nextSibling;
      next.remove();
      next = after;
    }
  }

  /**
   * To be called before the list changes; what it gives, after that: then what has moved slides there from
   * where it was seen. All is read before anything is written, so that the browser lays out but once.
   */
  #beginSlide(elements) {
    const children = [...this.list.children];
    const isStill = elements.every((element, i) => children[i] === element || !element.parentNode);
    if (isStill || elements.length > MAX_WATCHED) return () => {};
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return () => {};
    const moving = elements.filter((element) => element.parentNode);
    const before = getTops(moving);
    return () => {
      for (const slide of this.slides) slide.cancel();
      const after = getTops(moving);
      const far = moving.map((element, i) => ({ element, from: before[i] - after[i] })).filter(({ from }) => from);
      this.slides = far.map(({ element, from }) => {
        const frames = [{ transform: `translateY(${from}px)` }, { transform: "none" }];
        return element.animate(frames, SLIDE);
      });
    };
  }
}
