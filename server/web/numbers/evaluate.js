// SPDX-License-Identifier: Apache-2.0
// The figures of every size and format of vectors, each against full size. Nothing here knows the page.
import { drawAll, intervalOf, resampleMeans } from "./bootstrap.js";
import { cut } from "./matrix.js";
import { DEPTH, MAIN, measure, METRICS } from "./retrieval.js";
import { bytesOf, FORMATS, makeRanker } from "./scoring.js";

export const CONFIDENCE = 0.95;
export const KEPT = 0.99; // of full size's figure: within 1 %
const RESAMPLING = 0.3; // about the share of the work that intervals are

/** Of each metric the value of each question: [Float64Array]. */
function measureAll(rank, right, onProgress) {
  const values = METRICS.map(() => new Float64Array(right.length));
  right.forEach((relevant, q) => {
    const ranks = rank(q).flatMap((number, i) => (relevant.has(number) ? [i + 1] : []));
    measure(ranks, relevant.size).forEach((value, m) => (values[m][q] = value));
    onProgress((q + 1) / right.length);
  });
  return values;
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** {value, interval, difference, differenceInterval} of one metric. */
function makeFigure(values, fullValues, means, fullMeans) {
  const differences = means.map((own, r) => own - fullMeans[r]);
  return {
    value: mean(values),
    interval: intervalOf(means, CONFIDENCE),
    difference: mean(values) - mean(fullValues),
    differenceInterval: intervalOf(differences, CONFIDENCE),
  };
}

/** The share of resamples in which the figure kept at least KEPT of full size's. */
const shareKept = (means, fullMeans) => means.filter((own, r) => own >= KEPT * fullMeans[r]).length / means.length;

function* variants(sizes) {
  for (const format of FORMATS) for (const n of sizes) yield { format, n };
}

/**
 * queries, documents: matrices of full size; right: of each query a list of documents' numbers; sizes: largest
 * first, which is full size. Gives rows in that order, by format: {format, n, bytes, figures, share}, where
 * figures has one for each of METRICS and share is of MAIN.
 */
export function evaluate({ queries, documents, right, sizes, similarity, seed, nResamples }, onProgress) {
  const relevant = right.map((numbers) => new Set(numbers));
  const draws = drawAll(seed, queries.count, nResamples);
  const nRows = FORMATS.length * sizes.length;
  let full = null;
  const rows = [];
  for (const { format, n } of variants(sizes)) {
    const [small, large] = [cut(queries, n), cut(documents, n)];
    const rank = makeRanker(format, similarity, small, large, Math.min(DEPTH, documents.count));
    const tell = (share) => onProgress((rows.length + (1 - RESAMPLING) * share) / nRows);
    const values = measureAll(rank, relevant, tell);
    const means = values.map((each) => resampleMeans(each, draws));
    full ??= { values, means };
    const figures = values.map((each, m) => makeFigure(each, full.values[m], means[m], full.means[m]));
    rows.push({ format, n, bytes: bytesOf(format, n), figures, share: shareKept(means[MAIN], full.means[MAIN]) });
  }
  return rows;
}

/** The smallest row that keeps enough with enough confidence, the better of two as small; full size else. */
export function recommend(rows) {
  const isEnough = ({ share }) => share >= CONFIDENCE;
  const isBetter = (a, b) => a.bytes < b.bytes || (a.bytes === b.bytes && a.figures[MAIN].value > b.figures[MAIN].value);
  return rows.filter(isEnough).reduce((best, row) => (isBetter(row, best) ? row : best), rows[0]);
}
