// SPDX-License-Identifier: Apache-2.0
// What a person is told of texts that the server cut or does not take. texts: {info, get(text)}, as Texts has them.
import { say } from "../base/language.js";

const MAX_NAMES = 5; // of fields, in a sentence

/** Why the server does not take a text, as a person would say it who has never seen the request. */
function explain(texts, { code, message }) {
  if (code === "context_length_exceeded") return say("tooLong", texts.info.max_input_length);
  if (code === "payload_too_large" || code === "max_tokens_per_request") return say("tooLongForRequest");
  return say("notTaken", message);
}

/** What is to be told at the field of a text, {text, isRefused}, or null. */
export function noteOf(texts, text) {
  const known = texts.get(text);
  if (known?.refusal) return { text: explain(texts, known.refusal), isRefused: true };
  if (known?.isCut) return { text: say("cutTo", texts.info.max_input_length), isRefused: false };
  return null;
}

/** Those places of the form whose texts the server does not take, as one problem, or null. */
export function describeRefused(texts, places) {
  if (!places.length) return null;
  const names = places.slice(0, MAX_NAMES).map(({ name }) => name);
  if (places.length > names.length) names.push(say("nMore", places.length - names.length));
  return { text: say("notCompared", names.join(", "), explain(texts, texts.get(places[0].text).refusal)) };
}
