// SPDX-License-Identifier: Apache-2.0
// What the steps share: the browser, the servers' addresses and the playground as a person sees it.
// playwright-core and axe-core lie in the folder of NODE_PATH, which require() alone looks at.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** Addresses: `keyed` asks for `key`, `refusing` refuses texts that are too long. */
export const { open, keyed, refusing, key } = JSON.parse(process.argv[2]);
export const PHONE = { width: 390, height: 844 };
export const TOO_LONG = "word ".repeat(600).trim();

export const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"].concat(
    "--disable-background-networking",
    "--disable-component-update",
  ),
});

/** A page of its own context, watched for what no page of ours may do. */
export async function visit(url, options = {}) {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  page.setDefaultTimeout(15000);
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // A refusal that a step provokes is told on the console too.
    const text = message.text();
    if (message.type() === "error" && !text.startsWith("Failed to load resource")) page.faults.push(text);
  });
  page.on("request", (request) => {
    if (![url, open].some((own) => new URL(request.url()).origin === new URL(own).origin)) page.faults.push(`asked ${request.url()}`);
  });
  await page.goto(url);
  return page;
}

export async function visitSettled(url, options) {
  const page = await visit(url, options);
  await settled(page);
  return page;
}

/** Every sentence has its score. */
export const settled = (page) =>
  page.waitForFunction(() => {
    const items = [...document.querySelectorAll("#ranking li")];
    const isBusy = document.querySelector("#results[aria-busy]");
    return items.length > 0 && !isBusy && items.every((item) => "score" in item.dataset);
  });

/** Opens a chart's table, which is written once the browser has told the page so. */
export async function openTable(details) {
  await details.locator("summary").click();
  await details.locator("tbody tr").first().waitFor();
}

export const sentence = (page, n) => page.getByLabel(`Sentence ${n}`, { exact: true });
export const compare = (page) => page.getByRole("button", { name: "Compare", exact: true }).click();

/** What stands in the list of scores, from the top: {text, score, seen}, where score is null for none. */
export const getRows = (page) =>
  page.locator("#ranking li").evaluateAll((items) =>
    items.map((item) => ({
      text: item.querySelector(".text").textContent,
      score: "score" in item.dataset ? Number(item.dataset.score) : null,
      seen: item.querySelector(".figures").innerText,
    })),
  );

/** Asserts that no number is shown beside any of the texts, nor a bar for it. */
export async function assertNoScores(page) {
  const rows = await getRows(page);
  assert.deepEqual(rows.filter(({ score, seen }) => score !== null || /\d\.\d/.test(seen)), []);
  const widths = await page.locator("#ranking .fill").evaluateAll((bars) =>
    bars.map((bar) => {
      bar.getAnimations().forEach((animation) => animation.finish());
      return bar.getBoundingClientRect().width;
    }),
  );
  assert.ok(widths.every((width) => width === 0), `bars are ${widths} wide`);
}

/** The server's own scores of these texts, in their order. */
export async function askScores(source, sentences, dimensions = 384) {
  const reply = await fetch(`${open}/v1/similarity`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ input: source, compare_with: sentences, similarity: "cosine", dimensions }),
  });
  return (await reply.json()).scores[0];
}

export function assertClose(found, expected) {
  assert.equal(found.length, expected.length);
  found.forEach((score, i) => assert.ok(Math.abs(score - expected[i]) < 1e-5, `${found} for ${expected}`));
}

/** Asserts that the scores on the page are what the server says of what stands in its rows. */
export async function assertScores(page, dimensions = 384) {
  const rows = (await getRows(page)).filter(({ score }) => score !== null);
  const source = await page.locator("#source").inputValue();
  const expected = await askScores(source.trim(), rows.map(({ text }) => text), dimensions);
  assertClose(rows.map(({ score }) => score), expected);
  rows.forEach(({ seen }, i) => assert.ok(seen.includes(Math.abs(expected[i]).toFixed(3)), `${seen}: ${expected[i]}`));
}

export async function typeLines(page, source, lines) {
  await page.getByLabel("Many lines").check();
  await page.getByLabel("Sentences, one per line").fill(lines.join("\n"));
  await page.locator("#source").fill(source);
  await compare(page);
  await page.waitForFunction((n) => document.querySelectorAll("#ranking li").length === n, lines.length);
  await settled(page);
}

/** As a person drags it: no more is asked of the browser than the page itself asks. */
export const slide = (page, dimensions) =>
  page.evaluate((value) => {
    const slider = document.getElementById("dimension");
    slider.value = Math.log2(value);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  }, dimensions);

/** What a browser calls a long task begins at 50 ms; a person minds from about here on. */
export const MAX_TASK_MS = 200;

/**
 * How long each task of the page's thread took while `work` ran, in ms of processor time: on a machine that
 * does nothing else it is what PerformanceObserver tells, and on another it is the page's own share.
 */
export async function traceTasks(page, work) {
  await browser.startTracing(page, { categories: ["__metadata", "disabled-by-default-devtools.timeline"] });
  await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const mains = traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  const isOfPage = ({ pid, tid }) => mains.some((main) => main.pid === pid && main.tid === tid);
  return traceEvents.filter((event) => event.name === "RunTask" && isOfPage(event)).map(({ tdur }) => tdur / 1000);
}

/** Nothing that axe finds, serious or not. */
export async function assertAccessible(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), [], what);
}

/** The server's vectors of texts, as Float32Arrays. */
export async function askVectors(texts) {
  const vectors = [];
  for (let start = 0; start < texts.length; start += 100) {
    const body = JSON.stringify({ input: texts.slice(start, start + 100) });
    const reply = await fetch(`${open}/v1/embeddings`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    vectors.push(...(await reply.json()).data.map(({ embedding }) => Float32Array.from(embedding)));
  }
  return vectors;
}

/** Drops files, {name: text}, on the page as a person would. */
export async function drop(page, files) {
  const transfer = await page.evaluateHandle((all) => {
    const data = new DataTransfer();
    for (const [name, text] of Object.entries(all)) data.items.add(new File([text], name));
    return data;
  }, files);
  await page.dispatchEvent("body", "dragover", { dataTransfer: transfer });
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
}

/** Replies at once, with vectors that differ: the page's own work is what is to be seen. */
export async function answerAtOnce(page) {
  await page.route("**/v1/embeddings", (route) => {
    const { input } = route.request().postDataJSON();
    const data = input.map((text, index) => {
      const vector = new Float32Array(384);
      let seed = [...text].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 2147483647, 7);
      for (let i = 0; i < 384; i++) {
        seed = (seed * 16807 + 11) % 2147483647;
        vector[i] = seed / 1073741823 - 1;
      }
      return { object: "embedding", index, embedding: Buffer.from(vector.buffer).toString("base64") };
    });
    return route.fulfill({ json: { object: "list", model: "all-MiniLM-L6-v2-fp16", data, truncated: [] } });
  });
}

export const makeLines = (n) => Array.from({ length: n }, (_, i) => `Line number ${i} of a file with ${(i * 7919) % 100003} in it`).join("\n");
