// SPDX-License-Identifier: Apache-2.0
// The list of scores: one bar a sentence, best first. Items keep their elements, so that a change of
// order can be watched.
import { make } from "./dom.js";

const signed = (x) => `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(3)}`;
const number = (x) => `${x < 0 ? "−" : ""}${Math.abs(x).toFixed(3)}`;

function describeMove(moved) {
  if (!moved) return { mark: "", words: "" };
  const places = Math.abs(moved) === 1 ? "place" : "places";
  return moved > 0
    ? { mark: `▲ ${moved}`, words: `, up ${moved} ${places}` }
    : { mark: `▼ ${-moved}`, words: `, down ${-moved} ${places}` };
}

function makeItem() {
  const parts = {
    text: make("p", { className: "text", dir: "auto" }),
    score: make("strong", { className: "score" }),
    change: make("span", { className: "change" }),
    move: make("span", { className: "move" }),
    spoken: make("span", { className: "spoken" }),
    fill: make("span", { className: "fill" }),
    whole: make("span", { className: "whole", title: "At full size" }),
  };
  const figures = make("p", { className: "figures", "aria-hidden": "true" });
  const track = make("div", { className: "track", "aria-hidden": "true" }, parts.fill, parts.whole);
  figures.append(parts.move, parts.change, parts.score);
  return { element: make("li", {}, parts.text, figures, parts.spoken, track), parts };
}

const share = (score) => `${100 * Math.min(1, Math.max(0, score))}%`;

function fillItem({ element, parts }, entry, text, isWhole) {
  const move = describeMove(entry.moved);
  const change = isWhole ? "" : signed(entry.change);
  parts.text.textContent = text;
  parts.score.textContent = number(entry.score);
  parts.change.textContent = change;
  parts.move.textContent = move.mark;
  parts.move.dataset.way = Math.sign(entry.moved);
  parts.spoken.textContent = `Score ${number(entry.score)}${change && `, ${change} from full size`}${move.words}`;
  parts.fill.style.width = share(entry.score);
  parts.whole.style.left = share(entry.whole);
  parts.whole.hidden = isWhole;
  element.dataset.score = entry.score;
}

/** Slides what has moved from where it was (first, last, invert, play). */
function animate(elements, before) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const element of elements) {
    const distance = (before.get(element) ?? element.offsetTop) - element.offsetTop;
    const from = { transform: `translateY(${distance}px)` };
    if (distance) element.animate([from, { transform: "none" }], { duration: 220, easing: "ease-out" });
  }
}

export class Ranking {
  constructor(list) {
    this.list = list;
    this.items = []; // by sentence
  }

  /** entries: as rank() gives them; texts: the sentences, by index. */
  show(entries, texts, isWhole) {
    const before = new Map(this.items.map(({ element }) => [element, element.offsetTop]));
    while (this.items.length < texts.length) this.items.push(makeItem());
    this.items.length = texts.length;
    for (const entry of entries) fillItem(this.items[entry.index], entry, texts[entry.index], isWhole);
    const elements = entries.map(({ index }) => this.items[index].element);
    this.list.replaceChildren(...elements);
    if (elements.length <= 200) animate(elements, before);
  }
}
