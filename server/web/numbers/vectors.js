// SPDX-License-Identifier: Apache-2.0
// Vectors and what is told of them. Nothing here knows the page.

const TIE = 1e-6; // what two scores must differ by, for their order to mean something

/** The float32 numbers, little-endian, in a base64 text. */
export function decode(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

/** Cosine of the first n numbers of both; 0 where one of them is all zeros. */
function cosine(a, b, n) {
  let product = 0;
  let ofA = 0;
  let ofB = 0;
  for (let i = 0; i < n; i++) {
    product += a[i] * b[i];
    ofA += a[i] * a[i];
    ofB += b[i] * b[i];
  }
  return ofA && ofB ? product / Math.sqrt(ofA * ofB) : 0;
}

/** Indices of the scores in groups, highest first; those of a group tie, and stay in their order. */
function groupTies(scores) {
  const groups = [];
  let last = Infinity;
  for (const index of [...scores.keys()].sort((a, b) => scores[b] - scores[a])) {
    if (last - scores[index] < TIE) groups.at(-1).push(index);
    else groups.push([index]);
    last = scores[index];
  }
  return groups.map((group) => group.sort((a, b) => a - b));
}

/** The places that each score may claim, {first, last} by index: those that tie share theirs. */
function placesOf(groups) {
  const places = [];
  let first = 0;
  for (const group of groups) {
    for (const index of group) places[index] = { first, last: first + group.length - 1 };
    first += group.length;
  }
  return places;
}

/** How many places up, at the least; 0 where it may claim one that it had. */
function rise(before, now) {
  return Math.max(0, before.first - now.last) + Math.min(0, before.last - now.first);
}

/**
 * How the vectors stand to the source at n dimensions, best first:
 * [{index, score, whole, change, moved, nTied}], where whole is the score at full size, change the score
 * less that, moved how many places it went up since then, and nTied how many others it ties with.
 */
export function rank(source, vectors, n) {
  const scores = vectors.map((vector) => cosine(source, vector, n));
  const whole = vectors.map((vector) => cosine(source, vector, vector.length));
  const groups = groupTies(scores);
  const places = placesOf(groups);
  const wholePlaces = placesOf(groupTies(whole));
  return groups.flat().map((index) => ({
    index,
    score: scores[index],
    whole: whole[index],
    change: scores[index] - whole[index],
    moved: rise(wholePlaces[index], places[index]),
    nTied: places[index].last - places[index].first,
  }));
}

/** Bytes of a vector of n dimensions by number format. */
export function sizes(n) {
  return { float32: 4 * n, int8: n, binary: Math.ceil(n / 8) };
}

/** The dimensions that a slider offers: those listed and the full size, else all. */
export function choices(full, listed) {
  if (!listed.length) return Array.from({ length: full }, (_, i) => i + 1);
  return [...new Set([...listed, full])].sort((a, b) => a - b);
}

/** A few of the choices, to pick at once: those listed, else powers of two and the full size. */
export function stops(full, listed) {
  if (listed.length) return choices(full, listed);
  const powers = [8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096].filter((n) => n < full);
  return [...powers.slice(-4), full];
}
