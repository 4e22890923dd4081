// SPDX-License-Identifier: Apache-2.0
// The two directions in which vectors differ most, by the power method on the rows themselves: the matrix of
// covariances is never made. Nothing here knows the page.

const MAX_STEPS = 300;
const STILL = 1e-10; // how little a direction may turn

function center({ data, count, dims }) {
  const mean = new Float64Array(dims);
  for (let i = 0; i < data.length; i++) mean[i % dims] += data[i] / count;
  return Float64Array.from(data, (x, i) => x - mean[i % dims]);
}

/** Each row's share of the direction. */
function project(rows, direction) {
  const dims = direction.length;
  return Float64Array.from({ length: rows.length / dims }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < dims; k++) sum += rows[i * dims + k] * direction[k];
    return sum;
  });
}

/** The rows' sum, each with its weight. */
function addUp(rows, weights, dims) {
  const sum = new Float64Array(dims);
  for (let i = 0; i < weights.length; i++) for (let k = 0; k < dims; k++) sum[k] += weights[i] * rows[i * dims + k];
  return sum;
}

/** Brought to length 1, false if it has none. */
function normalise(vector) {
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  if (!(length > 1e-12)) return false;
  for (let k = 0; k < vector.length; k++) vector[k] /= length;
  return true;
}

function removeFrom(vector, direction) {
  const share = vector.reduce((sum, x, k) => sum + x * direction[k], 0);
  for (let k = 0; k < vector.length; k++) vector[k] -= share * direction[k];
}

/** Starts from the row that is farthest from the mean, so that the same texts give the same map. */
function findStart(rows, dims, found) {
  let best = new Float64Array(dims);
  let bestLength = 0;
  for (let i = 0; i < rows.length; i += dims) {
    const row = rows.slice(i, i + dims);
    for (const direction of found) removeFrom(row, direction);
    const length = row.reduce((sum, x) => sum + x * x, 0);
    if (length > bestLength) [best, bestLength] = [row, length];
  }
  return best;
}

function findDirection(rows, dims, found, onStep) {
  let direction = findStart(rows, dims, found);
  if (!normalise(direction)) return direction;
  for (let step = 0; step < MAX_STEPS; step++) {
    const next = addUp(rows, project(rows, direction), dims);
    for (const other of found) removeFrom(next, other);
    if (!normalise(next)) return direction;
    const turned = 1 - next.reduce((sum, x, k) => sum + x * direction[k], 0);
    direction = next;
    if (turned < STILL) break;
    onStep(step / MAX_STEPS);
  }
  return direction;
}

/** {xs, ys, shares}: where each row lies, and the share of all variance along both. */
export function findMap(matrix, onProgress = () => {}) {
  const rows = center(matrix);
  const first = findDirection(rows, matrix.dims, [], (share) => onProgress(share / 2));
  const second = findDirection(rows, matrix.dims, [first], (share) => onProgress(0.5 + share / 2));
  const [xs, ys] = [project(rows, first), project(rows, second)];
  const sumSquares = (values) => values.reduce((sum, x) => sum + x * x, 0);
  const all = sumSquares(rows) || 1;
  return { xs, ys, shares: [sumSquares(xs) / all, sumSquares(ys) / all] };
}
