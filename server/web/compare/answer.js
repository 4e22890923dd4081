// SPDX-License-Identifier: Apache-2.0
// Which dimension is enough for the sentences compared, in a sentence.
import { say } from "../base/language.js";

/** holds: as findWhatHolds() gives it, of nSentences. */
export function answer({ full, best, order, lost }, nSentences) {
  if (nSentences < 2) return say("answerOfOne");
  if (best === full) return say("answerNone", lost, full);
  if (order === best) return say("answerOrder", order, full, say("share", order, full));
  return say("answerBest", best, full, say("share", best, full), order);
}
