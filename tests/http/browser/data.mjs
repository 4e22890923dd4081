// SPDX-License-Identifier: Apache-2.0
// Where the texts come from: files, pastes, links, what was there before a reload.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { joinFiles, readFile, readPaste } from "../../../server/web/data/files.js";
import { check } from "../../../server/web/data/state.js";
import * as p from "./page.mjs";
import { open } from "./page.mjs";

const N_MANY = 10000;

const paste = (locator, text) =>
  locator.evaluate((element, data) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", data);
    element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, text);

const getFields = (page) => page.locator("#sentences input").evaluateAll((fields) => fields.map(({ value }) => value));

const waitForRows = async (page, n) => {
  await page.waitForFunction((count) => document.querySelectorAll("#ranking li").length === count, n);
  await p.settled(page);
};

export const steps = {
  async "a dropped text file is a sentence per line"() {
    const page = await p.visitSettled(open);
    await p.drop(page, { "lines.txt": "\ufeffThe first one\r\n\r\n  The second one \nThe third one" });
    await waitForRows(page, 3);
    assert.deepEqual(await getFields(page), ["The first one", "The second one", "The third one"]);
    assert.match(await page.locator("#taken").textContent(), /^3 sentences taken/);
    await p.assertScores(page);
    assert.deepEqual(page.faults, []);
  },

  async "a file is opened by the keyboard too"() {
    const page = await p.visitSettled(open);
    const chooser = page.waitForEvent("filechooser");
    await page.locator("#open").focus();
    await page.keyboard.press("Enter");
    await (await chooser).setFiles({ name: "q.csv", mimeType: "text/csv", buffer: Buffer.from('Question;Answer\n"Who; me?";"It was ""you"""\nWhen?;Now\n') });
    await waitForRows(page, 2);
    assert.equal(await page.locator("#source").inputValue(), "Who; me?");
    assert.deepEqual(await getFields(page), ['It was "you"', "Now"]);
    assert.match(await page.locator("#taken").textContent(), /^2 sentences and 2 questions taken/);
  },

  async "tables and JSON lines are read as they are meant"() {
    assert.deepEqual(readFile("a.csv", 'text,label\n"one\ntwo",1\nthree,2'), { sentences: ["one\ntwo", "three"] });
    assert.deepEqual(readFile("a.csv", "one, and more\ntwo"), { sentences: ["one, and more", "two"] });
    assert.deepEqual(readFile("a.jsonl", '"one"\n\n"two"'), { sentences: ["one", "two"] });
    assert.deepEqual(readFile("a.jsonl", '{"query": "q", "positive": "a"}'), { pairs: [{ question: "q", answer: "a" }] });
    assert.deepEqual(readPaste("q1\ta1\nq2\ta2").pairs.length, 2);
    assert.deepEqual(readPaste("one\ntwo"), { sentences: ["one", "two"] });
    for (const [name, text, reason, line] of [["a.csv", 'a,b\n"c', "quoteOpen", 2], ["a.jsonl", '"a"\n\n{', "notJson", 3], ["a.jsonl", "1", "noText", 1]])
      assert.throws(() => readFile(name, text), { reason, line });
  },

  async "BEIR's three files are one data set"() {
    const corpus = readFile("corpus.jsonl", '{"_id":"1","title":"T","text":"one"}\n{"_id":"2","title":"","text":"two"}\n{"_id":"3","text":"three"}');
    const queries = readFile("queries.jsonl", '{"_id":"1","text":"which"}\n{"_id":"9","text":"unjudged"}');
    const judged = readFile("test.tsv", "query-id\tcorpus-id\tscore\n1\t2\t1\n1\t3\t0\n1\t1\t2\n");
    for (const files of [[corpus, queries, judged], [judged, queries, corpus]])
      assert.deepEqual(joinFiles(files), { sentences: ["T one", "two", "three"], questions: [{ text: "which", right: ["two", "T one"] }] });
  },

  async "a file that is broken is told with its line, and changes nothing"() {
    const page = await p.visitSettled(open);
    const before = await getFields(page);
    await p.drop(page, { "<b>.jsonl": '"fine"\n{oops' });
    await page.getByText("<b>.jsonl, line 2: this is not JSON.").waitFor();
    assert.deepEqual(await getFields(page), before);
    await p.drop(page, { "a.txt": " \n" });
    await page.getByText("There is no sentence in it.").waitFor();
    assert.deepEqual(page.faults, []);
  },

  async "lines pasted into a field become fields"() {
    const page = await p.visitSettled(open);
    await p.sentence(page, 2).fill("");
    await paste(p.sentence(page, 2), "New one\nNew two\r\nNew three");
    await waitForRows(page, 8);
    assert.deepEqual((await getFields(page)).slice(1, 4), ["New one", "New two", "New three"]);
    assert.equal(await page.evaluate(() => document.activeElement.value), "New three");
    await paste(p.sentence(page, 1), Array.from({ length: 40 }, (_, i) => `Pasted ${i}`).join("\n"));
    await page.locator("#lines").waitFor();
    assert.match(await page.locator("#lines").inputValue(), /^Pasted 0\n/);
  },

  async "10,000 dropped lines hold up the page for no longer than 200 ms"() {
    const page = await p.visitSettled(open);
    await p.answerAtOnce(page);
    const tasks = await p.traceTasks(page, async () => {
      await p.drop(page, { "many.txt": p.makeLines(N_MANY) });
      await page.getByText("10,000 sentences taken.").waitFor({ timeout: 60000 });
      const isDone = () => !document.querySelector("#results[aria-busy]") && document.getElementById("answer").textContent;
      await page.waitForFunction(isDone, null, { timeout: 120000 });
      for (const n of [128, 64, 300]) await p.slide(page, n);
      await page.getByRole("button", { name: "256", exact: true }).click();
      await page.waitForTimeout(500);
    });
    assert.deepEqual(tasks.filter((ms) => ms > p.MAX_TASK_MS), []);
    assert.ok(Math.max(...tasks) > 5, "no task was seen");
    assert.deepEqual(page.faults, []);
  },

  async "what is too much to edit is held, and can be removed"() {
    const page = await p.visitSettled(open);
    await p.answerAtOnce(page);
    await p.drop(page, { "many.txt": p.makeLines(1500) });
    await waitForRows(page, 50);
    assert.match(await page.locator("#held-mode").innerText(), /^1,500 sentences, beginning with:\s+Line number 0 /);
    assert.match(await page.locator("#ranking-more").textContent(), /^And 1,450 sentences/);
    assert.match(await page.locator("#snippet").textContent(), /too long to read/);
    await page.getByRole("button", { name: "Remove them" }).click();
    assert.deepEqual(await getFields(page), [""]);
    assert.deepEqual(page.faults, []);
  },

  async "texts, dimension and tab are there after a reload"() {
    const page = await p.visitSettled(open);
    await page.locator("#source").fill("What stays?");
    await p.sentence(page, 1).fill("This does");
    await p.settled(page);
    await page.getByRole("button", { name: "64", exact: true }).click();
    await page.locator("#dimension").focus();
    await page.keyboard.press("ArrowLeft");
    await page.locator("#dimension").dispatchEvent("change");
    const before = await getFields(page);
    await page.reload();
    await p.settled(page);
    assert.equal(await page.locator("#source").inputValue(), "What stays?");
    assert.deepEqual(await getFields(page), before);
    assert.equal(await page.locator("#dimension-text").textContent(), "63 of 384");
    await p.assertScores(page, 63);
    const other = await p.visitSettled(open);
    assert.notEqual(await other.locator("#source").inputValue(), "What stays?", "another visitor's");
  },

  async "a link carries the texts in its fragment"() {
    const page = await p.visitSettled(open);
    await page.locator("#source").fill('Ünïcode "quoted" <b>');
    await p.sentence(page, 1).fill("😀 & ' \\ %23");
    await p.settled(page);
    const before = await getFields(page);
    await page.getByRole("button", { name: "Copy a link" }).click();
    await page.getByText("Link copied.").waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(link, /\/#texts=[\w-]+$/);
    const sent = [];
    const other = await p.visit("about:blank");
    other.on("request", (request) => sent.push(request.url()));
    await other.goto(link);
    await p.settled(other);
    assert.equal(await other.locator("#source").inputValue(), 'Ünïcode "quoted" <b>');
    assert.deepEqual(await getFields(other), before);
    assert.ok(sent.every((url) => !url.includes("texts=")), `${sent}`);
    assert.ok(!other.url().includes("#"), "the address would undo changes at a reload");
    await other.locator("#source").fill("Changed");
    await other.goto(link); // only the fragment differs
    await other.waitForFunction(() => document.getElementById("source").value.startsWith("Ünïcode"));
  },

  async "links of others cannot harm"() {
    const pack = async (value) => {
      const stream = new Blob([JSON.stringify(value)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
      return `#texts=${Buffer.from(await new Response(stream).arrayBuffer()).toString("base64url")}`;
    };
    const bomb = { source: "x", sentences: ["y".repeat(20e6)] };
    const cases = ["#texts=", "#texts=%%%", "#texts=AAAA", await pack(bomb), await pack({ source: 1, sentences: [] }), await pack({ source: "a", sentences: [{}] }), await pack(null)];
    for (const fragment of cases) {
      const page = await p.visitSettled(open + fragment);
      assert.equal(await page.locator("#source").inputValue(), "Qual é a capital de Portugal?", fragment.slice(0, 40));
      assert.deepEqual(page.faults, []);
      await page.context().close();
    }
    const image = "<img src=x onerror=\"document.title='owned'\">";
    const page = await p.visitSettled(open + (await pack({ source: image, sentences: [image, "b"], questions: [{ text: image, right: [image] }], view: "__proto__", dimensions: 1e9 })));
    assert.equal(await page.locator("#source").inputValue(), image);
    assert.equal(await page.title(), "nestd playground");
    assert.equal(await page.locator("main img").count(), 0);
    assert.equal(await page.locator("#dimension-text").textContent(), "384 of 384");
    assert.deepEqual(page.faults, []);
    assert.equal(check({ source: "a", sentences: ["b"], questions: [{ text: "q", right: [1] }] }).questions.length, 0);
  },

  async "texts that are too long for a link are told so"() {
    const page = await p.visitSettled(open);
    await p.answerAtOnce(page);
    let seed = 1;
    const random = () => ((seed = (seed * 16807) % 2147483647), seed.toString(36));
    await p.drop(page, { "a.txt": Array.from({ length: 900 }, () => Array.from({ length: 12 }, random).join(" ")).join("\n") });
    await page.waitForFunction(() => document.getElementById("lines").value.length > 50000);
    await page.getByRole("button", { name: "Copy a link" }).click();
    await page.getByText("The texts are too long for a link.").waitFor();
  },

  async "a browser that forbids storage shows the page all the same"() {
    const page = await p.visit("about:blank");
    await page.addInitScript(() => {
      for (const name of ["localStorage", "sessionStorage"])
        Object.defineProperty(window, name, { get: () => { throw new DOMException("no", "SecurityError"); } });
    });
    await page.goto(open);
    await p.settled(page);
    await page.getByRole("button", { name: "Theme: system" }).click();
    assert.equal(await page.locator("html").getAttribute("data-theme"), "light");
    assert.deepEqual(page.faults, []);
  },
};

export const readPage = (name) => readFileSync(new URL(`../../../server/web/${name}`, import.meta.url), "utf8");
