// SPDX-License-Identifier: Apache-2.0
// A request of the description sent to this server, and what it answers.
import { make, setText } from "../base/dom.js";
import { makeHeaders, setKey } from "../base/server.js";

const MAX_SHOWN = 4000; // letters of a reply

/** As it was sent, or with lines where it is JSON. */
function format(text) {
  let shown = text;
  try {
    shown = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    /* it is shown as it is */
  }
  return shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}\n… and ${shown.length - MAX_SHOWN} more characters` : shown;
}

async function send(method, path, body) {
  const started = performance.now();
  const reply = await fetch(path, { method, headers: makeHeaders(body !== null), body });
  const text = await reply.text();
  return { status: reply.status, text, ms: performance.now() - started };
}

function makeField(label, properties, tag = "input") {
  const field = make(tag, properties);
  return { field, element: make("label", { className: "field" }, label, field) };
}

/** What a form holds to be sent: {elements, path(), body()}. */
function makeFields({ path, parameters, example }) {
  const values = parameters.map((name) => ({ name, ...makeField(name, { type: "text", spellcheck: false }) }));
  const rows = Math.min(14, (example ?? "").split("\n").length + 1);
  const body = example === null ? null : makeField("Body", { value: example, rows, spellcheck: false }, "textarea");
  const fill = (at, { name, field }) => at.replace(`{${name}}`, encodeURIComponent(field.value));
  return {
    elements: [...values.map(({ element }) => element), body?.element],
    path: () => values.reduce(fill, path).replace(/^\//, "") || "./",
    body: () => (body ? body.field.value : null),
  };
}

/** {element, keep()}: a field for a key, hidden until one is asked for. */
function makeKey() {
  const { field, element } = makeField("API key", { type: "password", autocomplete: "off", spellcheck: false });
  element.hidden = true;
  const keep = () => {
    if (field.value.trim()) setKey(field.value.trim());
    field.value = "";
  };
  return { element, keep };
}

/** For an operation: {id, path, method, parameters: [name], example: JSON text or null}. */
export function makeTry({ id, path, method, parameters, example }) {
  const fields = makeFields({ path, parameters, example });
  const key = makeKey();
  const status = make("p", { className: "note", role: "status" });
  const shown = make("pre", { tabIndex: 0, hidden: true, role: "region", "aria-label": `Reply of ${path}` });
  const button = make("button", { type: "submit", className: "strong" }, "Send");
  const form = make("form", { className: "try", autocomplete: "off" }, ...fields.elements, key.element, button);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    key.keep();
    setText(status, "Sending…");
    try {
      const reply = await send(method.toUpperCase(), fields.path(), fields.body());
      setText(status, `Status ${reply.status}, ${reply.ms.toFixed(0)} ms`);
      setText(shown, format(reply.text));
      key.element.hidden = reply.status !== 401;
    } catch {
      setText(status, "The server cannot be reached.");
    }
    shown.hidden = !shown.textContent;
  });
  return make("details", { id: `try-${id}` }, make("summary", {}, "Try it"), form, status, shown);
}
