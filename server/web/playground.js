// SPDX-License-Identifier: Apache-2.0
// The page: texts -> vectors of full size, fetched once each -> scores at any dimension, here.
import { find, make } from "./dom.js";
import { examples } from "./examples.js";
import { Ranking } from "./ranking.js";
import { getSentences, setSentences, watchSentences } from "./sentences.js";
import { ask, getKey, setKey } from "./server.js";
import { languages } from "./snippets.js";
import { choices, decode, rank, sizes, stops } from "./vectors.js";

const QUIET_MS = 500; // without a key pressed, before texts are sent
const MOST_TEXTS = 128; // of one request
const MOST_KEPT = 5000; // vectors

const state = {
  info: null, // of the server, once it has told
  vectors: new Map(), // by text, of full size
  source: "",
  sentences: [],
  dimensions: [], // what the slider offers
  language: "curl",
};
const ranking = new Ranking(find("ranking"));
let running = null; // an AbortController
let timer = 0;

// ---- problems ----

function hideProblem() {
  clearTimeout(timer);
  find("problem").hidden = true;
}

function countDown(text, seconds) {
  find("problem-text").textContent = seconds > 0 ? `${text} Trying again in ${seconds} s.` : text;
  if (seconds > 0) timer = setTimeout(() => countDown(text, seconds - 1), 1000);
  else update();
}

function showProblem(refusal) {
  clearTimeout(timer);
  find("problem").hidden = false;
  find("problem-text").textContent = refusal.message;
  find("key-form").hidden = !refusal.wantsKey;
  find("again").hidden = Boolean(refusal.wantsKey || refusal.retryS);
  if (refusal.wantsKey) find("key").focus();
  if (refusal.retryS) countDown(refusal.message, refusal.retryS);
}

// ---- vectors ----

async function learnServer(signal) {
  if (state.info) return;
  const { body } = await ask("info", null, signal);
  state.info = body;
  find("model").textContent = `${body.served_model_name} · ${body.model_dtype}`;
  setUpSlider(body.dimensions, body.matryoshka_dims);
}

async function fetchVectors(texts, signal) {
  const times = {};
  let nCut = 0;
  const most = Math.min(MOST_TEXTS, state.info.max_client_batch_size);
  for (let start = 0; start < texts.length; start += most) {
    const input = texts.slice(start, start + most);
    const body = { input, encoding_format: "base64", dimensions: state.info.dimensions };
    const reply = await ask("v1/embeddings", body, signal);
    reply.body.data.forEach((item) => state.vectors.set(input[item.index], decode(item.embedding)));
    nCut += reply.body.truncated?.length ?? 0;
    for (const [name, ms] of Object.entries(reply.times)) times[name] = (times[name] ?? 0) + ms;
  }
  return { times, nCut };
}

function showTimes(nTexts, times) {
  const parts = ["tokenize", "queue", "encode"].filter((name) => name in times);
  const detail = parts.map((name) => `${name} ${times[name].toFixed(1)}`).join(", ");
  const what = `${nTexts} ${nTexts === 1 ? "text" : "texts"}`;
  find("time").textContent = `${what} in ${(times.total ?? 0).toFixed(1)} ms${detail && ` (${detail})`}`;
}

function showCut(nCut) {
  find("cut").hidden = !nCut;
  find("cut").textContent =
    `${nCut} ${nCut === 1 ? "text was" : "texts were"} cut to the ${state.info.max_input_length} tokens that the model takes.`;
}

/** Everything anew from what the form holds. */
async function update() {
  clearTimeout(timer);
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  try {
    await learnServer(signal);
    const source = find("source").value.trim();
    const sentences = getSentences();
    if (!source || !sentences.length) {
      find("summary").textContent = "Write a source sentence and at least one to compare it with.";
      hideProblem();
      return;
    }
    if (state.vectors.size > MOST_KEPT) state.vectors.clear();
    const missing = [...new Set([source, ...sentences])].filter((text) => !state.vectors.has(text));
    find("results").setAttribute("aria-busy", "true");
    if (missing.length) {
      const { times, nCut } = await fetchVectors(missing, signal);
      showTimes(missing.length, times);
      showCut(nCut);
    }
    Object.assign(state, { source, sentences });
    hideProblem();
    show();
  } catch (error) {
    if (!signal.aborted) showProblem(error);
  } finally {
    if (!signal.aborted) find("results").removeAttribute("aria-busy");
  }
}

function updateSoon() {
  clearTimeout(timer);
  timer = setTimeout(update, QUIET_MS);
}

// ---- scores ----

const getDimension = () => state.dimensions[find("dimension").value];

