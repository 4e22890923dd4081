// SPDX-License-Identifier: Apache-2.0
// The request as code: a tab for each language, and a button that copies what it shows.
import { find, make, setText } from "../base/dom.js";
import { say } from "../base/language.js";
import { setUpTabs } from "../base/tabs.js";
import { languages } from "./snippets.js";

let language = "";
let request = null; // {url, body, hasKey}; or null where there is none to show
let excuse = ""; // what is shown then
let clearing = 0;

/** The request as code, or why there is none. */
export function showCode(newRequest, why = "") {
  request = newRequest;
  excuse = why;
  setText(find("snippet"), request ? languages[language](request) : excuse);
}

const idOf = (name) => `tab-${name}`;

function makeTab(name) {
  const properties = { type: "button", role: "tab", id: idOf(name), className: "quiet", "aria-controls": "snippet" };
  return make("button", properties, name);
}

/** The clipboard is there only over HTTPS and on this machine: else the text is selected. */
async function copy() {
  const code = find("snippet");
  if (!request) return say("nothingToCopy");
  try {
    await navigator.clipboard.writeText(code.textContent);
    return say("copied");
  } catch {
    getSelection().selectAllChildren(code);
    return say("selectedToCopy");
  }
}

const names = Object.keys(languages);
find("languages").append(...names.map(makeTab));
const pick = setUpTabs(find("languages"), (id) => {
  language = names.find((name) => idOf(name) === id);
  find("snippet").setAttribute("aria-labelledby", id);
  showCode(request, excuse);
});
find("copy").addEventListener("click", async () => {
  find("copied").textContent = await copy();
  clearTimeout(clearing);
  clearing = setTimeout(() => (find("copied").textContent = ""), 4000);
});
pick(idOf(names[0]));
