// SPDX-License-Identifier: Apache-2.0
// Requests to the server that this page came from, and its refusals as a person needs them.

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

/** What went wrong: text is a sentence, wantsKey and retryS say what would help. */
export class Refusal extends Error {
  constructor(text, { wantsKey = false, retryS = 0, wasSent = true } = {}) {
    super(text);
    this.wantsKey = wantsKey;
    this.retryS = retryS;
    this.wasSent = wasSent;
  }
}

async function readMessage(reply) {
  try {
    const body = await reply.json();
    return body.error?.message ?? body.error ?? reply.statusText;
  } catch {
    return reply.statusText || `status ${reply.status}`;
  }
}

async function refuse(reply) {
  const message = await readMessage(reply);
  const retryS = Number(reply.headers.get("Retry-After")) || 1;
  if (reply.status === 401) {
    const words = getKey() ? "The server does not accept this API key." : "This server asks for an API key.";
    return new Refusal(words, { wantsKey: true });
  }
  if (reply.status === 429) return new Refusal("The server has as much work as it takes.", { retryS });
  if (reply.status === 503) return new Refusal(`${message}.`, { retryS });
  return new Refusal(message);
}

/** The reply of a path, relative to this page: GET, or POST where there is a body. */
export async function ask(path, body, signal) {
  const headers = {};
  if (body) headers["Content-Type"] = "application/json";
  if (getKey()) headers.Authorization = `Bearer ${getKey()}`;
  let reply;
  try {
    const method = body ? "POST" : "GET";
    reply = await fetch(path, { method, headers, signal, body: body && JSON.stringify(body) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refusal("The server cannot be reached.", { wasSent: false });
  }
  if (!reply.ok) throw await refuse(reply);
  return { body: await reply.json(), times: readTimes(reply.headers.get("Server-Timing")) };
}

/** "encode;dur=1.5, total;dur=2" as {encode: 1.5, total: 2}, in milliseconds. */
export function readTimes(header) {
  const times = {};
  for (const part of (header ?? "").split(",")) {
    const found = /^\s*([\w-]+)\s*;.*?\bdur=([\d.]+)/.exec(part);
    if (found) times[found[1]] = Number(found[2]);
  }
  return times;
}
