// SPDX-License-Identifier: Apache-2.0
// The order of the sentences at each of a few sizes, side by side. Nothing here knows the page.

const MAX_LINES = 12;

/** Of a Standing at n dimensions: {n, entries, byIndex, isBestKept, isOrderKept}. */
export function makeColumn(standing, n) {
  const entries = standing.at(n);
  const byIndex = new Map(entries.map((entry) => [entry.index, entry]));
  const isBestKept = byIndex.get(standing.order[0]).place.first === 0;
  return { n, entries, byIndex, isBestKept, isOrderKept: entries.every(({ moved }) => !moved) };
}

/** The last column down to which all are kept, and the one that follows. */
function lastKept(columns, isKept) {
  const end = columns.findIndex((column) => !isKept(column));
  return { kept: columns[(end < 0 ? columns.length : end) - 1], lost: columns[end] ?? null };
}

/**
 * What holds, of columns with the largest first: {full, best, order, lost}, where best and order are the fewest dimensions down to which the
 * best answer and the whole order stay, and lost those at which another is first, or null.
 */
export function findWhatHolds(columns) {
  const best = lastKept(columns, ({ isBestKept }) => isBestKept);
  const order = lastKept(columns, ({ isOrderKept }) => isOrderKept);
  return { full: columns[0].n, best: best.kept.n, order: order.kept.n, lost: best.lost?.n ?? null };
}

const meanPlace = ({ place }) => 1 + (place.first + place.last) / 2;

/**
 * A line for each sentence that is among the first somewhere: [{index, places, isMoved}], where places has
 * one for each column, from 1, between two where it ties. nPlaces: the last that is shown.
 */
export function makeLines(columns) {
  const nPlaces = Math.min(columns[0].entries.length, MAX_LINES);
  const near = columns.flatMap(({ entries }) => entries.slice(0, nPlaces).map(({ index }) => index));
  const lines = [...new Set(near)].map((index) => {
    const entries = columns.map(({ byIndex }) => byIndex.get(index));
    return { index, places: entries.map(meanPlace), isMoved: entries.some(({ moved }) => moved) };
  });
  return { lines, nPlaces };
}
