// SPDX-License-Identifier: Apache-2.0
// What the server said of each text: its vector, of full size, and whether the text was cut; or why it
// does not take the text. It is asked once for each text and prompt, and all that is known is of one server.
// A prompt is a name of the model's; "" leaves it to the server's default.
import { say } from "../base/language.js";
import { ask, Refusal } from "../base/server.js";
import { decode } from "../numbers/vectors.js";

const MAX_TEXTS = 128; // of one request
const N_LANES = 2; // requests at a time
const MAX_KEPT = 25000; // what a data set may hold, and more

const keyOf = (text, prompt) => (prompt ? `${prompt}\u0000${text}` : text);

/** The list in parts of at most `max`. */
const split = (list, max) => Array.from({ length: Math.ceil(list.length / max) }, (_, i) => list.slice(i * max, (i + 1) * max));

export class Texts {
  constructor() {
    this.info = null; // of the server, once it has told
    this.known = new Map(); // {vector, isCut} or {refusal}, by keyOf()
  }

  get(text, prompt = "") {
    return this.known.get(keyOf(text, prompt));
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
   * Asks for the texts that are not known, of [{texts, prompt}]: {nTexts, times}, the texts that were taken and sums
   * by name. onProgress(nTold, nAsked) is told of every reply.
   */
  async fetch(groups, signal, onProgress = () => {}) {
    if (this.known.size > MAX_KEPT) this.#forgetAllBut(groups);
    const max = Math.min(MAX_TEXTS, this.info.max_client_batch_size);
    const parts = groups.flatMap(({ texts, prompt }) => {
      const missing = [...new Set(texts)].filter((text) => !this.get(text, prompt));
      return split(missing, max).map((input) => ({ input, prompt }));
    });
    const nAsked = parts.reduce((n, { input }) => n + input.length, 0);
    const taken = { nTexts: 0, times: {} };
    let next = 0;
    let nTold = 0;
    const runLane = async () => {
      while (next < parts.length) {
        const { input, prompt } = parts[next++];
        try {
          await this.#fetchSome(input, prompt, signal, taken);
        } catch (error) {
          next = parts.length; // the other lanes ask for no more
          throw error;
        }
        nTold += input.length;
        onProgress(nTold, nAsked);
      }
    };
    await Promise.all(Array.from({ length: N_LANES }, runLane));
    return taken;
  }

  #forgetAllBut(groups) {
    const wanted = new Set(groups.flatMap(({ texts, prompt }) => texts.map((text) => keyOf(text, prompt))));
    for (const key of this.known.keys()) if (!wanted.has(key)) this.known.delete(key);
  }

  /** Where texts are refused together, halves of them tell which it is that the server does not take. */
  async #fetchSome(input, prompt, signal, taken) {
    const body = { input, encoding_format: "base64", dimensions: this.info.dimensions };
    if (prompt) body.prompt_name = prompt;
    try {
      const reply = await this.#ask("v1/embeddings", body, signal);
      this.#keep(input, prompt, reply.body);
      taken.nTexts += input.length;
      for (const [name, ms] of Object.entries(reply.times)) taken.times[name] = (taken.times[name] ?? 0) + ms;
    } catch (error) {
      if (!error.isOfBody) throw error;
      if (input.length === 1) {
        this.known.set(keyOf(input[0], prompt), { refusal: error });
        return;
      }
      const half = input.length >> 1;
      await this.#fetchSome(input.slice(0, half), prompt, signal, taken);
      await this.#fetchSome(input.slice(half), prompt, signal, taken);
    }
  }

  #keep(input, prompt, { data, model, truncated = [] }) {
    if (model !== this.info.served_model_name) {
      this.isLost = true;
      this.known = new Map();
      throw new Refusal(say("anotherModel"), { retryS: 1 });
    }
    const cut = new Set(truncated);
    for (const { index, embedding } of data)
      this.known.set(keyOf(input[index], prompt), { vector: decode(embedding), isCut: cut.has(index) });
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
