// SPDX-License-Identifier: Apache-2.0
// Requests to the server that this page came from, and its refusals as a person needs them.
import { say } from "./language.js";

const KEY = "nestd-key";
let memory = ""; // where the browser forbids storage

export function getKey() {
  try {
    return sessionStorage.getItem(KEY) ?? memory;
  } catch {
    return memory;
  }
}

/** Kept until the tab is closed; never part of an address. */
export function setKey(key) {
  memory = key;
  try {
    sessionStorage.setItem(KEY, key);
  } catch {
    /* memory has it */
  }
}

/**
 * What went wrong, as a sentence, and what would help: a key, or asking again in retryS seconds.
 * isOfBody: another body might be taken. isLost: who answers next may be another server.
 */
export class Refusal extends Error {
  constructor(text, { code = null, wantsKey = false, retryS = 0, isOfBody = false, isLost = false } = {}) {
    super(text);
    Object.assign(this, { code, wantsKey, retryS, isOfBody, isLost });
  }
}

/** {message, code} of an error in the shape of any route. */
async function readError(reply) {
  try {
    const { error } = await reply.json();
    if (typeof error === "string") return { message: error, code: null };
    return { message: error.message, code: error.code };
  } catch {
    return { message: reply.statusText || say("status", reply.status), code: null };
  }
}

const asSentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);

async function refuse(reply) {
  const { message, code } = await readError(reply);
  const retryS = Number(reply.headers.get("Retry-After")) || 1;
  if (reply.status === 401) {
    const words = say(getKey() ? "keyRefused" : "keyWanted");
    return new Refusal(words, { wantsKey: true });
  }
  if (reply.status === 429) return new Refusal(say("busy"), { retryS });
  if (reply.status === 503) return new Refusal(asSentence(message), { retryS, isLost: true });
  return new Refusal(asSentence(message), { code, isOfBody: [400, 413, 422].includes(reply.status) });
}

export function makeHeaders(hasBody) {
  const headers = {};
  if (hasBody) headers["Content-Type"] = "application/json";
  if (getKey()) headers.Authorization = `Bearer ${getKey()}`;
  return headers;
}

async function send(path, body, signal) {
  const headers = makeHeaders(Boolean(body));
  try {
    const method = body ? "POST" : "GET";
    return await fetch(path, { method, headers, signal, body: body && JSON.stringify(body) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refusal(say("unreachable"), { isLost: true });
  }
}

async function readBody(reply, signal) {
  try {
    return await reply.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refusal(say("notRead"), { isLost: true });
  }
}

/** The reply of a path, relative to this page: GET, or POST where there is a body. */
export async function ask(path, body, signal) {
  const reply = await send(path, body, signal);
  if (!reply.ok) throw await refuse(reply);
  return { body: await readBody(reply, signal), times: readTimes(reply.headers.get("Server-Timing")) };
}

/** "encode;dur=1.5, total;dur=2" as {encode: 1.5, total: 2}, in milliseconds. */
function readTimes(header) {
  const times = {};
  for (const part of (header ?? "").split(",")) {
    const found = /^\s*([\w-]+)\s*;.*?\bdur=([\d.]+)/.exec(part);
    if (found) times[found[1]] = Number(found[2]);
  }
  return times;
}
