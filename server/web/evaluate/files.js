// SPDX-License-Identifier: Apache-2.0
// The report as files. Nothing here knows the page.
import { CONFIDENCE } from "../numbers/evaluate.js";
import { METRICS } from "../numbers/retrieval.js";

const flatten = (rows) =>
  rows.flatMap(({ format, n, bytes, figures }) =>
    figures.map(({ value, interval, difference, differenceInterval }, m) => ({
      dimensions: n,
      output_dtype: format,
      bytes_per_text: bytes,
      metric: METRICS[m].name,
      value,
      low: interval[0],
      high: interval[1],
      difference,
      difference_low: differenceInterval[0],
      difference_high: differenceInterval[1],
    })),
  );

/** A line per figure, the first of names. */
export function toCsv(rows) {
  const lines = flatten(rows);
  return [Object.keys(lines[0]), ...lines.map(Object.values)].map((cells) => `${cells.join(",")}\r\n`).join("");
}

/** facts: what the figures are of. */
export const toJson = (rows, facts) => `${JSON.stringify({ ...facts, confidence: CONFIDENCE, figures: flatten(rows) }, null, 2)}\n`;
