// SPDX-License-Identifier: Apache-2.0
// The bar that tells how far something has come.
import { find, setText } from "./dom.js";

/** value of max is done; text says of what. */
export function showProgress(text, value, max) {
  find("progress").hidden = false;
  find("progress-bar").max = max;
  find("progress-bar").value = value;
  setText(find("progress-text"), text);
}

export function hideProgress() {
  find("progress").hidden = true;
}
