// SPDX-License-Identifier: Apache-2.0
// The scores in a sentence. Nothing here knows the page.

const sentences = (n) => `${n} ${n === 1 ? "sentence" : "sentences"}`;

function describeOrder(entries) {
  if (entries.length < 2) return "";
  const nTied = entries.filter((entry) => entry.nTied).length;
  const nMoved = entries.filter((entry) => entry.moved).length;
  const parts = [];
  if (nTied) parts.push(`${nTied} of ${sentences(entries.length)} tie`);
  if (nMoved) parts.push(`${nMoved} of ${entries.length} change places`);
  if (!parts.length) return "The order stays; ";
  return `${parts.join(", ")}; `;
}

function describeChange(entries) {
  const largest = Math.max(...entries.map((entry) => Math.abs(entry.change)));
  return `no score changes by more than ${largest.toFixed(3)}.`;
}

const begin = (text) => text[0].toUpperCase() + text.slice(1);

/** entries: as rank() gives them, of the sentences that have a score; nWaiting have none. */
export function summarise(entries, nWaiting, isWhole) {
  if (nWaiting) return `${sentences(nWaiting)} without a score.`;
  if (!entries.length) return "";
  if (!isWhole) return begin(describeOrder(entries) + describeChange(entries));
  const nTied = entries.filter((entry) => entry.nTied).length;
  return `At full size${nTied ? `, where ${nTied} of ${sentences(entries.length)} tie` : ""}. Move the slider to see what fewer dimensions change.`;
}
