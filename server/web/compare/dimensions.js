// SPDX-License-Identifier: Apache-2.0
// The slider of dimensions, its usual stops, and the bytes that a vector takes.
import { find, make, setText } from "../base/dom.js";
import { choices, sizes, stops } from "../numbers/vectors.js";

const slider = find("dimension");
let dimensions = []; // what the slider offers

export const getDimension = () => dimensions[slider.value];

function show() {
  const n = getDimension();
  const full = dimensions.at(-1);
  setText(find("dimension-text"), `${n} of ${full}`);
  slider.setAttribute("aria-valuetext", `${n} of ${full} dimensions`);
  slider.style.setProperty("--filled", `${(100 * slider.value) / Math.max(1, slider.max)}%`);
  for (const button of find("stops").children)
    button.setAttribute("aria-pressed", String(button.textContent === String(n)));
  const rows = Object.entries(sizes(n)).map(([name, bytes]) =>
    make("div", {}, make("dt", {}, name), make("dd", {}, `${bytes.toLocaleString("en")} B`)),
  );
  find("sizes").replaceChildren(...rows);
}

function pick(n) {
  slider.value = dimensions.indexOf(n);
  slider.dispatchEvent(new Event("input"));
}

function makeStop(n) {
  const button = make("button", { type: "button", className: "quiet" }, String(n));
  button.addEventListener("click", () => pick(n));
  return button;
}

/** For a server's model; what was picked stays where the model has it. */
export function setUpDimensions({ dimensions: full, matryoshka_dims: listed }) {
  const picked = getDimension();
  dimensions = choices(full, listed);
  slider.max = dimensions.length - 1;
  slider.value = dimensions.includes(picked) ? dimensions.indexOf(picked) : slider.max;
  slider.disabled = dimensions.length < 2;
  find("stops").replaceChildren(...stops(full, listed).map(makeStop));
  show();
}

slider.addEventListener("input", show);
