// SPDX-License-Identifier: Apache-2.0
// The text of a file, or of what was pasted, as sentences, pairs of a question and its answer, or a part of
// a data set in BEIR's layout. Nothing here knows the page.

const QUESTION = ["question", "query", "anchor", "source", "source_sentence", "sentence1", "pergunta"];
const ANSWER = ["answer", "positive", "passage", "document", "context", "sentence2", "resposta"];
const TEXT = ["text", "sentence", "texto", "frase", "content", "body"];

/** What is wrong with a file: reason is a key of the page's words, line counts from 1. */
export class BadFile extends Error {
  constructor(reason, line) {
    super(`${reason}, line ${line}`);
    Object.assign(this, { reason, line });
  }
}

const linesOf = (text) => text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/);

/** The lines that hold something, as sentences. */
export const readLines = (text) => linesOf(text).map((line) => line.trim()).filter(Boolean);

/** RFC 4180, with any separator: [{cells, line}]. A quoted field may hold separators, quotes and ends of lines. */
export function readTable(text, separator) {
  const rows = [];
  let [cells, cell, isQuoted, line, start] = [[], "", false, 1, 1];
  const source = text.replace(/^\ufeff/, "");
  const endRow = () => {
    cells.push(cell);
    if (cells.some((each) => each.trim())) rows.push({ cells, line: start });
    [cells, cell] = [[], ""];
  };
  for (let i = 0; i < source.length; i++) {
    const c = source[i];
    if (c === "\n") line++;
    if (isQuoted) {
      if (c !== '"') cell += c;
      else if (source[i + 1] === '"') cell += source[++i];
      else isQuoted = false;
    } else if (c === '"' && !cell) isQuoted = true;
    else if (c === separator) {
      cells.push(cell);
      cell = "";
    } else if (c === "\n" || c === "\r") {
      if (c === "\r" && source[i + 1] === "\n") continue;
      endRow();
      start = c === "\r" ? ++line : line;
    } else cell += c;
  }
  if (isQuoted) throw new BadFile("quoteOpen", start);
  endRow();
  return rows;
}

const plain = (name) => String(name).trim().toLowerCase();
const findName = (names, wanted) => names.findIndex((name) => wanted.includes(plain(name)));

/** The separator that stands most often in the first line. */
function guessSeparator(text) {
  const first = text.slice(0, text.search(/[\r\n]/) >>> 0 || text.length);
  const count = (c) => first.split(c).length;
  return [",", ";", "\t"].reduce((best, c) => (count(c) > count(best) ? c : best));
}

const trim = (cell) => String(cell ?? "").trim();

/** Pairs where two columns are named so, else the column of texts, else the first one. */
function fromColumns(names, rows) {
  const [question, answer] = [findName(names, QUESTION), findName(names, ANSWER)];
  if (question >= 0 && answer >= 0) {
    const pairs = rows.map((row) => ({ question: trim(row[question]), answer: trim(row[answer]) }));
    return { pairs: pairs.filter((pair) => pair.question && pair.answer) };
  }
  const text = Math.max(0, findName(names, [...TEXT, ...QUESTION, ...ANSWER]));
  return { sentences: rows.map((row) => trim(row[text])).filter(Boolean) };
}

/** BEIR's relevance: query-id, corpus-id, score. */
function fromJudgements(names, rows) {
  const at = ["query-id", "corpus-id", "score"].map((name) => names.findIndex((each) => plain(each) === name));
  if (at[0] < 0 || at[1] < 0) return null;
  const all = rows.map((row) => ({ query: trim(row[at[0]]), document: trim(row[at[1]]), score: at[2] < 0 ? 1 : Number(row[at[2]]) }));
  return { judgements: all.filter(({ query, document, score }) => query && document && score > 0) };
}

