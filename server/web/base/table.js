// SPDX-License-Identifier: Apache-2.0
import { make } from "./dom.js";

/**
 * A table with a caption, which is also read aloud: heads of its columns, and rows whose first cell is
 * the row's head. A cell is a text, or an element's children in a list.
 */
export function makeTable(caption, heads, rows) {
  const fill = (tag, properties, cell) => make(tag, properties, ...[cell].flat());
  const headOf = ([first, ...others]) => [fill("th", { scope: "row" }, first), ...others.map((cell) => fill("td", {}, cell))];
  const head = make("tr", {}, ...heads.map((cell) => fill("th", { scope: "col" }, cell)));
  const body = rows.map((cells) => make("tr", {}, ...headOf(cells)));
  return make(
    "table",
    { className: "table" },
    make("caption", { className: "spoken" }, caption),
    make("thead", {}, head),
    make("tbody", {}, ...body),
  );
}

/** What may be wider than its place: it scrolls there, by keyboard too. */
export const makeScroll = (label, ...children) =>
  make("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": label }, ...children);

/** What stands below the summary, made by makeParts() only for who opens it. */
export function fillDetails(details, makeParts) {
  const summary = details.querySelector("summary"); // stays where it is: it may have the focus
  while (summary.nextSibling) summary.nextSibling.remove();
  if (details.open) details.append(...makeParts());
}
