// SPDX-License-Identifier: Apache-2.0

/** The best of many scores, in a heap with the worst of them on top. Equal scores rank by number, lower first. */
export class Top {
  constructor(max) {
    this.max = max;
    this.hits = [];
  }

  offer(score, number) {
    const { hits } = this;
    if (hits.length < this.max) {
      hits.push({ score, number });
      this.#rise(hits.length - 1);
    } else if (isWorse(hits[0], { score, number })) {
      hits[0] = { score, number };
      this.#sink(0);
    }
  }

  /** What any score has to reach to be kept. */
  get bar() {
    return this.hits.length < this.max ? -Infinity : this.hits[0].score;
  }

  /** Numbers, the best first. */
  sorted() {
    return this.hits.toSorted((a, b) => b.score - a.score || a.number - b.number).map(({ number }) => number);
  }

  #swap(i, j) {
    [this.hits[i], this.hits[j]] = [this.hits[j], this.hits[i]];
  }

  #rise(i) {
    const parent = (i - 1) >> 1;
    if (i > 0 && isWorse(this.hits[i], this.hits[parent])) {
      this.#swap(i, parent);
      this.#rise(parent);
    }
  }

  #sink(i) {
    let worst = i;
    for (const child of [2 * i + 1, 2 * i + 2])
      if (child < this.hits.length && isWorse(this.hits[child], this.hits[worst])) worst = child;
    if (worst === i) return;
    this.#swap(i, worst);
    this.#sink(worst);
  }
}

const isWorse = (a, b) => a.score < b.score || (a.score === b.score && a.number > b.number);
