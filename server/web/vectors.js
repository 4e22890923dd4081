// SPDX-License-Identifier: Apache-2.0
// Vectors and what is told of them. Nothing here knows the page.

/** The float32 numbers, little-endian, in a base64 text. */
export function decode(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

/** Cosine of the first n numbers of both; 0 where one of them is all zeros. */
export function cosine(a, b, n) {
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

/** Indices of the scores, highest first; equal ones stay in their order. */
function order(scores) {
  return scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a] || a - b);
}

/**
 * How the vectors stand to the source at n dimensions, best first:
 * [{index, score, change, moved}], where change is the score less that of the full size, and moved
 * how many places it went up since then.
 */
export function rank(source, vectors, n) {
  const scores = vectors.map((vector) => cosine(source, vector, n));
  const whole = vectors.map((vector) => cosine(source, vector, vector.length));
  const wholePlace = [];
  order(whole).forEach((index, place) => (wholePlace[index] = place));
  return order(scores).map((index, place) => ({
    index,
    score: scores[index],
    whole: whole[index],
    change: scores[index] - whole[index],
    moved: wholePlace[index] - place,
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
