// SPDX-License-Identifier: Apache-2.0
// The list of scores: a bar for each sentence, best first. Items keep their elements, so that a change
// of order can be watched. A sentence whose score is not known has none, and waits where it was.
import { find, make, setText } from "../base/dom.js";
import { say } from "../base/language.js";
import { number, signed } from "../base/locale.js";

const MAX_ALL = 200; // sentences that are all shown, and slide
const MAX_BEST = 50; // shown of more than that, which stand still
const SLIDE = { duration: 220, easing: "ease-out" };

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
    whole: make("span", { className: "whole", title: say("atFull") }),
  };
  const { cut, tie, move, change, score } = parts;
  const figures = make("p", { className: "figures", "aria-hidden": "true" }, cut, tie, move, change, score);
  const zero = make("span", { className: "zero" });
  const track = make("div", { className: "track", "aria-hidden": "true" }, parts.fill, zero, parts.whole);
  return { element: make("li", {}, parts.text, figures, parts.spoken, track), parts };
}

function moveMark(moved) {
  if (!moved) return "";
  return moved > 0 ? `▲ ${moved}` : `▼ ${-moved}`;
}

/** All that an item shows beside its text, in words. */
function speak({ entry, isCut }, change) {
  if (!entry) return say("notScored");
  const { score, moved, nTied } = entry;
  const parts = [say("score", number(score))];
  if (change) parts.push(say("fromFull", change));
  if (moved) parts.push(say(moved > 0 ? "up" : "down", Math.abs(moved)));
  if (nTied) parts.push(say("tiedWith", nTied));
  if (isCut) parts.push(say("ofCut"));
  return parts.join(", ");
}

const bound = (score) => Math.min(1, Math.max(-1, score));

function fillItem({ element, parts }, row, isWhole) {
  const { entry, text, isCut } = row;
  const change = entry && !isWhole ? signed(entry.change) : "";
  setText(parts.text, text);
  setText(parts.cut, entry && isCut ? say("cut") : "");
  setText(parts.tie, entry?.nTied ? say("tied") : "");
  setText(parts.move, moveMark(entry?.moved));
  parts.move.dataset.way = Math.sign(entry?.moved ?? 0);
  setText(parts.change, change);
  setText(parts.score, entry ? number(entry.score) : "–");
  setText(parts.spoken, speak(row, change));
  // Scaled, not resized: then no frame of the transition needs a layout. The bar starts at zero, in the middle.
  parts.fill.style.transform = `scaleX(${bound(entry?.score ?? 0)})`;
  parts.whole.style.left = `${50 + 50 * bound(entry?.whole ?? 0)}%`;
  parts.whole.hidden = !entry || isWhole;
  if (entry) element.dataset.score = entry.score;
  else delete element.dataset.score;
}

const getTops = (elements) => elements.map((element) => element.getBoundingClientRect().top);

export class Ranking {
  constructor(list) {
    this.list = list;
    this.more = find("ranking-more"); // how many are not shown
    this.items = new Map(); // by key, in the order of the list
    this.slides = []; // animations
  }

  /**
   * rows: {key, text, isCut, entry}, where the keys count from 0 and entry is as Standing gives it;
   * ranked come best first, waiting have no entry.
   */
  show(ranked, waiting, isWhole) {
    const all = this.#keepPlaces(ranked, waiting);
    const isLarge = all.length > MAX_ALL;
    const rows = isLarge ? all.slice(0, MAX_BEST) : all;
    this.items = new Map(rows.map(({ key }) => [key, this.items.get(key) ?? makeItem()]));
    const elements = [...this.items.values()].map(({ element }) => element);
    const slide = isLarge ? () => {} : this.#beginSlide(elements);
    for (const row of rows) fillItem(this.items.get(row.key), row, isWhole);
    this.#place(elements);
    setText(this.more, all.length > rows.length ? say("moreSentences", all.length - rows.length) : "");
    slide();
  }

  #keepPlaces(ranked, waiting) {
    const placeOf = new Map([...this.items.keys()].map((key, place) => [key, place]));
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
    if (isStill) return () => {};
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
