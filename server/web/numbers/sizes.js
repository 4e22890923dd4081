// SPDX-License-Identifier: Apache-2.0
// Which dimensions a model has, and what vectors of them take. Nothing here knows the page.

/** Bytes of a vector of n dimensions by number format. */
export function sizes(n) {
  return { float32: 4 * n, int8: n, binary: Math.ceil(n / 8) };
}

const ascending = (list) => [...new Set(list)].sort((a, b) => a - b);

/** The dimensions that requests may have, of what /info tells: those listed and the full size, else all. */
export function choices({ dimensions: full, matryoshka_dims: listed = [] }) {
  if (!listed.length) return Array.from({ length: full }, (_, i) => i + 1);
  return ascending([...listed, full]);
}

/** A few of the choices: those listed, those that the model was trained for, or powers of two; and the full size. */
export function stops({ dimensions: full, matryoshka_dims: listed = [], matryoshka_dims_trained: trained = [] }) {
  const own = listed.length ? listed : trained;
  if (own.length) return ascending([...own.filter((n) => n <= full), full]);
  const powers = [8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096].filter((n) => n < full);
  return [...powers.slice(-4), full];
}

/** The one of `dimensions`, ascending, that is nearest to n by its ratio. */
export function nearest(dimensions, n) {
  const distance = (other) => Math.abs(Math.log(other / n));
  return dimensions.reduce((best, other) => (distance(other) < distance(best) ? other : best));
}
