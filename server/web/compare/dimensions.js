// SPDX-License-Identifier: Apache-2.0
// The slider of dimensions, its usual stops, and the bytes that a vector takes. The slider's value is the
// binary logarithm, so that each halving is as far; the keyboard steps to the next dimension there is.
import { find, make, setText } from "../base/dom.js";
import { say } from "../base/language.js";
import { bytes, whole } from "../base/locale.js";
import { choices, nearest, sizes, stops } from "../numbers/sizes.js";

const slider = find("dimension");
const MILLION = 1e6;
const PAGE = 2; // the ratio of a step by a whole page
let dimensions = []; // what the slider offers, ascending
let usual = []; // the stops
let picked = 0;

export const getDimension = () => picked;

/** The stops, which are compared side by side. */
export const getStops = () => usual;

function showSizes() {
  const each = sizes(picked);
  const rows = Object.entries(each).map(([name, n]) =>
    make("div", {}, make("dt", {}, say(name)), make("dd", {}, `${whole(n)} B`)),
  );
  find("sizes").replaceChildren(...rows);
  const [float32, int8, binary] = Object.values(each).map((n) => bytes(n * MILLION));
  setText(find("million"), say("million", float32, int8, binary));
}

function show() {
  const full = dimensions.at(-1);
  slider.value = Math.log2(picked);
  setText(find("dimension-text"), say("nOfFull", picked, full));
  slider.setAttribute("aria-valuetext", say("dimensionsOfFull", picked, full));
  slider.style.setProperty("--filled", `${(100 * Math.log2(picked)) / (Math.log2(full) || 1)}%`);
  for (const button of find("stops").children)
    button.setAttribute("aria-pressed", String(Number(button.value) === picked));
  showSizes();
}

/** Whoever listens to the slider's "input" hears of it. */
export function pickDimension(n) {
  slider.value = Math.log2(nearest(dimensions, n));
  slider.dispatchEvent(new Event("input"));
}

function makeStop(n) {
  const button = make("button", { type: "button", className: "quiet", value: n }, String(n));
  button.addEventListener("click", () => pickDimension(n));
  return button;
}

/** For what /info tells of a model; what was picked stays where the model has it. */
export function setUpDimensions(info, preferred = picked) {
  dimensions = choices(info);
  usual = stops(info);
  picked = dimensions.includes(preferred) ? preferred : dimensions.at(-1);
  slider.min = Math.log2(dimensions[0]);
  slider.max = Math.log2(dimensions.at(-1));
  slider.disabled = dimensions.length < 2;
  find("stops").replaceChildren(...usual.map(makeStop));
  show();
}

function stepOf(key) {
  const at = dimensions.indexOf(picked);
  const clamp = (i) => dimensions[Math.max(0, Math.min(dimensions.length - 1, i))];
  if (key === "ArrowLeft" || key === "ArrowDown") return clamp(at - 1);
  if (key === "ArrowRight" || key === "ArrowUp") return clamp(at + 1);
  if (key === "PageDown") return Math.min(clamp(at - 1), nearest(dimensions, picked / PAGE));
  if (key === "PageUp") return Math.max(clamp(at + 1), nearest(dimensions, picked * PAGE));
  return { Home: dimensions[0], End: dimensions.at(-1) }[key];
}

slider.addEventListener("keydown", (event) => {
  const next = stepOf(event.key);
  if (!next || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  pickDimension(next);
});
slider.addEventListener("input", () => {
  picked = nearest(dimensions, 2 ** slider.value);
  show();
});
