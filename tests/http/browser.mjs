// SPDX-License-Identifier: Apache-2.0
// Drives the pages in headless Chromium: node browser.mjs OPEN_URL KEYED_URL KEY, the second being a
// server that asks for the key. Prints {step: null or what went wrong}; test_pages.py reads it.
// playwright-core and axe-core lie in the folder of NODE_PATH, which require() alone looks at.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const [open, keyed, key] = process.argv.slice(2);
const PHONE = { width: 390, height: 844 };

// What a page must show and copy as it is.
const HOSTILE = [
  "<img src=x onerror=\"document.title='owned'\">",
  `it's "quoted" \\ $HOME \`id\` !! %s`,
  "two\u2028lines and a \u202eturn",
  "😀 שלום עולם",
  "</script><b>bold</b> &amp; ${1+1}",
];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"].concat(
    "--disable-background-networking",
    "--disable-component-update",
  ),
});

/** A page of its own context, watched for what no page of ours may do. */
async function visit(url, options = {}) {
  const context = await browser.newContext(options);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // A refusal that a step provokes is told on the console too.
    const text = message.text();
    if (message.type() === "error" && !text.startsWith("Failed to load resource")) page.faults.push(text);
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) page.faults.push(`asked ${request.url()}`);
  });
  await page.goto(url);
  return page;
}

const settled = (page) => page.waitForFunction(() => document.querySelector("#ranking li") && !document.querySelector("#results[aria-busy]"));
const texts = (page) => page.locator("#ranking .text").allTextContents();
const scores = (page) => page.locator("#ranking li").evaluateAll((items) => items.map((item) => Number(item.dataset.score)));

async function visitSettled(url, options) {
  const page = await visit(url, options);
  await settled(page);
  return page;
}

