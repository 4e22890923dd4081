// SPDX-License-Identifier: Apache-2.0
// What the server said of each text: its vector, of full size, and whether the text was cut; or why it
// does not take the text. It is asked once for each, and all that is known is of one server.
import { say } from "../base/language.js";
import { ask, Refusal } from "../base/server.js";
import { decode } from "../numbers/vectors.js";

const MAX_TEXTS = 128; // of one request
const N_LANES = 2; // requests at a time
const MAX_KEPT = 25000; // what a data set may hold, and more

export class Texts {
  constructor() {
    this.info = null; // of the server, once it has told
    this.known = new Map(); // {vector, isCut} or {refusal}, by text
  }

  get(text) {
    return this.known.get(text);
  }

  /** Learns what server this is, where that is not sure; true if it is one to begin anew with. */
  async meet(signal) {
    if (this.info && !this.isLost) return false;
    this.info = (await this.#ask("info", null, signal)).body;
    this.isLost = false;
    this.known = new Map();
    return true;
  }

  /**
   * Asks for the texts that are not known: {nTexts, times}, the texts that were taken and sums by name.
   * onProgress(nTold, nAsked) is told of every reply.
   */
  async fetch(texts, signal, onProgress = () => {}) {
    const wanted = new Set(texts);
    if (this.known.size > MAX_KEPT) {
      for (const text of this.known.keys()) if (!wanted.has(text)) this.known.delete(text);
    }
    const missing = [...wanted].filter((text) => !this.known.has(text));
    const max = Math.min(MAX_TEXTS, this.info.max_client_batch_size);
    const taken = { nTexts: 0, times: {} };
    let next = 0;
    let nTold = 0;
    const runLane = async () => {
      while (next < missing.length) {
        const some = missing.slice(next, next + max);
        next += some.length;
        try {
          await this.#fetchSome(some, signal, taken);
        } catch (error) {
          next = missing.length; // the other lanes ask for no more
          throw error;
        }
        nTold += some.length;
        onProgress(nTold, missing.length);
      }
    };
    await Promise.all(Array.from({ length: N_LANES }, runLane));
    return taken;
  }

  /** Where texts are refused together, halves of them tell which it is that the server does not take. */
  async #fetchSome(input, signal, taken) {
    const body = { input, encoding_format: "base64", dimensions: this.info.dimensions };
    try {
      const reply = await this.#ask("v1/embeddings", body, signal);
      this.#keep(input, reply.body);
      taken.nTexts += input.length;
      for (const [name, ms] of Object.entries(reply.times)) taken.times[name] = (taken.times[name] ?? 0) + ms;
    } catch (error) {
      if (!error.isOfBody) throw error;
      if (input.length === 1) {
        this.known.set(input[0], { refusal: error });
        return;
      }
      const half = input.length >> 1;
      await this.#fetchSome(input.slice(0, half), signal, taken);
      await this.#fetchSome(input.slice(half), signal, taken);
    }
  }

  #keep(input, { data, model, truncated = [] }) {
    if (model !== this.info.served_model_name) {
      this.isLost = true;
      this.known = new Map();
      throw new Refusal(say("anotherModel"), { retryS: 1 });
    }
    const cut = new Set(truncated);
    for (const { index, embedding } of data)
      this.known.set(input[index], { vector: decode(embedding), isCut: cut.has(index) });
  }

  async #ask(path, body, signal) {
    try {
      return await ask(path, body, signal);
    } catch (error) {
      if (error.isLost) this.isLost = true;
      throw error;
    }
  }
}
