// SPDX-License-Identifier: Apache-2.0
// What stands in the form: the source and the sentences, those in a field for each or in one field with
// a sentence a line. Whoever changes it here tells so by an "input" event, as if it had been typed.
import { find, make, setText } from "../base/dom.js";

const MAX_NOTES = 5; // of lines, each a line itself

const form = find("texts");
const source = find("source");
const list = find("sentences");
const lines = find("lines");
let nMade = 0;

const isInLines = () => !find("lines-mode").hidden;
const getFields = () => [...list.querySelectorAll("input")];
const tellChange = () => form.dispatchEvent(new Event("input"));

// ---- what is there ----

/** The lines as places: see readForm(). */
function getLines() {
  let start = 0;
  return lines.value.split("\n").map((line, i) => {
    const [from, to] = [start, start + line.length];
    start = to + 1;
    const focus = () => {
      lines.focus();
      lines.setSelectionRange(from, to);
    };
    return { name: `Line ${i + 1}`, text: line.trim(), focus };
  });
}

const getPlace = (field, name) => ({ name, text: field.value.trim(), focus: () => field.focus() });

/** {source, sentences}, which are places: {name, text, focus()}. Sentences that are empty are left out. */
export function readForm() {
  const sentences = isInLines() ? getLines() : getFields().map((field, i) => getPlace(field, `Sentence ${i + 1}`));
  return { source: getPlace(source, "Source sentence"), sentences: sentences.filter(({ text }) => text) };
}

// ---- notes at the fields ----

/** A note, {text, isRefused}, at the field that it is of; null takes it away. */
function setNote(field, note) {
  const element = find(field.getAttribute("aria-describedby"));
  setText(element, note?.text ?? "");
  element.hidden = !note;
  element.classList.toggle("refused", Boolean(note?.isRefused));
  if (note?.isRefused) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

/** One note of all that there are of lines. */
function joinNotes(notes) {
  if (!notes.length) return null;
  const texts = notes.slice(0, MAX_NOTES).map(({ name, note }) => `${name}: ${note.text}`);
  if (notes.length > MAX_NOTES) texts.push(`And ${notes.length - MAX_NOTES} more.`);
  return { text: texts.join("\n"), isRefused: notes.some(({ note }) => note.isRefused) };
}

/** noteOf(text) gives what is to be told of a text at its field, or null. */
export function markForm(noteOf) {
  const noteAt = (field) => noteOf(field.value.trim());
  setNote(source, noteAt(source));
  for (const field of getFields()) setNote(field, noteAt(field));
  const notes = isInLines() ? getLines().map(({ name, text }) => ({ name, note: noteOf(text) })) : [];
  setNote(lines, joinNotes(notes.filter(({ note }) => note)));
}

// ---- changes ----

function number() {
  getFields().forEach((field, i) => {
    field.setAttribute("aria-label", `Sentence ${i + 1}`);
    field.nextElementSibling.setAttribute("aria-label", `Remove sentence ${i + 1}`);
  });
}

function addField(text) {
  const id = `note-${nMade++}`;
  const field = make("input", { type: "text", value: text, spellcheck: false, dir: "auto", "aria-describedby": id });
  const remove = make("button", { type: "button", className: "quiet remove" }, "×");
  const note = make("p", { id, className: "at-field", hidden: true });
  const item = make("li", {}, field, remove, note);
  remove.addEventListener("click", () => {
    const next = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    number();
    (next?.querySelector("input") ?? find("add")).focus();
    tellChange();
  });
  list.append(item);
  return field;
}

function fillSentences(sentences) {
  lines.value = isInLines() ? sentences.join("\n") : "";
  list.replaceChildren();
  if (!isInLines()) sentences.forEach(addField);
  number();
}

export function fillForm(example) {
  source.value = example.source;
  fillSentences(example.sentences);
  tellChange();
}

find("add").addEventListener("click", () => {
  addField("").focus();
  number();
});
for (const choice of document.querySelectorAll("input[name=mode]")) {
  choice.addEventListener("change", () => {
    const sentences = readForm().sentences.map(({ text }) => text);
    find("lines-mode").hidden = choice.value !== "lines";
    find("list-mode").hidden = choice.value === "lines";
    fillSentences(sentences);
    tellChange();
  });
}