/** What the server says of the page's texts, best first. */
async function askScores(page, dimensions) {
  const source = await page.locator("#source").inputValue();
  const sentences = await texts(page);
  const body = { input: source, compare_with: sentences, similarity: "cosine", dimensions };
  const reply = await fetch(`${open}/v1/similarity`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const row = (await reply.json()).scores[0];
  return sentences.map((text, i) => ({ text, score: row[i] })).sort((a, b) => b.score - a.score);
}

async function typeLines(page, source, lines) {
  await page.getByLabel("Many lines").check();
  await page.getByLabel("Sentences, one a line").fill(lines.join("\n"));
  await page.locator("#source").fill(source);
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await page.waitForFunction((n) => document.querySelectorAll("#ranking li").length === n, lines.length);
  await settled(page);
}

function assertClose(found, expected) {
  assert.equal(found.length, expected.length);
  found.forEach((score, i) => assert.ok(Math.abs(score - expected[i]) < 1e-5, `${found} for ${expected}`));
}

const steps = {
  async "scores are the server's at every dimension"() {
    const page = await visitSettled(open);
    const slider = page.getByLabel("Dimensions", { exact: false }).first();
    let nOrders = new Set();
    for (const dimensions of [384, 256, 128, 64, 16, 8, 4]) {
      await slider.fill(String(dimensions - 1));
      const expected = await askScores(page, dimensions);
      assert.deepEqual(await texts(page), expected.map(({ text }) => text));
      assertClose(await scores(page), expected.map(({ score }) => score));
      assert.equal(await page.locator("#dimension-text").textContent(), `${dimensions} of 384`);
      assert.match(await page.locator("#sizes").textContent(), new RegExp(`int8${dimensions} B`));
      nOrders.add((await texts(page)).join());
    }
    assert.ok(nOrders.size > 1, "no dimension changed the order");
    assert.match(await page.locator("#ranking").textContent(), /[▲▼] \d/);
    assert.match(await page.locator("#time").textContent(), /^7 texts in \d+\.\d ms/);
    assert.deepEqual(page.faults, []);
  },

  async "a sentence that is typed is scored"() {
    const page = await visitSettled(open);
    await page.getByRole("button", { name: "Add a sentence" }).click();
    await page.keyboard.type("Qual é a capital de Portugal?");
    await page.waitForFunction(() => document.querySelectorAll("#ranking li").length === 7);
    assert.equal((await texts(page))[0], "Qual é a capital de Portugal?");
    assertClose((await scores(page)).slice(0, 1), [1]);
    await page.getByRole("button", { name: "Remove sentence 7" }).click();
    await page.waitForFunction(() => document.querySelectorAll("#ranking li").length === 6);
    await page.getByRole("button", { name: "English", exact: true }).click();
    await page.waitForFunction(() => document.querySelectorAll("#ranking li").length === 5);
    assert.deepEqual(page.faults, []);
  },

  async "hostile texts are shown, not run"() {
    const page = await visitSettled(open);
    await typeLines(page, HOSTILE[0], HOSTILE);
    assert.deepEqual((await texts(page)).sort(), [...HOSTILE].sort());
    assert.equal(await page.locator("#ranking img, #ranking b").count(), 0);
    assert.equal(await page.title(), "nestd playground");
    assert.deepEqual(page.faults, []);
  },

  async "what is copied sends the same request"() {
    const page = await visitSettled(open);
    await typeLines(page, HOSTILE[1], HOSTILE);
    const expected = Object.fromEntries((await askScores(page, 384)).map(({ text, score }) => [text, score]));
    const runs = {
      curl: (code) => JSON.parse(execFileSync("bash", ["-c", `${code} -s`])).scores,
      Python: (code) => JSON.parse(execFileSync("python3", ["-c", code])),
      Node: (code) => JSON.parse(execFileSync("node", ["--input-type=module", "-e", code.replace("console.log(", "console.log(JSON.stringify(").replace(/;\n$/, ");\n")])),
    };
    for (const [language, run] of Object.entries(runs)) {
      await page.getByRole("tab", { name: language }).click();
      await page.getByRole("button", { name: "Copy" }).click();
      await page.getByText("Copied.").waitFor();
      const code = await page.evaluate(() => navigator.clipboard.readText());
      assertClose(run(code)[0], HOSTILE.map((text) => expected[text]));
      await page.evaluate(() => (document.getElementById("copied").textContent = ""));
    }
    assert.deepEqual(page.faults, []);
  },

  async "a key can be entered, and stays in the page"() {
    const page = await visit(keyed);
    await page.getByText("This server asks for an API key.").waitFor();
    await page.getByLabel("API key").fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByText("The server does not accept this API key.").waitFor();
    await page.getByLabel("API key").fill(key);
    await page.keyboard.press("Enter");
    await settled(page);
    assert.equal(await page.locator("#problem").isVisible(), false);
    const held = await page.evaluate(() => location.href + JSON.stringify({ ...localStorage }) + document.body.innerText);
    assert.ok(!held.includes(key), held);
    assert.match(await page.locator("#snippet").textContent(), /Bearer \$NESTD_API_KEY/);
    assert.deepEqual(page.faults, []);
  },

  async "a busy or missing server is told, and tried again"() {
    const page = await visit("about:blank");
    let nLeft = 1;
    await page.route(`${open}/v1/embeddings`, (route) =>
      nLeft-- > 0
        ? route.fulfill({ status: 429, headers: { "Retry-After": "1" }, json: { error: { message: "full" } } })
        : route.continue(),
    );
    await page.goto(open);
    await page.getByText("The server has as much work as it takes. Trying again in 1 s.").waitFor();
    await settled(page);
    assert.equal(await page.locator("#problem").isVisible(), false);
    await page.route(`${open}/v1/embeddings`, (route) => route.abort());
    await page.locator("#source").fill("something new");
    await page.getByText("The server cannot be reached.").waitFor();
    await page.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.waitForFunction(() => document.getElementById("snippet").textContent.includes("something new"));
    assert.equal(await page.locator("#problem").isVisible(), false);
  },

  async "the keyboard is enough"() {
    const page = await visitSettled(open);
    const reached = [];
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press("Tab");
      reached.push(await page.evaluate(() => document.activeElement.id || document.activeElement.textContent));
      if (reached.at(-1) === "dimension") break;
    }
    assert.equal(reached[0], "Skip to the results");
    for (const id of ["theme", "source", "add", "compare", "dimension"]) assert.ok(reached.includes(id), `${id}: ${reached}`);
    await page.keyboard.press("ArrowLeft");
    assert.equal(await page.locator("#dimension").getAttribute("aria-valuetext"), "383 of 384 dimensions");
    assert.match(await page.locator("#summary").textContent(), /no score changes by more than/);
  },

  async "both pages are fit for assistive technology, light and dark"() {
    for (const colorScheme of ["light", "dark"])
      for (const path of ["/", "/docs"]) {
        const page = await visit(open + path, { colorScheme });
        await page.locator(path === "/" ? "#ranking li" : "article").first().waitFor();
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => window.axe.run());
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
        assert.deepEqual(found, [], `${path} ${colorScheme}`);
        await page.context().close();
      }
  },

  async "nothing is wider than a phone"() {
    for (const path of ["/", "/docs"]) {
      const page = await visit(open + path, { viewport: PHONE });
      await page.locator(path === "/" ? "#ranking li" : "article").first().waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), PHONE.width, path);
      assert.deepEqual(page.faults, []);
    }
  },

  async "the theme is kept"() {
    const page = await visitSettled(open, { colorScheme: "light" });
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await paper();
    await page.getByRole("button", { name: "Theme: system" }).click();
    await page.getByRole("button", { name: "Theme: light" }).click();
    assert.notEqual(await paper(), light);
    await page.reload();
    assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
    assert.deepEqual(page.faults, []);
  },

  async "the description shows every route"() {
    const page = await visit(`${open}/docs`);
    await page.locator("article").first().waitFor();
    const { paths } = await (await fetch(`${open}/openapi.json`)).json();
    const expected = Object.entries(paths).flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`));
    assert.deepEqual((await page.locator("#contents a").allTextContents()).sort(), expected.sort());
    assert.deepEqual(page.faults, []);
  },
};

const results = {};
for (const [name, step] of Object.entries(steps)) {
  try {
    await step();
    results[name] = null;
  } catch (error) {
    results[name] = error.stack;
  }
  for (const context of browser.contexts()) await context.close();
}
await browser.close();
console.log(JSON.stringify(results));
