// SPDX-License-Identifier: Apache-2.0
// The box that tells what went wrong, and what a person may do about it.
import { find, setText } from "./dom.js";
import { say } from "./language.js";

let shown = null;
let ticking = 0;

/** Outside what is read aloud, which every second would repeat. */
function countDown(seconds) {
  setText(find("problem-wait"), say("tryingAgain", seconds));
  if (seconds > 1) ticking = setTimeout(() => countDown(seconds - 1), 1000);
}

/** {text, wantsKey, retryS, canRetry}: the last three as they are needed; or null, where all is well. */
export function showProblem(problem) {
  if (problem === shown) return;
  shown = problem;
  const box = find("problem");
  const focused = document.activeElement;
  clearTimeout(ticking);
  box.hidden = !problem;
  setText(find("problem-text"), problem?.text ?? "");
  setText(find("problem-wait"), "");
  find("key-form").hidden = !problem?.wantsKey;
  find("again").hidden = !problem?.canRetry;
  if (problem?.retryS) countDown(problem.retryS);
  // The keyboard goes on from here, not from the page's beginning, where what it was at is gone.
  if (box.contains(focused) && focused.closest("[hidden]")) find("results").focus();
}
