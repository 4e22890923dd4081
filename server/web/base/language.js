// SPDX-License-Identifier: Apache-2.0
// The page's words in the reader's language: Portuguese or English, by the browser's list.
// The HTML holds the English words of what always stands there; words/en.js the rest; words/pt.js all.
import en from "../words/en.js";
import pt from "../words/pt.js";
import { language } from "./locale.js";

const words = { en, pt }[language];

/** What `key` says, with values where it is of values. */
export function say(key, ...values) {
  const found = words[key];
  return typeof found === "function" ? found(...values) : found;
}

const ATTRIBUTES = { "data-say-label": "aria-label", "data-say-hint": "placeholder" };

/** Puts the page's own texts, marked data-say (and -label, -hint), into the reader's language. */
export function translatePage() {
  document.documentElement.lang = language;
  if (language === "en") return;
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = words[element.dataset.say];
  for (const [mark, attribute] of Object.entries(ATTRIBUTES))
    for (const element of document.querySelectorAll(`[${mark}]`))
      element.setAttribute(attribute, words[element.getAttribute(mark)]);
}
