// SPDX-License-Identifier: Apache-2.0
// How close vectors are, as sentence-transformers' model.similarity: distances are negated, so that larger is
// closer everywhere. Nothing here knows the page.
import { lengthOf, rowOf } from "./matrix.js";

function dot(a, b, at, to, n) {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += a[at + k] * b[to + k];
  return sum;
}

function euclidean(a, b, at, to, n) {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += (a[at + k] - b[to + k]) ** 2;
  return -Math.sqrt(sum);
}

function manhattan(a, b, at, to, n) {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += Math.abs(a[at + k] - b[to + k]);
  return -sum;
}

const measures = { dot, euclidean, manhattan };

/**
 * (i, j) => how close row i of one matrix is to row j of the other, as float32. The cosine with a vector of
 * zeros is 0.
 */
export function compareRows(name, left, right) {
  const { dims } = left;
  if (name in measures) return (i, j) => Math.fround(measures[name](left.data, right.data, i * dims, j * dims, dims));
  const lengths = [left, right].map((matrix) => Float64Array.from({ length: matrix.count }, (_, i) => lengthOf(rowOf(matrix, i))));
  return (i, j) => {
    const product = lengths[0][i] * lengths[1][j];
    return product ? Math.fround(dot(left.data, right.data, i * dims, j * dims, dims) / product) : 0;
  };
}

/** Each row with each: Float32Array [count * count]. */
export function compareAll(name, matrix) {
  const { count } = matrix;
  const score = compareRows(name, matrix, matrix);
  const scores = new Float32Array(count * count);
  for (let i = 0; i < count; i++)
    for (let j = i; j < count; j++) scores[i * count + j] = scores[j * count + i] = score(i, j);
  return scores;
}
