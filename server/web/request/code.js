// SPDX-License-Identifier: Apache-2.0
// The request as code: a tab for each language, and a button that copies what it shows.
import { find, make, setText } from "../base/dom.js";
import { languages } from "./snippets.js";

const names = Object.keys(languages);
let language = names[0];
let request = null; // {url, body, hasKey}, or null where there is none to show
let clearing = 0;

export function showCode(newRequest) {
  request = newRequest;
  setText(find("snippet"), request ? languages[language](request) : "");
}

function pick(name) {
  language = name;
  for (const tab of find("languages").children) {
    const isPicked = tab.textContent === name;
    tab.setAttribute("aria-selected", String(isPicked));
    tab.tabIndex = isPicked ? 0 : -1;
    if (isPicked) find("snippet").setAttribute("aria-labelledby", tab.id);
  }
  showCode(request);
}

function makeTab(name) {
  const properties = { type: "button", role: "tab", id: `tab-${name}`, className: "quiet", "aria-controls": "snippet" };
  const tab = make("button", properties, name);
  tab.addEventListener("click", () => pick(name));
  return tab;
}

/** The clipboard is there only over HTTPS and on this machine: else the text is selected. */
async function copy() {
  const code = find("snippet");
  if (!request) return "There is nothing to copy yet.";
  try {
    await navigator.clipboard.writeText(code.textContent);
    return "Copied.";
  } catch {
    getSelection().selectAllChildren(code);
    return "Selected: copy it with the keyboard.";
  }
}

find("languages").append(...names.map(makeTab));
find("languages").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  pick(names[(names.indexOf(language) + step + names.length) % names.length]);
  find(`tab-${language}`).focus();
});
find("copy").addEventListener("click", async () => {
  find("copied").textContent = await copy();
  clearTimeout(clearing);
  clearing = setTimeout(() => (find("copied").textContent = ""), 4000);
});
pick(language);
