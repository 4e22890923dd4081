// SPDX-License-Identifier: Apache-2.0
import { make } from "./dom.js";

const LATER_MS = 60000; // by then the browser has taken it

/** Gives a Blob to the person, as a file of that name. */
export function save(blob, name) {
  const href = URL.createObjectURL(blob);
  make("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), LATER_MS);
}
