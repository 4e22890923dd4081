// SPDX-License-Identifier: Apache-2.0
// Light, dark or as the system has it. Runs before the page is drawn, so that it never flashes.
(() => {
  const themes = ["auto", "light", "dark"];
  const names = { auto: "Theme: system", light: "Theme: light", dark: "Theme: dark" };
  let theme = "auto";

  // A browser may forbid storage; then the choice lasts as long as the page.
  function recall() {
    try {
      return localStorage.getItem("nestd-theme");
    } catch {
      return null;
    }
  }

  function keep() {
    try {
      localStorage.setItem("nestd-theme", theme);
    } catch {
      /* see recall() */
    }
  }

  function apply() {
    document.documentElement.dataset.theme = theme;
    const button = document.getElementById("theme");
    if (button) button.textContent = names[theme];
  }

  if (themes.includes(recall())) theme = recall();
  apply();
  document.addEventListener("DOMContentLoaded", () => {
    apply();
    document.getElementById("theme").addEventListener("click", () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      keep();
      apply();
    });
  });
})();
