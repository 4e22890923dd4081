// SPDX-License-Identifier: Apache-2.0
// Drives the pages in headless Chromium: node run.mjs '{"open": URL, "keyed": URL, "refusing": URL, "key": KEY}',
// whose servers page.mjs tells. Prints {step: null or what went wrong}; test_pages.py reads it. With a second
// argument, only steps whose name holds that.
import { browser } from "./page.mjs";
import * as compare from "./compare.mjs";
import * as data from "./data.mjs";
import * as languages from "./languages.mjs";
import * as looks from "./looks.mjs";
import * as numbers from "./numbers.mjs";
import * as refusals from "./refusals.mjs";
import * as scores from "./scores.mjs";
import * as evaluate from "./evaluate.mjs";
import * as shown from "./shown.mjs";
import * as views from "./views.mjs";

const steps = Object.assign({}, ...[scores, compare, views, evaluate, data, refusals, shown, numbers, languages, looks].map((module) => module.steps));
const results = {};
for (const [name, step] of Object.entries(steps)) {
  if (!name.includes(process.argv[3] ?? "")) continue;
  try {
    await step();
    results[name] = null;
  } catch (error) {
    results[name] = error.stack;
  }
  console.error(results[name] === null ? "passed" : "failed", name); // for who waits
  for (const context of browser.contexts()) await context.close();
}
await browser.close();
console.log(JSON.stringify(results));
