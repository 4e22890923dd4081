// SPDX-License-Identifier: Apache-2.0
// The form's sentences: a field for each, or one field with a sentence a line. Both always hold the
// same, so that one may change from one way to the other.
import { find, make } from "./dom.js";

const list = find("sentences");
const lines = find("lines");

const isInLines = () => find("lines-mode").hidden === false;
const fields = () => [...list.querySelectorAll("input")];

function addField(text, changed) {
  const field = make("input", { type: "text", value: text, spellcheck: false, dir: "auto" });
  const remove = make("button", { type: "button", className: "quiet remove" }, "×");
  const item = make("li", {}, field, remove);
  remove.addEventListener("click", () => {
    const next = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    number();
    (next?.querySelector("input") ?? find("add")).focus();
    changed();
  });
  list.append(item);
  number();
  return field;
}

function number() {
  fields().forEach((field, i) => {
    field.setAttribute("aria-label", `Sentence ${i + 1}`);
    field.nextElementSibling.setAttribute("aria-label", `Remove sentence ${i + 1}`);
  });
}

/** The sentences that are not empty. */
export function getSentences() {
  const texts = isInLines() ? lines.value.split("\n") : fields().map((field) => field.value);
  return texts.map((text) => text.trim()).filter(Boolean);
}

function fill(sentences, changed) {
  if (isInLines()) {
    lines.value = sentences.join("\n");
    return;
  }
  list.replaceChildren();
  for (const sentence of sentences) addField(sentence, changed);
}

export function setSentences(sentences, changed) {
  fill(sentences, changed);
}

/** changed() is called whenever the sentences may be others. */
export function watchSentences(changed) {
  find("add").addEventListener("click", () => addField("", changed).focus());
  for (const choice of document.querySelectorAll("input[name=mode]")) {
    choice.addEventListener("change", () => {
      const sentences = getSentences();
      find("lines-mode").hidden = choice.value !== "lines";
      find("list-mode").hidden = choice.value === "lines";
      fill(sentences, changed);
    });
  }
}
