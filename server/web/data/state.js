// SPDX-License-Identifier: Apache-2.0
// What a reload or a link brings back: {source, sentences, questions, view, dimensions}. A reload finds it in
// the tab's own storage; a link has it in its fragment, which a browser sends to no server.

const KEY = "nestd-state";
const MARK = "#texts=";
const MAX_LINK = 30000; // letters of a fragment; more is lost by mail programs and chats
const MAX_BYTES = 4e6; // that a fragment may grow to

const isText = (value) => typeof value === "string";
const isTexts = (value) => Array.isArray(value) && value.every(isText);
const isQuestion = (value) => isText(value?.text) && isTexts(value?.right);

/** The state in a value of unknown origin, or null. */
export function check(value) {
  if (!isText(value?.source) || !isTexts(value.sentences)) return null;
  const { source, sentences, questions, view, dimensions } = value;
  return {
    source,
    sentences,
    questions: Array.isArray(questions) && questions.every(isQuestion) ? questions : [],
    view: isText(view) ? view : null,
    dimensions: Number.isInteger(dimensions) ? dimensions : null,
  };
}

function parse(text) {
  try {
    return check(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Does nothing where the browser forbids storage, or has not as much. */
export function keepState(state) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(state));
  } catch {
    try {
      sessionStorage.removeItem(KEY); // what is there is of before
    } catch {
      /* then nothing is there */
    }
  }
}

export function recallState() {
  try {
    return parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}

const through = (bytes, stream) => new Blob([bytes]).stream().pipeThrough(stream).getReader();

async function readAll(reader, max) {
  const parts = [];
  let length = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    parts.push(next.value);
    length += next.value.length;
    if (length > max) throw new RangeError("too long");
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** The fragment of a link to this state; null if it were too long. */
export async function toFragment(state) {
  const packed = await readAll(through(JSON.stringify(state), new CompressionStream("deflate-raw")), Infinity);
  if (packed.length > (MAX_LINK * 3) / 4) return null;
  const base64 = btoa(String.fromCharCode(...packed));
  return MARK + base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The state in a fragment, or null. */
export async function fromFragment(fragment) {
  if (!fragment.startsWith(MARK)) return null;
  try {
    const base64 = fragment.slice(MARK.length).replaceAll("-", "+").replaceAll("_", "/");
    const packed = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const bytes = await readAll(through(packed, new DecompressionStream("deflate-raw")), MAX_BYTES);
    return parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
