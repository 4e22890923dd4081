// SPDX-License-Identifier: Apache-2.0
// Each query's best documents, by vectors in one of the formats in which people store them. Exact: every
// document is scored. Nothing here knows the page.
import { lengthOf, rowOf } from "./matrix.js";
import { compareRows } from "./similarity.js";
import { sizes } from "./sizes.js";
import { Top } from "./top.js";

export const FORMATS = ["float32", "int8", "binary", "binary-rescored"];
const RESCORE = 4; // so many candidates by bits are ranked anew, of each hit wanted

/** What a stored vector takes. */
export const bytesOf = (format, n) => sizes(n)[format === "binary-rescored" ? "binary" : format];

function roundEven(x) {
  const near = Math.round(x);
  return near - x === 0.5 && near % 2 !== 0 ? near - 1 : near;
}

/** round(127 x) of each vector at length 1, as the server's int8. */
function toInt8({ data, count, dims }) {
  const rounded = { data: new Float32Array(data.length), count, dims };
  for (let i = 0; i < count; i++) {
    const scale = Math.fround(1 / (lengthOf(rowOf({ data, dims }, i)) || 1));
    for (let k = i * dims; k < (i + 1) * dims; k++)
      rounded.data[k] = Math.min(127, roundEven(Math.fround(127 * Math.fround(data[k] * scale))));
  }
  return rounded;
}

/** The bits of x > 0 in words of 32. */
function toBits({ data, count, dims }) {
  const nWords = Math.ceil(dims / 32);
  const words = new Uint32Array(count * nWords);
  for (let i = 0; i < count; i++)
    for (let k = 0; k < dims; k++) if (data[i * dims + k] > 0) words[i * nWords + (k >> 5)] |= 1 << (k & 31);
  return { words, nWords };
}

/** Hacker's Delight, figure 5-2. */
function countBits(x) {
  let n = x - ((x >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  n = (n + (n >>> 4)) & 0x0f0f0f0f;
  return Math.imul(n, 0x01010101) >>> 24;
}

/** (query, document) => minus the number of bits that differ. */
function compareBits(queries, documents) {
  const [left, right] = [toBits(queries), toBits(documents)];
  const n = left.nWords;
  return (q, d) => {
    let differing = 0;
    for (let k = 0; k < n; k++) differing += countBits(left.words[q * n + k] ^ right.words[d * n + k]);
    return -differing;
  };
}

function findTop(score, query, nDocuments, depth) {
  const top = new Top(depth);
  for (let d = 0; d < nDocuments; d++) {
    const own = score(query, d);
    if (own > top.bar) top.offer(own, d);
  }
  return top.sorted();
}

/** The query's dot product with a document's signs, +1 and -1. */
function compareSigns(query, document) {
  let sum = 0;
  for (let k = 0; k < query.length; k++) sum += document[k] > 0 ? query[k] : -query[k];
  return Math.fround(sum);
}

function rescore(queries, documents, query, candidates, depth) {
  const top = new Top(depth);
  for (const d of candidates) top.offer(compareSigns(rowOf(queries, query), rowOf(documents, d)), d);
  return top.sorted();
}

/** (query) => numbers of documents, the best first, at most `depth`. */
export function makeRanker(format, similarity, queries, documents, depth) {
  const rank = (score, many) => (query) => findTop(score, query, documents.count, many);
  if (format === "float32") return rank(compareRows(similarity, queries, documents), depth);
  if (format === "int8") return rank(compareRows(similarity, toInt8(queries), toInt8(documents)), depth);
  const bits = compareBits(queries, documents);
  if (format === "binary") return rank(bits, depth);
  return (query) => rescore(queries, documents, query, findTop(bits, query, documents.count, RESCORE * depth), depth);
}
