// SPDX-License-Identifier: Apache-2.0
// One question at a time, with the sentences that are nearest to it: a person marks which of them are right.
import { find, make, setText } from "../base/dom.js";
import { say } from "../base/language.js";
import { number } from "../base/locale.js";
import { getQuestions, mark } from "../data/questions.js";
import { Standing } from "../numbers/vectors.js";

const MAX_CANDIDATES = 10;

export class Marking {
  #at = 0;
  #shown = ""; // question and candidates that are in the list, to keep the focus in it

  /** onTurn() is told when another question is looked at, whose vector may be missing. */
  constructor(onTurn) {
    const turn = (step) => {
      this.#at += step;
      onTurn();
    };
    find("previous").addEventListener("click", () => turn(-1));
    find("next").addEventListener("click", () => turn(1));
  }

  /** The question that is looked at, or null. */
  getQuestion() {
    const questions = getQuestions();
    this.#at = Math.max(0, Math.min(this.#at, questions.length - 1));
    return questions[this.#at] ?? null;
  }

  /** rows: the sentences, {text, vector}; vector: the question's, null while it is not known. */
  show(rows, vector) {
    const question = this.getQuestion();
    const questions = getQuestions();
    find("marking").hidden = !question;
    if (!question) return;
    setText(find("question-at"), say("questionOf", this.#at + 1, questions.length));
    setText(find("question-text"), question.text);
    find("previous").disabled = this.#at === 0;
    find("next").disabled = this.#at === questions.length - 1;
    const candidates = findCandidates(question, rows, vector);
    const key = JSON.stringify([question.text, candidates.map(({ text }) => text)]);
    if (key !== this.#shown) find("marks").replaceChildren(...candidates.map((candidate) => makeMark(question.text, candidate)));
    this.#shown = key;
    find("marks").querySelectorAll("input").forEach((box, i) => (box.checked = question.right.has(candidates[i].text)));
  }
}

/** The nearest, and those that are marked already. */
function findCandidates(question, rows, vector) {
  const known = vector ? rows.filter((row) => row.vector) : [];
  if (!known.length) return [];
  const standing = new Standing(vector, known.map((row) => row.vector));
  const scores = new Map(); // by text, nearest first: one that stands twice has one score
  for (const index of standing.order) scores.set(known[index].text, standing.whole[index]);
  const distinct = [...scores].map(([text, score]) => ({ text, score }));
  return distinct.filter(({ text }, i) => i < MAX_CANDIDATES || question.right.has(text)).slice(0, 2 * MAX_CANDIDATES);
}

function makeMark(questionText, { text, score }) {
  const box = make("input", { type: "checkbox" });
  box.addEventListener("change", () => {
    const question = getQuestions().find((each) => each.text === questionText);
    if (question) mark(question, text, box.checked);
  });
  return make("li", {}, make("label", {}, box, make("span", { dir: "auto" }, text), make("span", { className: "mark" }, number(score))));
}
