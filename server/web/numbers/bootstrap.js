// SPDX-License-Identifier: Apache-2.0
// How far a mean over questions can be trusted: the bootstrap with percentile intervals (Efron and Tibshirani,
// 1993). A sample of n is drawn again n at a time with replacement; with the same seed every figure is drawn
// alike, so differences are paired. The draws are those of `nestd evaluate`: splitmix64. Nothing here knows
// the page.

const TWO32 = 2 ** 32;

/** splitmix64 (Steele, Lea and Flood, OOPSLA 2014) on halves of 32 bits, which is some ten times as fast as BigInt. */
class SplitMix {
  constructor(seed) {
    this.stateHigh = Math.floor(seed / TWO32) >>> 0;
    this.stateLow = seed >>> 0;
    this.high = 0;
    this.low = 0;
  }

  /** x ^= x >> n, n below 32. */
  #fold(n) {
    this.low = (this.low ^ ((this.low >>> n) | (this.high << (32 - n)))) >>> 0;
    this.high = (this.high ^ (this.high >>> n)) >>> 0;
  }

  /** x *= the number of these halves, modulo 2^64. */
  #multiply(high, low) {
    const [a1, a0, b1, b0] = [this.low >>> 16, this.low & 0xffff, low >>> 16, low & 0xffff];
    const first = a0 * b0;
    const second = a1 * b0 + (first >>> 16);
    const third = a0 * b1 + (second & 0xffff);
    const carry = a1 * b1 + Math.floor(second / 65536) + Math.floor(third / 65536);
    this.high = (Math.imul(this.high, low) + Math.imul(this.low, high) + carry) >>> 0;
    this.low = (((third & 0xffff) << 16) | (first & 0xffff)) >>> 0;
  }

  /** The high 32 bits of the next output. */
  next() {
    const low = this.stateLow + 0x7f4a7c15;
    this.stateHigh = (this.stateHigh + 0x9e3779b9 + (low >= TWO32 ? 1 : 0)) >>> 0;
    this.stateLow = low >>> 0;
    this.high = this.stateHigh;
    this.low = this.stateLow;
    this.#fold(30);
    this.#multiply(0xbf58476d, 0x1ce4e5b9);
    this.#fold(27);
    this.#multiply(0x94d049bb, 0x133111eb);
    this.#fold(31);
    return this.high;
  }
}

/** () => the next number in [0, n), n below 2^20; `seed` is below 2^53. */
export function makeDraw(seed, n) {
  const stream = new SplitMix(seed);
  return () => Math.floor((stream.next() * n) / TWO32);
}

/** Which of n things each resample draws: Uint32Array [nResamples * n]. */
export function drawAll(seed, n, nResamples) {
  const draw = makeDraw(seed, n);
  const draws = new Uint32Array(n * nResamples);
  for (let i = 0; i < draws.length; i++) draws[i] = draw();
  return draws;
}

/** The mean of values[n] over each resample. */
export function resampleMeans(values, draws) {
  const n = values.length;
  const means = new Float64Array(draws.length / n);
  for (let r = 0; r < means.length; r++) {
    let sum = 0;
    for (let i = r * n; i < (r + 1) * n; i++) sum += values[draws[i]];
    means[r] = sum / n;
  }
  return means;
}

/** Definition 7 of Hyndman and Fan, 1996. */
function percentile(sorted, share) {
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const next = sorted[Math.min(below + 1, sorted.length - 1)];
  return sorted[below] + (at - below) * (next - sorted[below]);
}

/** [low, high], between which `confidence` of the figures lie, 0.95 for 95 %. */
export function intervalOf(figures, confidence) {
  const sorted = Float64Array.from(figures).sort();
  return [percentile(sorted, (1 - confidence) / 2), percentile(sorted, (1 + confidence) / 2)];
}
