// SPDX-License-Identifier: Apache-2.0
// The scores at one size in a sentence.
import { say } from "../base/language.js";
import { number } from "../base/locale.js";

function describeOrder(entries) {
  if (entries.length < 2) return "";
  const nTied = entries.filter((entry) => entry.nTied).length;
  const nMoved = entries.filter((entry) => entry.moved).length;
  const parts = [];
  if (nTied) parts.push(say("tie", nTied, entries.length));
  if (nMoved) parts.push(say("changePlaces", nMoved, entries.length));
  return `${parts.join(", ") || say("orderStays")}; `;
}

function describeChange(entries) {
  const largest = entries.reduce((max, { change }) => Math.max(max, Math.abs(change)), 0);
  return say("noChangeOver", number(largest));
}

const begin = (text) => text[0].toUpperCase() + text.slice(1);

/** entries: as Standing gives them, of the sentences that have a score; nWaiting have none. */
export function summarise(entries, nWaiting, isWhole) {
  if (nWaiting) return say("withoutScore", nWaiting);
  if (!entries.length) return "";
  if (!isWhole) return begin(describeOrder(entries) + describeChange(entries));
  const nTied = entries.filter((entry) => entry.nTied).length;
  return say("atFullSize", nTied, entries.length);
}