function pickDimension(n) {
  find("dimension").value = state.dimensions.indexOf(n);
  show();
}

function setUpSlider(full, listed) {
  const slider = find("dimension");
  state.dimensions = choices(full, listed);
  slider.max = state.dimensions.length - 1;
  slider.value = slider.max;
  slider.disabled = state.dimensions.length < 2;
  const buttons = stops(full, listed).map((n) => {
    const button = make("button", { type: "button", className: "quiet" }, String(n));
    button.addEventListener("click", () => pickDimension(n));
    return button;
  });
  find("stops").replaceChildren(...buttons);
  showDimension();
}

function showDimension() {
  const slider = find("dimension");
  const n = getDimension();
  const full = state.info.dimensions;
  find("dimension-text").textContent = `${n} of ${full}`;
  slider.setAttribute("aria-valuetext", `${n} of ${full} dimensions`);
  slider.style.setProperty("--filled", `${(100 * slider.value) / Math.max(1, slider.max)}%`);
  for (const button of find("stops").children)
    button.setAttribute("aria-pressed", String(button.textContent === String(n)));
  const rows = Object.entries(sizes(n)).map(([name, bytes]) =>
    make("div", {}, make("dt", {}, name), make("dd", {}, `${bytes.toLocaleString("en")} B`)),
  );
  find("sizes").replaceChildren(...rows);
}

function summarise(entries, n) {
  const nMoved = entries.filter((entry) => entry.moved).length;
  const largest = Math.max(...entries.map((entry) => Math.abs(entry.change)));
  if (n === state.info.dimensions) return "At full size. Move the slider to see what fewer dimensions change.";
  const order = nMoved ? `${nMoved} of ${entries.length} sentences change places` : "The order stays";
  return `${order}; no score changes by more than ${largest.toFixed(3)}.`;
}

/** The scores of what is here, at the slider's dimension. */
function show() {
  if (!state.info) return;
  const n = getDimension();
  showDimension();
  if (state.sentences.length) {
    const vectors = state.sentences.map((sentence) => state.vectors.get(sentence));
    const entries = rank(state.vectors.get(state.source), vectors, n);
    ranking.show(entries, state.sentences, n === state.info.dimensions);
    find("summary").textContent = summarise(entries, n);
  }
  showSnippet();
}

// ---- the request to copy ----

function showSnippet() {
  const body = {
    input: state.source,
    compare_with: state.sentences,
    similarity: "cosine",
    dimensions: getDimension(),
  };
  const url = new URL("v1/similarity", document.baseURI).href;
  const write = languages[state.language];
  find("snippet").textContent = write({ url, body, hasKey: Boolean(getKey()) });
}

function pickLanguage(name) {
  state.language = name;
  for (const tab of find("languages").children) {
    const isPicked = tab.textContent === name;
    tab.setAttribute("aria-selected", String(isPicked));
    tab.tabIndex = isPicked ? 0 : -1;
    if (isPicked) find("snippet").setAttribute("aria-labelledby", tab.id);
  }
  if (state.info) showSnippet();
}

function makeTabs() {
  const names = Object.keys(languages);
  for (const name of names) {
    const tab = make("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "snippet" }, name);
    tab.addEventListener("click", () => pickLanguage(name));
    find("languages").append(tab);
  }
  find("languages").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = names[(names.indexOf(state.language) + step + names.length) % names.length];
    pickLanguage(next);
    find(`tab-${next}`).focus();
  });
  pickLanguage(names[0]);
}

/** The clipboard is there only over HTTPS and on this machine: else the text is selected. */
async function copy() {
  const code = find("snippet");
  try {
    await navigator.clipboard.writeText(code.textContent);
    find("copied").textContent = "Copied.";
  } catch {
    getSelection().selectAllChildren(code);
    find("copied").textContent = "Selected: copy it with the keyboard.";
  }
  setTimeout(() => (find("copied").textContent = ""), 4000);
}

// ---- the beginning ----

function pickExample(name) {
  find("source").value = examples[name].source;
  setSentences(examples[name].sentences, updateSoon);
}

for (const button of document.querySelectorAll("[data-example]"))
  button.addEventListener("click", () => {
    pickExample(button.dataset.example);
    update();
  });
find("texts").addEventListener("input", updateSoon);
find("texts").addEventListener("submit", (event) => {
  event.preventDefault();
  update();
});
find("texts").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) update();
});
find("dimension").addEventListener("input", show);
find("again").addEventListener("click", update);
find("copy").addEventListener("click", copy);
find("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  setKey(find("key").value.trim());
  find("key").value = "";
  update();
});
watchSentences(updateSoon);
makeTabs();
pickExample("mixed");
update();
