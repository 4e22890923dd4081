// SPDX-License-Identifier: Apache-2.0
// Vectors and how they stand to a source. Nothing here knows the page.

const TIE = 1e-6; // what two scores must differ by, for their order to mean something

/** The float32 numbers, little-endian, in a base64 text. */
export function decode(base64) {
  const text = atob(base64);
  const view = new DataView(new ArrayBuffer(text.length));
  for (let i = 0; i < text.length; i++) view.setUint8(i, text.charCodeAt(i));
  return Float32Array.from({ length: text.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
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
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a]);
  for (const index of order) {
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

/** How vectors stand to the one of a source, at any number of dimensions. */
export class Standing {
  constructor(source, vectors) {
    this.source = source;
    this.vectors = vectors;
    this.whole = this.#score(source.length);
    const groups = groupTies(this.whole);
    this.order = groups.flat(); // of indices, best first, at full size
    this.wholePlaces = placesOf(groups);
  }

  #score(n) {
    return this.vectors.map((vector) => cosine(this.source, vector, n));
  }

  /**
   * At n dimensions, best first: [{index, score, whole, change, place, moved, nTied}], where whole is the
   * score at full size, change the score less that, place {first, last} from 0, moved how many places it
   * went up since full size, and nTied how many others it ties with.
   */
  at(n) {
    const scores = n === this.source.length ? this.whole : this.#score(n);
    const groups = groupTies(scores);
    const places = placesOf(groups);
    return groups.flat().map((index) => ({
      index,
      score: scores[index],
      whole: this.whole[index],
      change: scores[index] - this.whole[index],
      place: places[index],
      moved: rise(this.wholePlaces[index], places[index]),
      nTied: places[index].last - places[index].first,
    }));
  }
}
