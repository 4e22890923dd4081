// SPDX-License-Identifier: Apache-2.0
// The questions that sizes are judged by, and which sentences are right answers to each. A sentence is
// known by its text, so that marks stay while others come and go.

export const MAX_QUESTIONS = 2000;

let questions = []; // {text, right: Set of sentences}
let listeners = [];

const tell = () => listeners.forEach((listener) => listener());

export const onQuestions = (listener) => listeners.push(listener);
export const getQuestions = () => questions;

/** list: [{text, right: [sentence]}]; those without a text are left out. */
export function setQuestions(list) {
  const kept = list.filter(({ text }) => text).slice(0, MAX_QUESTIONS);
  questions = kept.map(({ text, right }) => ({ text, right: new Set(right) }));
  tell();
}

/** As the lines of a field: a question keeps its marks by its text, or by its line where only that has changed. */
export function setQuestionTexts(texts) {
  const before = questions;
  const byText = new Map(before.map((question) => [question.text, question]));
  const isEdit = texts.length === before.length;
  const rightOf = (text, i) => (byText.get(text) ?? (isEdit && !texts.includes(before[i].text) ? before[i] : null))?.right ?? [];
  setQuestions(texts.map((text, i) => ({ text, right: [...rightOf(text, i)] })));
}

export function mark(question, sentence, isRight) {
  if (isRight) question.right.add(sentence);
  else question.right.delete(sentence);
  tell();
}

/** {text, right: [sentence]} each, to be kept. */
export const exportQuestions = () => questions.map(({ text, right }) => ({ text, right: [...right] }));
