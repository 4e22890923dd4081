// SPDX-License-Identifier: Apache-2.0
// Texts that are dropped, opened or pasted, into the form.
import { find, setText } from "../base/dom.js";
import { say } from "../base/language.js";
import { Work } from "../numbers/work.js";
import { readLines } from "./files.js";
import { fillForm, isSentenceField, MAX_SENTENCES, pasteSentences } from "./form.js";
import { MAX_QUESTIONS, setQuestions } from "./questions.js";

const MAX_BYTES = 64e6; // of all files together

const work = new Work();
const tell = (text) => setText(find("taken"), text);

function describe({ sentences, questions }) {
  const parts = [say("taken", Math.min(sentences.length, MAX_SENTENCES), Math.min(questions.length, MAX_QUESTIONS))];
  if (sentences.length > MAX_SENTENCES || questions.length > MAX_QUESTIONS) parts.push(say("tooMany", MAX_SENTENCES, MAX_QUESTIONS));
  return parts.join(" ");
}

function explain({ reason, line, name, message }) {
  return reason ? say("badFile", name, line, say(reason)) : say("unreadable", message);
}

/** A data set as joinFiles() gives it. */
export function takeData(data) {
  if (data.questions.length) setQuestions(data.questions);
  fillForm({ source: data.questions[0]?.text, sentences: data.sentences });
}

async function takeFiles(list) {
  const files = [...list];
  if (!files.length) return;
  if (files.reduce((sum, { size }) => sum + size, 0) > MAX_BYTES) return tell(say("tooLarge", MAX_BYTES));
  tell(say("reading"));
  try {
    const data = await work.run("read", { files });
    if (!data.sentences.length) return tell(say("nothingFound"));
    tell(describe(data));
    takeData(data);
  } catch (error) {
    tell(explain(error));
  }
}

const hasFiles = (event) => event.dataTransfer?.types.includes("Files");

function setDropping(isDropping) {
  document.body.classList.toggle("dropping", isDropping);
}

document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  setDropping(true);
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) setDropping(false);
});
document.addEventListener("drop", (event) => {
  setDropping(false);
  if (!hasFiles(event)) return;
  event.preventDefault();
  takeFiles(event.dataTransfer.files);
});
find("open").addEventListener("click", () => find("file").click());
find("file").addEventListener("change", async () => {
  await takeFiles(find("file").files);
  find("file").value = ""; // so that the same file may be opened again
});
find("texts").addEventListener("paste", (event) => {
  const sentences = readLines(event.clipboardData.getData("text/plain"));
  if (sentences.length < 2 || !isSentenceField(event.target)) return;
  event.preventDefault();
  pasteSentences(event.target, sentences);
});
