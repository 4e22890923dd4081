// SPDX-License-Identifier: Apache-2.0

/** An element with properties and children; texts become text nodes, so nothing is parsed. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const find = (id) => document.getElementById(id);

/** Writes only what differs: the same text written again costs a layout, and is read aloud again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
