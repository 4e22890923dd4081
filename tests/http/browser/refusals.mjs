// SPDX-License-Identifier: Apache-2.0
// What a person is told of a server that cuts, refuses, asks for a key, is busy or away.
import assert from "node:assert/strict";
import * as p from "./page.mjs";
import { TOO_LONG, compare, key, keyed, open, refusing } from "./page.mjs";

const getFocus = (page) => page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.id);
const isInvalid = async (field) => (await field.getAttribute("aria-invalid")) === "true";

/** What a screen reader tells of a field beside its name, which is what stands there to see. */
async function getNote(field) {
  return field.evaluate((element) => {
    const ids = (element.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean);
    return ids.map((id) => document.getElementById(id).innerText).join(" ");
  });
}

async function assertNamesNoRequest(page) {
  assert.doesNotMatch(await page.locator("main").innerText(), /input\[|\binput 0/);
}

export const steps = {
  async "a text that was cut keeps its note until it changes"() {
    const page = await p.visitSettled(open);
    await p.sentence(page, 2).fill(TOO_LONG);
    await p.settled(page);
    const isTold = async (field) => /cut to the 256 tokens/i.test(await getNote(field));
    assert.ok(await isTold(p.sentence(page, 2)));
    await p.sentence(page, 4).fill("Another text");
    await p.settled(page);
    await compare(page);
    assert.ok(await isTold(p.sentence(page, 2)));
    assert.equal(await isTold(p.sentence(page, 4)), false);
    assert.deepEqual((await p.getRows(page)).filter(({ seen }) => /\bcut\b/.test(seen)).map(({ text }) => text), [TOO_LONG]);
    assert.equal(await isInvalid(p.sentence(page, 2)), false);
    // The note goes with the text: to another place, to the lines and back, and away with it.
    await page.getByRole("button", { name: "Remove sentence 1" }).click();
    assert.ok(await isTold(p.sentence(page, 1)));
    await page.getByLabel("Many lines").check();
    assert.match(await getNote(page.locator("#lines")), /^Line 1: Cut to the 256 tokens/);
    await page.getByLabel("One by one").check();
    assert.ok(await isTold(p.sentence(page, 1)));
    await p.sentence(page, 1).fill("word");
    assert.equal(await getNote(p.sentence(page, 1)), "");
    await page.locator("#source").fill(TOO_LONG);
    await p.settled(page);
    assert.ok(await isTold(page.locator("#source")));
    assert.deepEqual(page.faults, []);
  },

  async "a text that is too long is told at its field"() {
    const page = await p.visitSettled(refusing);
    const field = p.sentence(page, 2);
    await field.fill(TOO_LONG);
    await p.sentence(page, 5).fill("Typed elsewhere");
    await page.waitForFunction(() => document.querySelector("[aria-invalid=true]"));
    assert.equal(await getFocus(page), "Sentence 5", "typing lost its field");
    assert.ok(await isInvalid(field));
    assert.match(await getNote(field), /too long.*256 tokens/i);
    assert.match(await page.getByRole("alert").innerText(), /Sentence 2/);
    assert.equal(await page.locator("[aria-invalid]").count(), 1);
    await assertNamesNoRequest(page);
    // The others are compared all the same, and what is copied is what was compared.
    assert.equal((await p.getRows(page)).length, 5);
    await p.settled(page);
    await p.assertScores(page);
    assert.doesNotMatch(await page.locator("#snippet").textContent(), /word word/);
    await compare(page);
    await page.waitForFunction(() => document.activeElement.getAttribute("aria-label") === "Sentence 2");
    await page.keyboard.type("short");
    await field.fill("Short enough");
    assert.equal(await isInvalid(field), false);
    assert.equal(await getNote(field), "");
    await p.settled(page);
    assert.equal((await p.getRows(page)).length, 6);
    assert.equal(await page.locator("#problem").isVisible(), false);
    assert.deepEqual(page.faults, []);
  },

  async "a source that is too long has no scores"() {
    const page = await p.visitSettled(refusing);
    await page.locator("#source").fill(TOO_LONG);
    await compare(page);
    await page.waitForFunction(() => document.activeElement.id === "source");
    assert.ok(await isInvalid(page.locator("#source")));
    assert.match(await page.getByRole("alert").innerText(), /^Source sentence.*too long/i);
    await p.assertNoScores(page);
    await assertNamesNoRequest(page);
  },

  async "lines that are too long are told by their numbers"() {
    const page = await p.visitSettled(refusing);
    const lines = Array.from({ length: 140 }, (_, i) => `Line of number ${i}`);
    lines[2] = "";
    lines[40] = `a ${TOO_LONG}`;
    lines[130] = `b ${TOO_LONG}`;
    await page.getByLabel("Many lines").check();
    await page.locator("#lines").fill(lines.join("\n"));
    await compare(page);
    await page.waitForFunction(() => document.activeElement.id === "lines");
    const selected = await page.locator("#lines").evaluate((field) => field.value.slice(field.selectionStart, field.selectionEnd));
    assert.equal(selected, lines[40]);
    assert.match(await getNote(page.locator("#lines")), /^Line 41: Too long.*\s+Line 131: Too long.*$/);
    assert.ok(await isInvalid(page.locator("#lines")));
    assert.match(await page.getByRole("alert").innerText(), /^Line 41, Line 131: /);
    assert.equal((await p.getRows(page)).length, 137);
    await p.assertScores(page);
  },

  async "who has gone on is not called back to a text that is too long"() {
    const page = await p.visitSettled(refusing);
    await p.sentence(page, 2).fill(TOO_LONG);
    await page.route("**/v1/embeddings", async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await route.continue();
    });
    await compare(page);
    await p.sentence(page, 4).focus();
    await page.waitForFunction(() => document.querySelector("[aria-invalid=true]"));
    await page.waitForTimeout(100);
    assert.equal(await getFocus(page), "Sentence 4");
  },

  async "texts that are too many for a request are asked for in several"() {
    const page = await p.visitSettled(open);
    const sizes = [];
    await page.route("**/v1/embeddings", (route) => {
      const { input } = route.request().postDataJSON();
      sizes.push(input.length);
      const error = { message: "Too many tokens in input[0]...", code: "max_tokens_per_request", param: "input" };
      return input.length > 2 ? route.fulfill({ status: 400, json: { error } }) : route.continue();
    });
    await page.getByRole("button", { name: "English", exact: true }).click();
    await p.settled(page);
    await p.assertScores(page);
    assert.equal(await page.locator("#problem").isVisible(), false);
    assert.deepEqual(sizes.toSorted(), [1, 1, 2, 2, 3, 3, 6], "halves, and no text twice");
    assert.deepEqual(page.faults, []);
  },

  async "a key can be entered, and stays in the page"() {
    const page = await p.visit(keyed);
    await page.getByText("This server asks for an API key.").waitFor();
    await page.getByLabel("API key").fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByText("The server does not accept this API key.").waitFor();
    await page.waitForFunction(() => document.activeElement.id === "key");
    await page.getByLabel("API key").fill(key);
    await page.keyboard.press("Enter");
    await p.settled(page);
    assert.equal(await page.locator("#problem").isVisible(), false);
    assert.equal(await getFocus(page), "results", "the focus was in what is hidden now");
    const held = await page.evaluate(() => location.href + JSON.stringify({ ...localStorage }) + document.body.innerText);
    assert.ok(!held.includes(key), held);
    assert.match(await page.locator("#snippet").textContent(), /Bearer \$NESTD_API_KEY/);
    assert.deepEqual(page.faults, []);
  },

  async "a key is not asked for in the midst of typing"() {
    const page = await p.visitSettled(open);
    const error = { message: "no", code: "invalid_api_key" };
    await page.route("**/v1/embeddings", (route) => route.fulfill({ status: 401, json: { error } }));
    await page.locator("#source").fill("A question");
    await page.getByText("This server asks for an API key.").waitFor();
    assert.equal(await getFocus(page), "source");
    await p.assertNoScores(page);
  },

  async "a busy or missing server is told, and tried again"() {
    const page = await p.visit("about:blank");
    let nLeft = 1;
    await page.route(`${open}/v1/embeddings`, (route) =>
      nLeft-- > 0
        ? route.fulfill({ status: 429, headers: { "Retry-After": "1" }, json: { error: { message: "full" } } })
        : route.continue(),
    );
    await page.goto(open);
    await page.getByText("The server has as much work as it takes. Trying again in 1 s.").waitFor();
    await p.assertNoScores(page);
    await p.settled(page);
    assert.equal(await page.locator("#problem").isVisible(), false);
    await page.route(`${open}/v1/embeddings`, (route) => route.abort());
    await page.locator("#source").fill("something new");
    await page.getByText("The server cannot be reached.").waitFor();
    await page.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).click();
    await p.settled(page);
    await p.assertScores(page);
    assert.equal(await page.locator("#problem").isVisible(), false);
    assert.equal(await getFocus(page), "results", "the focus was in what is hidden now");
  },

  async "seconds are counted for the eye alone"() {
    const page = await p.visitSettled(open);
    await page.route("**/v1/embeddings", (route) =>
      route.fulfill({ status: 429, headers: { "Retry-After": "4" }, json: { error: { message: "full" } } }),
    );
    await page.locator("#source").fill("something new");
    await page.getByText("Trying again in 4 s.").waitFor();
    await page.evaluate(() => {
      window.nTold = 0;
      const watcher = new MutationObserver(() => window.nTold++);
      watcher.observe(document.querySelector("[role=alert]"), { subtree: true, childList: true, characterData: true });
    });
    await p.slide(page, 32);
    await page.getByText("Trying again in 2 s.").waitFor();
    assert.equal(await page.evaluate(() => window.nTold), 0);
  },

  async "an answer that is no JSON is told in words"() {
    const page = await p.visitSettled(open);
    await page.route("**/v1/embeddings", (route) => route.fulfill({ status: 200, body: "<html>a proxy</html>" }));
    await page.locator("#source").fill("A question");
    await page.getByText("The server's answer cannot be read.").waitFor();
    await p.assertNoScores(page);
    await page.getByRole("button", { name: "Try again" }).waitFor();
  },
};

