// SPDX-License-Identifier: Apache-2.0
// Vectors of one length, one after the other: {data: Float32Array, count, dims}. Nothing here knows the page.

const UNIT = 1e-3; // how far from 1 a length may be that is meant to be 1

export function pack(vectors) {
  const dims = vectors[0]?.length ?? 0;
  const data = new Float32Array(vectors.length * dims);
  vectors.forEach((vector, i) => data.set(vector, i * dims));
  return { data, count: vectors.length, dims };
}

export const rowOf = ({ data, dims }, i) => data.subarray(i * dims, (i + 1) * dims);

export function lengthOf(vector) {
  let sum = 0;
  for (const x of vector) sum += x * x;
  return Math.sqrt(sum);
}

/** Whether the model brings its vectors to length 1; of none it does not matter. */
const isNormalised = (matrix) => matrix.count > 0 && Math.abs(lengthOf(rowOf(matrix, 0)) - 1) < UNIT;

/** The first n numbers of each; brought to length 1 again where the model does that, as the server does. */
export function cut(matrix, n) {
  const { data, count, dims } = matrix;
  if (n === dims) return matrix;
  const isUnit = isNormalised(matrix);
  const small = { data: new Float32Array(count * n), count, dims: n };
  for (let i = 0; i < count; i++) {
    const row = data.subarray(i * dims, i * dims + n);
    const scale = isUnit ? 1 / (lengthOf(row) || 1) : 1;
    for (let k = 0; k < n; k++) small.data[i * n + k] = row[k] * scale;
  }
  return small;
}
