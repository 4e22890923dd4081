// SPDX-License-Identifier: Apache-2.0
// The tab that judges sizes and formats by questions whose right answers are known.
import { find, setText } from "../base/dom.js";
import { say } from "../base/language.js";
import { hideProgress, showProgress } from "../base/progress.js";
import { save } from "../base/save.js";
import { toPng } from "../base/png.js";
import { getStops } from "../compare/dimensions.js";
import { readLines } from "../data/files.js";
import { getQuestions, onQuestions, setQuestionTexts } from "../data/questions.js";
import { pack } from "../numbers/matrix.js";
import { Work } from "../numbers/work.js";
import { showCard } from "./card.js";
import { toCsv, toJson } from "./files.js";
import { Marking } from "./marking.js";
import { describe, Report } from "./report.js";

const SEED = 42; // and as many resamples as `nestd evaluate` takes
const N_RESAMPLES = 10000;

export class EvaluatePanel {
  #work = new Work();
  #report = new Report();
  #marking;
  #onWant;
  #isAsked = false; // for an evaluation, of which vectors may be missing still
  #isRunning = false;
  #view = null;
  #rows = null; // the outcome, of the texts and marks that there are
  #facts = null;
  #ofEdition = -1; // what the outcome is of

  /** onWant(byPerson) asks for the vectors that wants() names, after which show() is called again. */
  constructor(onWant) {
    this.#onWant = onWant;
    this.#marking = new Marking(() => onWant(true));
    find("questions").addEventListener("input", () => setQuestionTexts(readLines(find("questions").value)));
    onQuestions(() => this.#takeQuestions());
    find("evaluate").addEventListener("click", () => this.#toggle());
    for (const kind of ["csv", "json", "png"]) find(`save-${kind}`).addEventListener("click", () => this.#save(kind));
  }

  /**
   * What goes before texts, as `nestd evaluate` has it: every model has prompts of these names. One that lists none has
   * nothing to put there, and the vectors that other tabs ask for will do.
   */
  promptsOf({ prompts }) {
    return prompts.length ? { sentences: "document", questions: "query" } : { sentences: "", questions: "" };
  }

  /** The texts whose vectors are needed, as Texts.fetch() takes them. */
  wants({ sentences }, info) {
    const looked = this.#marking.getQuestion();
    const questions = this.#isAsked ? judged(getQuestions()) : [looked].filter(Boolean);
    const groupOf = (places, prompt) => ({ texts: places.map(({ text }) => text), prompt });
    const prompts = this.promptsOf(info);
    return sentences.length && questions.length ? [groupOf(sentences, prompts.sentences), groupOf(questions, prompts.questions)] : [];
  }

  /** What was asked for did not come. */
  fail() {
    this.#isAsked = false;
  }

  show(view, setAnswer) {
    const prompts = this.promptsOf(view.info);
    const questionOf = (text) => view.vectorOf(text, prompts.questions); // its vector, and that of a sentence
    const documentOf = (text) => view.vectorOf(text, prompts.sentences);
    this.#view = { ...view, setAnswer, prompts, questionOf, documentOf };
    if (view.edition !== this.#ofEdition) this.#forget();
    this.#ofEdition = view.edition;
    const looked = this.#marking.getQuestion();
    this.#marking.show(view.rows, looked && this.#view.questionOf(looked.text));
    showCard(view.info.model_index);
    this.#showCounts();
    if (this.#isAsked && !this.#isRunning && this.#isComplete()) this.#run();
    this.#showOutcome();
  }

  hide() {
    this.#stop();
  }

  #takeQuestions() {
    const texts = getQuestions().map(({ text }) => text);
    if (readLines(find("questions").value).join("\n") !== texts.join("\n")) find("questions").value = texts.join("\n");
    this.#forget();
    this.#onWant(false);
  }

  #forget() {
    if (this.#isRunning) this.#stop();
    this.#rows = null;
  }

  #showCounts() {
    const questions = getQuestions();
    const known = new Set(this.#view.rows.map(({ text }) => text));
    const nJudged = judged(questions, known).length;
    setText(find("marked"), questions.length ? say("marked", nJudged, questions.length) : say("noQuestions"));
    find("evaluate").disabled = !nJudged && !this.#isRunning;
  }

  #showOutcome() {
    setText(find("evaluate"), say(this.#isRunning ? "stop" : "evaluate"));
    this.#report.show(this.#rows);
    this.#view?.setAnswer(this.#rows ? describe(this.#rows, this.#facts.queries) : say("evaluateHint"));
  }

  #toggle() {
    if (this.#isRunning) return this.#stop();
    this.#isAsked = true;
    this.#onWant(true);
  }

  #stop() {
    this.#isAsked = false;
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#work.stop();
    hideProgress();
    this.#showOutcome();
  }

  /** The server has told of every text that is asked for. */
  #isComplete() {
    const { rows, isKnown, prompts } = this.#view;
    const areKnown = (places, prompt) => places.every(({ text }) => isKnown(text, prompt));
    return areKnown(judged(getQuestions()), prompts.questions) && areKnown(rows, prompts.sentences);
  }

  /** The data set by numbers: a sentence that stands twice is one document. */
  #collect() {
    const { rows, questionOf } = this.#view;
    const documents = [...new Set(rows.filter(({ vector }) => vector).map(({ text }) => text))];
    const numberOf = new Map(documents.map((text, i) => [text, i]));
    const questions = judged(getQuestions(), numberOf).filter(({ text }) => questionOf(text));
    const right = questions.map((question) => [...question.right].filter((text) => numberOf.has(text)).map((text) => numberOf.get(text)));
    return { documents, questions, right };
  }

  async #run() {
    this.#isAsked = false;
    const { documents, questions, right } = this.#collect();
    if (!questions.length) return;
    const { info, questionOf, documentOf } = this.#view;
    const sizes = [...getStops()].reverse();
    const queries = pack(questions.map(({ text }) => questionOf(text)));
    const corpus = pack(documents.map(documentOf));
    const input = { queries, documents: corpus, right, sizes, similarity: info.similarity, seed: SEED, nResamples: N_RESAMPLES };
    this.#facts = { model: info.served_model_name, similarity: info.similarity, queries: questions.length, documents: documents.length, resamples: N_RESAMPLES, seed: SEED };
    this.#isRunning = true;
    try {
      const onProgress = (share) => showProgress(say("evaluating"), share, 1);
      const transfer = [queries.data.buffer, corpus.data.buffer];
      this.#rows = await this.#work.run("evaluate", input, { transfer, onProgress });
      this.#isRunning = false;
      hideProgress();
      this.#showOutcome();
    } catch (error) {
      if (error.isSuperseded) return;
      this.#stop();
      this.#view.setAnswer(say("failed", error.message));
    }
  }

  async #save(kind) {
    const name = `nestd-evaluate.${kind}`;
    if (kind === "csv") save(new Blob([toCsv(this.#rows)], { type: "text/csv" }), name);
    if (kind === "json") save(new Blob([toJson(this.#rows, this.#facts)], { type: "application/json" }), name);
    if (kind === "png") save(await toPng(this.#report.svg), name);
  }
}

/** Questions with a right answer; with `known`, one among the sentences that it has. */
const judged = (questions, known) => questions.filter(({ right }) => (known ? [...right].some((text) => known.has(text)) : right.size > 0));
