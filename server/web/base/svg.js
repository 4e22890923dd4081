// SPDX-License-Identifier: Apache-2.0
// Charts as SVG. How they look is for the style sheet, so that they follow themes and forced colours.
const NAMESPACE = "http://www.w3.org/2000/svg";

/** An element of a chart; texts become text nodes. */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A chart as one picture to those who do not see it, who have the table beside it. */
export const drawChart = (width, height, label, ...children) =>
  draw("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, ...children);

export const points = (pairs) => pairs.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");

/** The text, cut to about as many letters as it may be wide. */
export const shorten = (text, max) => ([...text].length > max ? `${[...text].slice(0, max - 1).join("").trimEnd()}…` : text);
