// SPDX-License-Identifier: Apache-2.0
// The button that goes from one theme to the next; theme.js recalls what it keeps.
import { find, setText } from "./dom.js";
import { say } from "./language.js";

const names = { auto: "themeAuto", light: "themeLight", dark: "themeDark" };
const themes = Object.keys(names);
const { dataset } = document.documentElement;

function keep(theme) {
  try {
    localStorage.setItem("nestd-theme", theme);
  } catch {
    /* then the choice lasts as long as the page */
  }
}

const show = () => setText(find("theme"), say(names[dataset.theme]));

find("theme").addEventListener("click", () => {
  dataset.theme = themes[(themes.indexOf(dataset.theme) + 1) % themes.length];
  keep(dataset.theme);
  show();
  document.dispatchEvent(new Event("themechange")); // for what a style sheet does not reach
});
show();
