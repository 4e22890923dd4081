// SPDX-License-Identifier: Apache-2.0
// The page: what stands in the form -> what the server said of those texts (texts.js) -> scores at any
// dimension, here. show() makes all that is seen from these two, so that no score is of anything else.
import { showCode } from "./request/code.js";
import { getDimension, setUpDimensions } from "./compare/dimensions.js";
import { find, setText } from "./base/dom.js";
import { examples } from "./data/examples.js";
import { fillForm, markForm, readForm } from "./data/form.js";
import { showProblem } from "./base/problem.js";
import { Ranking } from "./compare/ranking.js";
import { getKey, setKey } from "./base/server.js";
import { summarise } from "./compare/summary.js";
import { Texts } from "./data/texts.js";
import { rank } from "./numbers/vectors.js";

const QUIET_MS = 500; // without a key pressed, before texts are sent
const MAX_NAMES = 5; // of fields, in a sentence

const texts = new Texts();
const ranking = new Ranking(find("ranking"));
let failure = null; // why the last request brought nothing
let running = null; // an AbortController
let timer = 0;

// ---- what is seen ----

/** Why the server does not take a text, as a person would say it who has never seen the request. */
function explain({ code, message }) {
  const { max_input_length: max } = texts.info;
  if (code === "context_length_exceeded") return `Too long: the model takes at most ${max} tokens, and this server cuts no text.`;
  if (code === "payload_too_large" || code === "max_tokens_per_request") return "Too long for a request to this server.";
  return `The server does not take this text: ${message}`;
}

/** What is to be told at the field of a text. */
function noteOf(text) {
  const known = texts.get(text);
  if (known?.refusal) return { text: explain(known.refusal), isRefused: true };
  if (known?.isCut) return { text: `Cut to the ${texts.info.max_input_length} tokens that the model takes.`, isRefused: false };
  return null;
}

const isRefused = ({ text }) => Boolean(texts.get(text)?.refusal);

/** Those texts that the server does not take, as one problem. */
function describeRefused(places) {
  if (!places.length) return null;
  const names = places.slice(0, MAX_NAMES).map(({ name }) => name);
  if (places.length > names.length) names.push(`${places.length - names.length} more`);
  const reason = explain(texts.get(places[0].text).refusal);
  return { text: `${names.join(", ")}: not compared. ${reason}` };
}

function showCodeOf(source, sentences) {
  const isWhole = source.text && sentences.length;
  const body = {
    input: source.text,
    compare_with: sentences.map(({ text }) => text),
    similarity: "cosine",
    dimensions: getDimension(),
  };
  const url = new URL("v1/similarity", document.baseURI).href;
  showCode(isWhole ? { url, body, hasKey: Boolean(getKey()) } : null);
}

/** The scores of the sentences, at the slider's dimension; those not known wait. Gives them in words. */
function showScores(source, sentences) {
  const n = getDimension();
  const isWhole = n === texts.info.dimensions;
  const ofSource = texts.get(source.text);
  const rows = sentences.map(({ text }, key) => ({ key, text, isCut: texts.get(text)?.isCut }));
  const isKnown = ({ text }) => Boolean(ofSource && texts.get(text));
  const known = rows.filter(isKnown);
  const waiting = rows.filter((row) => !isKnown(row));
  const entries = known.length ? rank(ofSource.vector, known.map(({ text }) => texts.get(text).vector), n) : [];
  ranking.show(entries.map((entry) => ({ ...known[entry.index], entry })), waiting, isWhole);
  return summarise(entries, waiting.length, isWhole);
}

function show() {
  const form = readForm();
  const refused = [form.source, ...form.sentences].filter(isRefused);
  const isComparable = form.source.text && !isRefused(form.source);
  const sentences = isComparable ? form.sentences.filter((place) => !isRefused(place)) : [];
  markForm(noteOf);
  showProblem(failure ?? describeRefused(refused));
  if (!texts.info) return;
  const words = showScores(form.source, sentences);
  const isEmpty = !form.source.text || !form.sentences.length;
  setText(find("summary"), isEmpty ? "Write a source sentence and at least one to compare it with." : words);
  showCodeOf(form.source, sentences);
}

function showTimes(nTexts, times) {
  const parts = ["tokenize", "queue", "encode"].filter((name) => name in times);
  const detail = parts.map((name) => `${name} ${times[name].toFixed(1)}`).join(", ");
  const what = `${nTexts} ${nTexts === 1 ? "text" : "texts"}`;
  find("time").textContent = `${what} in ${(times.total ?? 0).toFixed(1)} ms${detail && ` (${detail})`}`;
}

// ---- asking the server ----

async function learn(signal) {
  if (await texts.meet(signal)) {
    find("model").textContent = `${texts.info.served_model_name} · ${texts.info.model_dtype}`;
    setUpDimensions(texts.info);
  }
  const { source, sentences } = readForm();
  if (!source.text || !sentences.length) return;
  const wanted = [source, ...sentences].map(({ text }) => text);
  const { nTexts, times } = await texts.fetch(wanted, signal);
  if (nTexts) showTimes(nTexts, times);
}

/** To where a person has to look or act. */
function goToProblem() {
  const { source, sentences } = readForm();
  if (failure?.wantsKey) find("key").focus();
  else if (failure) find("problem").scrollIntoView({ block: "nearest" });
  else [source, ...sentences].find(isRefused)?.focus();
}

function fail(error) {
  failure = { text: error.message, wantsKey: error.wantsKey, retryS: error.retryS };
  failure.canRetry = !failure.wantsKey && !failure.retryS;
  find("time").textContent = "";
  if (failure.retryS) timer = setTimeout(update, 1000 * failure.retryS);
}

/** Asks for what is missing. Only who has asked for that is taken to a problem, and only from where he asked. */
async function update({ byPerson = false } = {}) {
  clearTimeout(timer);
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  const asker = byPerson ? document.activeElement : null;
  find("results").setAttribute("aria-busy", "true");
  try {
    await learn(signal);
    failure = null;
  } catch (error) {
    if (signal.aborted) return;
    fail(error);
  }
  if (signal.aborted) return;
  find("results").removeAttribute("aria-busy");
  const mayMove = asker === document.activeElement;
  show();
  if (mayMove) goToProblem();
}

const updateNow = () => update({ byPerson: true });

function updateSoon() {
  clearTimeout(timer);
  timer = setTimeout(update, QUIET_MS);
}

// ---- the beginning ----

find("texts").addEventListener("input", () => {
  running?.abort();
  show();
  updateSoon();
});
find("texts").addEventListener("submit", (event) => {
  event.preventDefault();
  updateNow();
});
find("texts").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) updateNow();
});
for (const button of document.querySelectorAll("[data-example]"))
  button.addEventListener("click", () => {
    fillForm(examples[button.dataset.example]);
    updateNow();
  });
find("dimension").addEventListener("input", show);
find("again").addEventListener("click", updateNow);
find("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  setKey(find("key").value.trim());
  find("key").value = "";
  updateNow();
});
fillForm(examples.mixed);
updateNow();
