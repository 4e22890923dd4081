// SPDX-License-Identifier: Apache-2.0
// Tasks that would hold up the page run in a worker (worker.js). One at a time: a new one ends the one before.

export class Work {
  #worker = null;
  #reject = () => {};

  /**
   * The answer to a task of worker.js. onProgress(share) is told how much of it is done. Rejects with the
   * error's fields, or with isSuperseded where another task has taken its place.
   */
  run(task, input, { transfer = [], onProgress = () => {} } = {}) {
    this.stop();
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      worker.addEventListener("message", ({ data }) => {
        if ("progress" in data) return onProgress(data.progress);
        worker.terminate();
        if (data.error) reject(data.error);
        else resolve(data.output);
      });
      worker.addEventListener("error", (event) => reject({ message: event.message ?? "" }));
      worker.postMessage({ task, input }, transfer);
    });
  }

  stop() {
    this.#worker?.terminate();
    this.#reject({ isSuperseded: true });
  }
}