function readCsv(text, separator = guessSeparator(text)) {
  const table = readTable(text, separator).map(({ cells }) => cells);
  if (!table.length) return { sentences: [] };
  const [names, ...rows] = table;
  const known = [...QUESTION, ...ANSWER, ...TEXT, "query-id"];
  if (names.some((name) => known.includes(plain(name)))) return fromJudgements(names, rows) ?? fromColumns(names, rows);
  // No names: two columns are questions and answers.
  if (table.every((row) => row.length === 2)) return fromColumns(["question", "answer"], table);
  const isEven = table.every((row) => row.length === names.length);
  return { sentences: isEven ? table.map(([first]) => trim(first)).filter(Boolean) : readLines(text) };
}

function parseLine(text, line) {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadFile("notJson", line);
  }
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isEntry = (object) => isObject(object) && "_id" in object && "text" in object;

/** A title stands before its text, as sentence-transformers joins them. */
const joinEntry = ({ _id, title, text }) => ({ id: trim(_id), text: [trim(title), trim(text)].filter(Boolean).join(" ") });

function readJsonLines(text) {
  const numbered = linesOf(text).map((line, i) => ({ line, number: i + 1 })).filter(({ line }) => line.trim());
  const values = numbered.map(({ line, number }) => {
    const value = parseLine(line, number);
    if (typeof value !== "string" && !isObject(value) && !Array.isArray(value)) throw new BadFile("noText", number);
    return value;
  });
  if (!values.length) return { sentences: [] };
  if (values.every(isEntry)) return { entries: values.map(joinEntry).filter((entry) => entry.text) };
  const [first] = values;
  if (typeof first === "string") return { sentences: values.map(trim).filter(Boolean) };
  const names = Object.keys(first);
  return fromColumns(names, values.map((value) => (Array.isArray(value) ? value : names.map((name) => value[name]))));
}

/**
 * By the ending of its name: {sentences}, {pairs: [{question, answer}]}, {entries: [{id, text}]} or
 * {judgements: [{query, document, score}]}. Throws BadFile.
 */
export function readFile(name, text) {
  const ending = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  if (ending === "jsonl" || ending === "ndjson") return readJsonLines(text);
  if (ending === "csv") return readCsv(text);
  if (ending === "tsv") return readCsv(text, "\t");
  return { sentences: readLines(text) };
}

/** What was pasted: two columns between tabs are pairs, as from a spreadsheet; else sentences. */
export function readPaste(text) {
  const isTable = readLines(text).every((line) => line.split("\t").length === 2);
  return isTable && text.includes("\t") ? readCsv(text, "\t") : { sentences: readLines(text) };
}

/** Of several sets of entries, the smallest that holds every query judged is that of the queries; maps by id. */
function splitEntries(sets, judgements) {
  const judged = new Set(judgements.map(({ query }) => query));
  const holdsAll = (entries) => {
    const ids = new Set(entries.map(({ id }) => id));
    return [...judged].every((id) => ids.has(id));
  };
  const isJudged = judged.size > 0 && sets.length > 1;
  const ofQueries = isJudged ? sets.filter(holdsAll).sort((a, b) => a.length - b.length)[0] : undefined;
  const toMap = (entries) => new Map(entries.map(({ id, text }) => [id, text]));
  return { queries: toMap(ofQueries ?? []), corpus: toMap(sets.filter((set) => set !== ofQueries).flat()) };
}

/** Several files as one data set: {sentences, questions: [{text, right: [sentence]}]}, no text of them twice. */
export function joinFiles(files) {
  const all = (name) => files.flatMap((file) => file[name] ?? []);
  const [pairs, judgements] = [all("pairs"), all("judgements")];
  const { queries, corpus } = splitEntries(files.map(({ entries }) => entries).filter(Boolean), judgements);
  const right = new Map(); // sets of sentences, by question
  const mark = (question, answer) => right.set(question, (right.get(question) ?? new Set()).add(answer));
  for (const { question, answer } of pairs) mark(question, answer);
  for (const { query, document } of judgements)
    if (queries.has(query) && corpus.has(document)) mark(queries.get(query), corpus.get(document));
  const sentences = [...all("sentences"), ...pairs.map(({ answer }) => answer), ...corpus.values()];
  return {
    sentences: [...new Set(sentences)],
    questions: [...right].map(([text, answers]) => ({ text, right: [...answers] })),
  };
}
