// SPDX-License-Identifier: Apache-2.0
// The page: what stands in the form -> what the server said of those texts (texts.js) -> the tabs, which
// compute at any dimension here. show() makes all that is seen from these two, so that no score is of
// anything else.
import { find, setText } from "./base/dom.js";
import { say, translatePage } from "./base/language.js";
import { showProblem } from "./base/problem.js";
import { hideProgress, showProgress } from "./base/progress.js";
import { getKey, setKey } from "./base/server.js";
import { setUpTabs } from "./base/tabs.js";
import "./base/theme-button.js";
import { getDimension, setUpDimensions } from "./compare/dimensions.js";
import { ComparePanel } from "./compare/panel.js";
import { firstExample, offerExamples, setUpExamples } from "./data/examples.js";
import { fillForm, markForm, readForm } from "./data/form.js";
import { describeRefused, noteOf } from "./data/notes.js";
import { exportQuestions, setQuestions } from "./data/questions.js";
import { fromFragment, keepState, recallState, toFragment } from "./data/state.js";
import "./data/take.js";
import { Texts } from "./data/texts.js";
import { EvaluatePanel } from "./evaluate/panel.js";
import { MapPanel } from "./map/panel.js";
import { MatrixPanel } from "./matrix/panel.js";
import { showCode } from "./request/code.js";

const QUIET_MS = 500; // without a key pressed, before texts are sent or kept
const MAX_CODE = 200; // sentences of a request that is shown

const texts = new Texts();
let failure = null; // why the last request brought nothing
let running = null; // an AbortController
let timer = 0;
let edition = 0; // of the texts
let version = 0; // of the texts and what is known of them
let wantedDimension = 0; // of the state that was recalled
let view = ""; // the tab that is shown

// ---- what is seen ----

function showCodeOf(source, sentences) {
  if (!source.text || !sentences.length) return showCode(null);
  if (sentences.length > MAX_CODE) return showCode(null, say("codeTooLong", MAX_CODE));
  const body = {
    input: source.text,
    compare_with: sentences.map(({ text }) => text),
    similarity: "cosine",
    dimensions: getDimension(),
  };
  showCode({ url: new URL("v1/similarity", document.baseURI).href, body, hasKey: Boolean(getKey()) });
}

const setAnswer = (text) => setText(find("answer"), text);

/** What the tab for questions wants: their vectors at once, or soon, where they are being typed. */
function fetchWanted(isAsked) {
  if (!texts.info || view !== "view-evaluate") return;
  show();
  if (isAsked) updateNow();
  else updateSoon();
}

const panels = {
  "view-compare": new ComparePanel(),
  "view-evaluate": new EvaluatePanel(fetchWanted),
  "view-matrix": new MatrixPanel(),
  "view-map": new MapPanel(),
};

/** What is known of the texts in the form: {info, get(text)}, with the prompt that the tab puts before them. */
function getKnown() {
  const { info } = texts;
  const prompt = info && panels[view].promptsOf?.(info).sentences;
  return { info, get: (text) => texts.get(text, prompt) };
}

/** The places whose texts the server does not take. */
function findRefused({ source, sentences }) {
  const { get } = getKnown();
  return [source, ...sentences].filter(({ text }) => get(text)?.refusal);
}

/**
 * What a tab shows: {version, edition, info, full, n, source, rows, isEmpty, vectorOf, isKnown}. The edition changes with
 * the texts, the version also with what is known of them; n is the dimension picked of `full`. source is {text,
 * vector}, and a row {key, text, isCut, vector}; a vector is null until the server has told it. vectorOf(text, prompt)
 * is that of any text; isKnown(text, prompt): it has told its vector, or that it takes no such text.
 */
function makeView({ source, sentences }) {
  const { info, get } = getKnown();
  const taken = sentences.filter(({ text }) => !get(text)?.refusal);
  const rows = taken.map(({ text }, key) => ({ key, text, isCut: get(text)?.isCut, vector: get(text)?.vector ?? null }));
  const isEmpty = !source.text || !sentences.length;
  const ofSource = { text: get(source.text)?.refusal ? "" : source.text, vector: get(source.text)?.vector ?? null };
  const vectorOf = (text, prompt) => texts.get(text, prompt)?.vector ?? null;
  const isKnown = (text, prompt) => texts.get(text, prompt) !== undefined;
  return { version, edition, info, full: info.dimensions, n: getDimension(), source: ofSource, rows, isEmpty, vectorOf, isKnown };
}

function show() {
  const form = readForm();
  const known = getKnown();
  markForm((text) => noteOf(known, text));
  showProblem(failure ?? describeRefused(known, findRefused(form)));
  if (!texts.info) return;
  const shown = makeView(form);
  panels[view].show(shown, setAnswer);
  showCodeOf(shown.source, shown.rows);
}

