// SPDX-License-Identifier: Apache-2.0
// openapi.json as a page.
import { find, make } from "./dom.js";
import { describe, examplesOf, fields, resolve } from "./schema.js";
import { ask } from "./server.js";

const METHODS = ["get", "post"];

/** In a region of its own, which the keyboard can scroll where it is too wide; `name` is unique. */
function table(name, heads, rows) {
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
  const body = rows.map((cells) => make("tr", {}, ...cells.map((cell) => make("td", {}, ...[cell].flat()))));
  const element = make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
  return make("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": name }, element);
}

const code = (text) => make("code", {}, text);

function fieldRows(document, schema) {
  return fields(document, schema).map((field) => [
    [code(field.name), field.isRequired ? make("span", { className: "required" }, " required") : ""],
    field.type,
    field.preset && code(field.preset),
    field.description,
  ]);
}

function requestOf(document, operation, name) {
  const body = resolve(document, operation.requestBody);
  if (!body) return [];
  const media = body.content["application/json"];
  const rows = fieldRows(document, media.schema);
  const parts = [make("h4", {}, "Request"), table(`Request of ${name}`, ["field", "type", "default", "meaning"], rows)];
  for (const { title, value } of examplesOf(media))
    parts.push(
      make("p", { className: "note" }, title),
      make("pre", { tabIndex: 0 }, JSON.stringify(value, null, 2)),
    );
  return parts;
}

function parametersOf(document, operation, path, name) {
  const parameters = [...(path.parameters ?? []), ...(operation.parameters ?? [])];
  if (!parameters.length) return [];
  const rows = parameters
    .map((parameter) => resolve(document, parameter))
    .map(({ name, in: place, schema, description }) => [
      code(name),
      place,
      schema ? describe(document, schema) : "",
      description ?? "",
    ]);
  return [make("h4", {}, "Parameters"), table(`Parameters of ${name}`, ["name", "in", "type", "meaning"], rows)];
}

function replyType(document, media) {
  if (!media?.schema) return "";
  const names = fields(document, media.schema).map((field) => field.name);
  return names.length ? names.join(", ") : describe(document, media.schema);
}

function repliesOf(document, operation, name) {
  const rows = Object.entries(operation.responses).map(([status, reference]) => {
    const reply = resolve(document, reference);
    const [type, media] = Object.entries(reply.content ?? {})[0] ?? ["", null];
    return [code(status), reply.description, type, replyType(document, media)];
  });
  return [make("h4", {}, "Replies"), table(`Replies of ${name}`, ["status", "when", "type", "holds"], rows)];
}

function operationOf(document, { path, method, operation, item }) {
  const badge = make("span", { className: `method ${method}` }, method.toUpperCase());
  const title = make("h3", {}, badge, code(path));
  const name = `${method.toUpperCase()} ${path}`;
  return make(
    "article",
    { className: "card", id: operation.operationId },
    title,
    make("p", {}, operation.summary ?? ""),
    operation.description ? make("p", {}, operation.description) : null,
    ...parametersOf(document, operation, item, name),
    ...requestOf(document, operation, name),
    ...repliesOf(document, operation, name),
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

start();
