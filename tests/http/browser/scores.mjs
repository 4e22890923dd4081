// SPDX-License-Identifier: Apache-2.0
// Scores: whose they are, which tie, and what is asked of the browser to show them.
import assert from "node:assert/strict";
import { Standing } from "../../../server/web/numbers/vectors.js";
import * as p from "./page.mjs";
import { open } from "./page.mjs";

const texts = (rows) => rows.map(({ text }) => text);

/** Layouts of the page so far. */
async function countLayouts(session) {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "LayoutCount").value;
}

/** 200 sentences, of which no two are alike. */
const MANY = ["cat", "river", "tax law", "violin", "bread"].flatMap((noun) =>
  ["old", "green", "quick", "broken", "happy", "noisy", "small", "famous"].flatMap((adjective) =>
    ["sleeps", "is sold", "was lost", "appears", "grows"].map((verb) => `The ${adjective} ${noun} ${verb}.`),
  ),
);

export const steps = {
  async "scores are the server's at every dimension"() {
    const page = await p.visitSettled(open);
    const orders = new Set();
    for (const dimensions of [384, 256, 128, 64, 16, 8, 4]) {
      await p.slide(page, dimensions);
      await p.assertScores(page, dimensions);
      const rows = await p.getRows(page);
      assert.deepEqual(rows, rows.toSorted((a, b) => b.score - a.score));
      assert.equal(await page.locator("#dimension-text").textContent(), `${dimensions} of 384`);
      assert.match(await page.locator("#sizes").textContent(), new RegExp(`int8${dimensions} B`));
      orders.add(texts(rows).join());
    }
    assert.ok(orders.size > 1, "no dimension changed the order");
    assert.match(await page.locator("#ranking").textContent(), /[▲▼] \d/);
    assert.match(await page.locator("#time").textContent(), /^7 texts in \d+\.\d ms/);
    assert.deepEqual(page.faults, []);
  },

  async "a sentence that is typed is scored"() {
    const page = await p.visitSettled(open);
    await page.getByRole("button", { name: "Add a sentence" }).click();
    await page.keyboard.type("Qual é a capital de Portugal?");
    await page.waitForFunction(() => document.querySelectorAll("#ranking li").length === 7);
    await p.settled(page);
    const [first] = await p.getRows(page);
    assert.equal(first.text, "Qual é a capital de Portugal?");
    p.assertClose([first.score], [1]);
    await page.getByRole("button", { name: "Remove sentence 7" }).click();
    await page.waitForFunction(() => document.querySelectorAll("#ranking li").length === 6);
    await page.getByRole("button", { name: "English", exact: true }).click();
    await page.waitForFunction(() => document.querySelectorAll("#ranking li").length === 5);
    assert.deepEqual(page.faults, []);
  },

  async "a source that is changed has no score until the server has told it"() {
    const page = await p.visitSettled(open);
    await page.route("**/v1/embeddings", (route) => route.abort());
    await page.locator("#source").fill("Who bakes the bread?");
    await p.assertNoScores(page);
    await page.getByText("The server cannot be reached.").waitFor();
    await p.assertNoScores(page);
    await p.slide(page, 64);
    await p.assertNoScores(page);
    assert.equal(await page.locator("#time").textContent(), "");
    await page.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).click();
    await p.settled(page);
    await p.assertScores(page, 64);
    assert.deepEqual(page.faults, []);
  },

  async "a sentence that is changed has no score, and the others keep theirs"() {
    const page = await p.visitSettled(open);
    await page.route("**/v1/embeddings", (route) => route.abort());
    await p.sentence(page, 3).fill("Something else altogether");
    const check = async () => {
      const rows = await p.getRows(page);
      assert.equal(rows.length, 6);
      assert.deepEqual(texts(rows.filter(({ score }) => score === null)), ["Something else altogether"]);
      assert.doesNotMatch(rows.find(({ score }) => score === null).seen, /\d/);
      await p.assertScores(page);
      assert.match(await page.locator("#summary").textContent(), /^1 sentence without a score/);
    };
    await check();
    await page.getByText("The server cannot be reached.").waitFor();
    await check();
  },

  async "nothing to compare has no scores"() {
    const page = await p.visitSettled(open);
    await page.locator("#source").fill("  ");
    await p.assertNoScores(page);
    await page.getByText("Write a source sentence").waitFor();
    assert.doesNotMatch(await page.locator("#snippet").textContent(), /capital/);
    await page.getByRole("button", { name: "Copy", exact: true }).click();
    await page.getByText("There is nothing to copy yet.").waitFor();
    await page.locator("#source").fill("Qual é a capital de Portugal?");
    await p.settled(page);
    for (let n = 6; n > 0; n--) {
      await page.getByRole("button", { name: `Remove sentence ${n}` }).click();
      assert.equal((await p.getRows(page)).length, n - 1);
    }
    await page.getByText("Write a source sentence").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "add");
    await page.keyboard.press("Enter");
    await page.keyboard.type("Lisboa");
    await p.settled(page);
    await p.assertScores(page);
    await p.slide(page, 16);
    assert.match(await page.locator("#summary").textContent(), /^No score changes by more than \d\.\d{3}\.$/);
    assert.deepEqual(page.faults, []);
  },

  async "a reply that comes late scores only its own text"() {
    const page = await p.visitSettled(open);
    let release;
    const held = new Promise((resolve) => (release = resolve));
    let nAsked = 0;
    await page.route("**/v1/embeddings", async (route) => {
      if (++nAsked === 1) await held;
      await route.continue().catch(() => {}); // the page may have given it up
    });
    await page.locator("#source").fill("The first question");
    await compareWhen(page, () => nAsked === 1);
    await page.locator("#source").fill("The second question");
    await p.assertNoScores(page);
    await p.compare(page);
    await p.settled(page);
    release();
    await page.waitForTimeout(300);
    await p.assertScores(page);
    await page.locator("#source").fill("The first question");
    await p.settled(page);
    await p.assertScores(page);
    assert.deepEqual(page.faults, []);
  },

  async "another model forgets the vectors of the one before"() {
    const page = await p.visitSettled(open);
    const asked = [];
    const rename = async (route) => {
      const reply = await route.fetch();
      const body = await reply.json();
      for (const name of ["model", "served_model_name"]) if (name in body) body[name] = "another";
      asked.push(...(route.request().postDataJSON()?.input ?? []));
      await route.fulfill({ response: reply, json: body });
    };
    await page.route("**/v1/embeddings", rename);
    await page.route("**/info", rename);
    await p.sentence(page, 1).fill("A new one");
    await page.getByText("The server has another model now.").waitFor();
    await p.assertNoScores(page);
    await page.getByText(/^another · /).waitFor();
    await p.settled(page);
    const all = [await page.locator("#source").inputValue(), ...texts(await p.getRows(page))];
    assert.deepEqual([...new Set(asked)].sort(), all.sort());
    assert.equal(await page.locator("#problem").isVisible(), false);
  },

  async "scores that tie are told"() {
    const page = await p.visitSettled(open);
    assert.doesNotMatch(await page.locator("#results").innerText(), /\btie/);
    await p.slide(page, 1);
    const rows = await p.getRows(page);
    const scores = await p.askScores(await page.locator("#source").inputValue(), texts(rows), 1);
    const tied = rows.filter((_, i) => scores.filter((score) => Math.abs(score - scores[i]) < 1e-6).length > 1);
    assert.ok(tied.length >= 4, "of six signs, at least four are of three or more");
    assert.match(await page.locator("#summary").textContent(), new RegExp(`^${tied.length} of 6 sentences tie`));
    assert.doesNotMatch(await page.locator("#summary").textContent(), /order stays/);
    assert.deepEqual(rows.filter(({ seen }) => /\btied\b/.test(seen)), tied);
    assert.equal(await page.locator("#ranking .spoken", { hasText: "tied with" }).count(), tied.length);
    // Those that tie stand as they were entered.
    const entered = await page.locator("#sentences input").evaluateAll((fields) => fields.map(({ value }) => value));
    const places = rows.map(({ text }, i) => ({ sign: Math.sign(scores[i]), place: entered.indexOf(text) }));
    assert.deepEqual(places, places.toSorted((a, b) => b.sign - a.sign || a.place - b.place));
    await p.slide(page, 384);
    await p.sentence(page, 2).fill(entered[0]);
    await p.settled(page);
    assert.match(await page.locator("#summary").textContent(), /^At full size, where 2 of 6 sentences tie/);
  },

  async "a tie is a difference under 1e-6"() {
    const at = (score) => [score, Math.sqrt(1 - score * score), 0];
    const ties = (...scores) => new Standing([1, 0, 0], scores.map(at)).at(3).map(({ index, nTied }) => [index, nTied]);
    assert.deepEqual(ties(0.5, 0.5 + 5e-7), [[0, 1], [1, 1]]);
    assert.deepEqual(ties(0.5, 0.5 + 2e-6), [[1, 0], [0, 0]]);
    assert.deepEqual(ties(0.1, 0.9, 0.1, 0.1), [[1, 0], [0, 2], [2, 2], [3, 2]]);
    // With one number all tie: none has moved, since each may claim the place that it had.
    const entries = new Standing([1, 0, 0], [0.1, 0.9, 0.5].map(at)).at(1);
    assert.deepEqual(entries.map(({ moved, nTied }) => [moved, nTied]), [[0, 2], [0, 2], [0, 2]]);
  },

  async "no example is entered best first"() {
    const page = await p.visitSettled(open);
    for (const name of ["Português + English", "English"]) {
      await page.getByRole("button", { name, exact: true }).click();
      await p.settled(page);
      const entered = await page.locator("#sentences input").evaluateAll((fields) => fields.map(({ value }) => value));
      const ranked = texts(await p.getRows(page));
      assert.deepEqual(ranked.toSorted(), entered.toSorted());
      const nInPlace = ranked.filter((text, i) => text === entered[i]).length;
      assert.ok(ranked[0] !== entered[0] && nInPlace <= 2, `${entered} is ranked ${ranked}`);
    }
  },

  async "a step of the slider takes at most 6 layouts with 200 sentences"() {
    assert.equal(new Set(MANY).size, 200);
    const page = await p.visitSettled(open);
    await p.typeLines(page, "The old violin is sold.", MANY);
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    let before = texts(await p.getRows(page)).join();
    for (const dimensions of [200, 100, 50, 20, 384]) {
      await page.waitForTimeout(400);
      const nBefore = await countLayouts(session);
      await p.slide(page, dimensions);
      const nSliding = await page.evaluate(() => document.getAnimations().length);
      await page.waitForTimeout(400);
      const nLayouts = (await countLayouts(session)) - nBefore;
      assert.ok(nLayouts <= 6, `${nLayouts} layouts`);
      const after = texts(await p.getRows(page)).join();
      assert.ok(after !== before && nSliding > 20, `the order is the same, or ${nSliding} animations`);
      before = after;
    }
    assert.deepEqual(page.faults, []);
  },

  async "only the dimensions that a model lists are offered"() {
    const page = await p.visit("about:blank");
    await page.route("**/info", async (route) => {
      const reply = await route.fetch();
      await route.fulfill({ response: reply, json: { ...(await reply.json()), matryoshka_dims: [32, 128] } });
    });
    await page.goto(open);
    await p.settled(page);
    assert.deepEqual(await page.locator("#stops button").allTextContents(), ["32", "128", "384"]);
    await page.locator("#dimension").focus();
    for (const dimensions of [128, 32, 32]) {
      await page.keyboard.press("ArrowLeft");
      assert.equal(await page.locator("#stops [aria-pressed=true]").textContent(), String(dimensions));
      await p.assertScores(page, dimensions);
    }
    await page.getByRole("button", { name: "384" }).click();
    await p.assertScores(page, 384);
  },

  async "nothing slides for those who ask for less motion"() {
    const page = await p.visitSettled(open, { reducedMotion: "reduce" });
    for (const dimensions of [64, 8, 4]) {
      await p.slide(page, dimensions);
      assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
    }
    await p.assertScores(page, 4);
  },
};

/** Compares, and waits until the server has been asked. */
async function compareWhen(page, isAsked) {
  await p.compare(page);
  while (!isAsked()) await page.waitForTimeout(20);
}
