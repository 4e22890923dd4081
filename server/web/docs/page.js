// SPDX-License-Identifier: Apache-2.0
// openapi.json as a page.
import { find, make } from "../base/dom.js";
import { translatePage } from "../base/language.js";
import { ask } from "../base/server.js";
import "../base/theme-button.js";
import { sample } from "./sample.js";
import { describe, examplesOf, fields, resolve } from "./schema.js";
import { makeTry } from "./try.js";

const METHODS = ["get", "post"];

const code = (text) => make("code", {}, text);

/** rows: [{name, mark, facts, words}] as names with what is told of each. */
function terms(rows) {
  const pairs = rows.flatMap(({ name, mark, facts, words }) => [
    make("dt", {}, code(name), mark ? make("span", { className: "required" }, ` ${mark}`) : null),
    make("dd", {}, facts.length ? make("p", { className: "facts" }, ...facts) : null, words ? make("p", {}, words) : null),
  ]);
  return make("dl", { className: "terms" }, ...pairs);
}

function fieldRow({ name, type, preset, isRequired, description }) {
  const facts = preset ? [`${type}; default `, code(preset)] : [type];
  return { name, mark: isRequired ? "required" : "", facts, words: description };
}

function requestOf(document, operation) {
  const body = resolve(document, operation.requestBody);
  if (!body) return [];
  const media = body.content["application/json"];
  const parts = [make("h4", {}, "Request"), terms(fields(document, media.schema).map(fieldRow))];
  for (const { title, value } of examplesOf(media))
    parts.push(make("p", { className: "note" }, title), make("pre", {}, JSON.stringify(value, null, 2)));
  return parts;
}

function parametersOf(document, operation, path) {
  const parameters = [...(path.parameters ?? []), ...(operation.parameters ?? [])];
  if (!parameters.length) return [];
  const rows = parameters
    .map((parameter) => resolve(document, parameter))
    .map(({ name, in: place, required, schema, description }) => ({
      name,
      mark: required ? "required" : "",
      facts: [schema ? `${describe(document, schema)}, in ${place}` : `in ${place}`],
      words: description,
    }));
  return [make("h4", {}, "Parameters"), terms(rows)];
}

function replyType(document, media) {
  if (!media?.schema) return "";
  const names = fields(document, media.schema).map((field) => field.name);
  return names.length ? names.join(", ") : describe(document, media.schema);
}

function repliesOf(document, operation) {
  const rows = Object.entries(operation.responses).map(([status, reference]) => {
    const reply = resolve(document, reference);
    const [type, media] = Object.entries(reply.content ?? {})[0] ?? ["", null];
    const holds = replyType(document, media);
    return { name: status, facts: type ? [`${type}${holds && `: ${holds}`}`] : [], words: reply.description };
  });
  return [make("h4", {}, "Replies"), terms(rows)];
}

/** What a good reply looks like: its own example, or one made of its schema. */
function replyExampleOf(document, operation) {
  const media = resolve(document, operation.responses["200"])?.content?.["application/json"];
  if (!media) return [];
  const [own] = examplesOf(media);
  const value = own ? own.value : sample(document, media.schema);
  return [make("p", { className: "note" }, "A reply, for example"), make("pre", {}, JSON.stringify(value, null, 2))];
}

function tryOf(document, { path, method, operation, item }) {
  const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((each) => resolve(document, each));
  const media = resolve(document, operation.requestBody)?.content["application/json"];
  const [first] = media ? examplesOf(media) : [];
  const example = media ? JSON.stringify(first?.value ?? sample(document, media.schema), null, 2) : null;
  const inPath = parameters.filter((each) => each.in === "path").map(({ name }) => name);
  return makeTry({ id: operation.operationId, path, method, parameters: inPath, example });
}

function operationOf(document, whole) {
  const { path, method, operation, item } = whole;
  const badge = make("span", { className: `method ${method}` }, method.toUpperCase());
  const title = make("h3", {}, badge, code(path));
  return make(
    "article",
    { className: "card", id: operation.operationId },
    title,
    make("p", {}, operation.summary ?? ""),
    operation.description ? make("p", {}, operation.description) : null,
    ...parametersOf(document, operation, item),
    ...requestOf(document, operation),
    ...repliesOf(document, operation),
    ...replyExampleOf(document, operation),
    tryOf(document, whole),
  );
}

function list(document) {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({ path, method, operation: item[method], item })),
  );
}

function show(document) {
  const operations = list(document);
  find("version").textContent = `${document.info.title} ${document.info.version}`;
  find("description").textContent = document.info.description;
  for (const tag of document.tags) {
    const own = operations.filter(({ operation }) => operation.tags.includes(tag.name));
    const links = own.map(({ path, method, operation }) =>
      make("li", {}, make("a", { href: `#${operation.operationId}` }, `${method.toUpperCase()} ${path}`)),
    );
    find("contents").append(make("h2", {}, tag.name), make("ul", {}, ...links));
    find("routes").append(make("h2", {}, tag.name), make("p", {}, tag.description ?? ""));
    find("routes").append(...own.map((each) => operationOf(document, each)));
  }
  // What the address names is there only now.
  if (location.hash) find(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
}

async function start() {
  try {
    show((await ask("openapi.json")).body);
    find("problem").hidden = true;
  } catch (refusal) {
    find("problem").hidden = false;
    find("problem").textContent = refusal.message;
    if (refusal.retryS) setTimeout(start, 1000 * refusal.retryS);
  }
}

translatePage();
start();
