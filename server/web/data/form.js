// SPDX-License-Identifier: Apache-2.0
// What stands in the form: the source and the sentences, those in a field for each, in one field with a
// sentence per line, or, where they are too many to edit, held here with only the first of them shown.
// Whoever changes it here tells so by an "input" event, as if it had been typed.
import { find, make, setText } from "../base/dom.js";
import { say } from "../base/language.js";

const MAX_NOTES = 5; // of lines, each a line itself
const MAX_FIELDS = 30; // more sentences become lines
const MAX_LINES = 1000; // more are held; a browser takes long to lay out a field of them
const N_PREVIEW = 5; // of those held
export const MAX_SENTENCES = 20000;

const form = find("texts");
const source = find("source");
const list = find("sentences");
const lines = find("lines");
let nMade = 0;
let mode = "list"; // or "lines" or "held"
let held = []; // places of sentences, in that mode

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
    return { name: say("line", i + 1), text: line.trim(), focus };
  });
}

const getPlace = (field, name) => ({ name, text: field.value.trim(), focus: () => field.focus() });

function getSentences() {
  if (mode === "held") return held;
  return mode === "lines" ? getLines() : getFields().map((field, i) => getPlace(field, say("sentenceN", i + 1)));
}

/** {source, sentences}, which are places: {name, text, focus()}. Sentences that are empty are left out. */
export function readForm() {
  return { source: getPlace(source, say("source")), sentences: getSentences().filter(({ text }) => text) };
}

// ---- notes at the fields ----

/** A note, {text, isRefused}, at the field that it is of; null takes it away. */
function setNote(field, note) {
  const element = find(field.getAttribute("aria-describedby"));
  setText(element, note?.text ?? "");
  element.hidden = !note;
  element.classList.toggle("refused", Boolean(note?.isRefused));
  if (note?.isRefused && field.matches("input, textarea")) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

/** One note of all that there are of lines. */
function joinNotes(notes) {
  if (!notes.length) return null;
  const texts = notes.slice(0, MAX_NOTES).map(({ name, note }) => `${name}: ${note.text}`);
  if (notes.length > MAX_NOTES) texts.push(say("andMore", notes.length - MAX_NOTES));
  return { text: texts.join("\n"), isRefused: notes.some(({ note }) => note.isRefused) };
}

/** noteOf(text) gives what is to be told of a text at its field, or null. */
export function markForm(noteOf) {
  const noteAt = (field) => noteOf(field.value.trim());
  setNote(source, noteAt(source));
  for (const field of getFields()) setNote(field, noteAt(field));
  const notesOf = (places) => places.map(({ name, text }) => ({ name, note: noteOf(text) })).filter(({ note }) => note);
  setNote(lines, joinNotes(mode === "lines" ? notesOf(getLines()) : []));
  setNote(find("held-mode"), joinNotes(mode === "held" ? notesOf(getSentences()) : []));
}

// ---- changes ----

function number() {
  getFields().forEach((field, i) => {
    field.setAttribute("aria-label", say("sentenceN", i + 1));
    field.nextElementSibling.setAttribute("aria-label", say("removeN", i + 1));
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

function setMode(next) {
  mode = next;
  for (const name of ["list", "lines", "held"]) find(`${name}-mode`).hidden = name !== mode;
  find("modes").hidden = mode === "held";
  for (const choice of document.querySelectorAll("input[name=mode]")) choice.checked = choice.value === mode;
}

const holdPlace = (text, i) => ({ name: say("line", i + 1), text, focus: () => find("held-mode").focus() });

function showHeld() {
  setText(find("held-count"), say("held", held.length));
  const preview = held.slice(0, N_PREVIEW).map(({ text }) => make("li", { dir: "auto" }, text));
  find("held-preview").replaceChildren(...preview);
}

/** In the mode there is, or in one that has room for so many. */
function fillSentences(sentences) {
  held = [];
  if (sentences.length > MAX_LINES) setMode("held");
  else if (mode === "held" || (mode === "list" && sentences.length > MAX_FIELDS)) setMode(sentences.length > MAX_FIELDS ? "lines" : "list");
  if (mode === "held") held = sentences.slice(0, MAX_SENTENCES).map(holdPlace);
  lines.value = mode === "lines" ? sentences.join("\n") : "";
  list.replaceChildren();
  if (mode === "list") sentences.forEach(addField);
  showHeld();
  number();
}

/** {source, sentences}; without a source it stays. */
export function fillForm(data) {
  if (data.source !== undefined) source.value = data.source;
  fillSentences(data.sentences);
  tellChange();
}

/** Lines pasted into a field for one sentence become fields of their own, or lines. */
export function pasteSentences(field, sentences) {
  const fields = getFields();
  const at = fields.indexOf(field);
  const texts = fields.map(({ value }) => value);
  texts.splice(at, field.value.trim() ? 0 : 1, ...sentences);
  fillSentences(texts);
  (getFields()[at + sentences.length - 1] ?? lines).focus();
  tellChange();
}

export const isSentenceField = (element) => getFields().includes(element);

find("add").addEventListener("click", () => {
  addField("").focus();
  number();
});
find("held-remove").addEventListener("click", () => {
  fillSentences([""]);
  getFields()[0].focus();
  tellChange();
});
for (const choice of document.querySelectorAll("input[name=mode]")) {
  choice.addEventListener("change", () => {
    const sentences = readForm().sentences.map(({ text }) => text);
    setMode(choice.value);
    fillSentences(sentences);
    tellChange();
  });
}
