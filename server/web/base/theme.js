// SPDX-License-Identifier: Apache-2.0
// Light, dark or as the system has it. Runs before the page is drawn, so that it never flashes; the button
// is theme-button.js's.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("nestd-theme");
  } catch {
    /* the browser forbids storage */
  }
  document.documentElement.dataset.theme = ["light", "dark"].includes(theme) ? theme : "auto";
})();