/** The texts, or what is known of them, are others now. */
function showNew() {
  version++;
  show();
}

function showTimes(nTexts, times) {
  const parts = ["tokenize", "queue", "encode"].filter((name) => name in times);
  const detail = parts.map((name) => `${name} ${times[name].toFixed(1)}`).join(", ");
  find("time").textContent = say("textsIn", nTexts, (times.total ?? 0).toFixed(1), detail);
}

function showFetched(nTold, nAsked) {
  if (nTold < nAsked) showProgress(say("progress", nTold, nAsked), nTold, nAsked);
  else hideProgress();
}

// ---- asking the server ----

function showModel() {
  const { info } = texts;
  const facts = [info.served_model_name, info.model_dtype, info.license, ...(info.base_model ?? [])];
  find("model").textContent = facts.filter(Boolean).join(" · ");
  setUpDimensions(info, getDimension() || wantedDimension);
  const before = firstExample();
  offerExamples(info.examples);
  const isUntouched = readForm().sentences.map(({ text }) => text).join("\n") === before.sentences.join("\n");
  if (isUntouched && firstExample() !== before) fillExample(firstExample());
}

function fillExample(example) {
  if (example.questions) setQuestions(example.questions);
  fillForm(example);
}

async function learn(signal) {
  if (await texts.meet(signal)) showModel();
  const { nTexts, times } = await texts.fetch(panels[view].wants(readForm(), texts.info), signal, showFetched);
  if (nTexts) showTimes(nTexts, times);
}

/** To where a person has to look or act. */
function goToProblem() {
  if (failure?.wantsKey) find("key").focus();
  else if (failure) find("problem").scrollIntoView({ block: "nearest" });
  else findRefused(readForm())[0]?.focus();
}

function fail(error) {
  failure = { text: error.message, wantsKey: error.wantsKey, retryS: error.retryS };
  panels[view].fail?.();
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
  hideProgress();
  const mayMove = asker === document.activeElement;
  showNew();
  setTimeout(keep);
  if (mayMove) goToProblem();
}

const updateNow = () => update({ byPerson: true });

function updateSoon() {
  clearTimeout(timer);
  timer = setTimeout(update, QUIET_MS);
}

// ---- what a reload and a link bring back ----

function getState() {
  const { source, sentences } = readForm();
  return { source: source.text, sentences: sentences.map(({ text }) => text), questions: exportQuestions(), view, dimensions: getDimension() || wantedDimension };
}

const keep = () => keepState(getState());

function restore(state) {
  wantedDimension = state.dimensions ?? 0;
  if (texts.info) setUpDimensions(texts.info, wantedDimension);
  setQuestions(state.questions);
  fillForm(state);
  if (Object.hasOwn(panels, state.view ?? "")) pickView(state.view);
}

/** The texts of a link take the place of those that are here, and the link itself goes from the address. */
async function openLink() {
  const state = await fromFragment(location.hash);
  if (state) {
    history.replaceState(null, "", location.pathname + location.search);
    restore(state);
  }
  return Boolean(state);
}

async function copyLink() {
  const fragment = await toFragment(getState());
  if (!fragment) return say("linkTooLong");
  const link = new URL(fragment, document.baseURI).href;
  try {
    await navigator.clipboard.writeText(link);
    return say("linkCopied");
  } catch {
    history.replaceState(null, "", fragment);
    return say("linkInAddress");
  }
}

// ---- the beginning ----

const pickView = setUpTabs(find("views"), (id) => {
  if (view !== id) panels[view]?.hide?.();
  view = id;
  for (const name of Object.keys(panels)) find(name.replace("view", "panel")).hidden = name !== id;
  find("request").hidden = id !== "view-compare";
  find("size").hidden = id === "view-evaluate";
  document.body.dataset.view = id;
  setAnswer("");
  if (texts.info) update(); // not before what was kept is recalled
});

find("texts").addEventListener("input", () => {
  running?.abort();
  hideProgress();
  edition++;
  showNew();
  updateSoon();
});
find("texts").addEventListener("submit", (event) => {
  event.preventDefault();
  updateNow();
});
find("texts").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) updateNow();
});
find("dimension").addEventListener("input", show);
find("dimension").addEventListener("change", keep);
find("link").addEventListener("click", async () => setText(find("taken"), await copyLink()));
find("again").addEventListener("click", updateNow);
find("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  setKey(find("key").value.trim());
  find("key").value = "";
  updateNow();
});
addEventListener("hashchange", openLink);

async function start() {
  translatePage();
  setUpExamples((example) => {
    fillExample(example);
    updateNow();
  });
  pickView("view-compare");
  if (!(await openLink())) {
    const state = recallState();
    if (state) restore(state);
    else fillExample(firstExample());
  }
  updateNow();
}

start();
