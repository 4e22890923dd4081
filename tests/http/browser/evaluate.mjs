// SPDX-License-Identifier: Apache-2.0
// The tab that judges sizes by questions: where they come from, what it tells of them, and what can be kept of it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as p from "./page.mjs";
import { askOracle } from "./numbers.mjs";
import { open } from "./page.mjs";
import { fill } from "./views.mjs";

const SIZES = [384, 256, 128, 64, 32];
const FORMATS = ["float32", "int8", "binary", "binary, rescored"];

async function download(page, id) {
  const started = page.waitForEvent("download");
  await page.locator(`#${id}`).click();
  const file = await started;
  assert.equal(file.suggestedFilename(), `nestd-evaluate.${id.split("-")[1]}`);
  return readFileSync(await file.path());
}

const getFigures = (page) =>
  page.locator("#figures tbody tr").evaluateAll((all) =>
    all.map((row) => [...row.children].map((cell) => cell.firstChild.textContent)),
  );

async function openEvaluate(page) {
  await page.locator("#view-evaluate").click();
  await page.locator("#panel-evaluate").waitFor();
}

async function run(page) {
  await page.locator("#evaluate").click();
  await page.locator("#report svg").waitFor({ timeout: 60000 });
}

export const steps = {
  async "the table, its files and the sentence are of NumPy's figures"() {
    const page = await p.visitSettled(open);
    await fill(page, "evaluate");
    const questions = (await page.locator("#questions").inputValue()).split("\n");
    const sentences = await page.locator("#sentences input").evaluateAll((fields) => fields.map(({ value }) => value));
    const right = questions.map((_, q) => [sentences.length - 1 - q]); // as the example has them
    const list = async (texts) => (await p.askVectors(texts)).map((vector) => [...vector]);
    const expected = askOracle({ task: "evaluate", queries: await list(questions), documents: await list(sentences), right, sizes: SIZES, resamples: 2000 });
    for (const name of FORMATS) {
      await page.locator("#formats").getByLabel(name, { exact: true }).check();
      const rows = await getFigures(page);
      assert.equal(rows.length, 15);
      for (const [metric, ...values] of rows)
        values.forEach((value, i) => {
          const [own] = expected[`${name.replace(", ", "-")} ${SIZES[i]}`][metric.toLowerCase()];
          assert.equal(value, own.toFixed(4), `${name} ${SIZES[i]} ${metric}`);
        });
    }
    const told = JSON.parse(await download(page, "save-json"));
    assert.equal(told.queries, 12);
    assert.equal(told.figures.length, 4 * 5 * 15);
    for (const { dimensions, output_dtype, metric, value } of told.figures) {
      const [own] = expected[`${output_dtype} ${dimensions}`][metric];
      assert.ok(Math.abs(value - own) < 1e-6, `${output_dtype} ${dimensions} ${metric}: ${value}, not ${own}`);
    }
    const lines = (await download(page, "save-csv")).toString().trimEnd().split("\r\n");
    assert.equal(lines[0], "dimensions,output_dtype,bytes_per_text,metric,value,low,high,difference,difference_low,difference_high");
    assert.deepEqual(lines.slice(1), told.figures.map((figure) => Object.values(figure).join()));
    const answer = await page.locator("#answer").textContent();
    assert.match(answer, /^\d+ of 384 dimensions as .*: nDCG@10 is within 1 % of full size with 95 % confidence; [\d.]+ times smaller\. 12 questions are few/);
    assert.deepEqual(page.faults, []);
  },

  async "questions and sentences have the prompts that nestd evaluate puts before them"() {
    const TEXTS = { query: "Represent this question: ", document: "Passage: " };
    const page = await p.visit("about:blank");
    await page.route("**/info", async (route) => {
      const reply = await route.fetch();
      await route.fulfill({ response: reply, json: { ...(await reply.json()), prompts: ["query"] } });
    });
    await page.route("**/v1/embeddings", (route) => {
      const { input, prompt_name, ...others } = route.request().postDataJSON();
      const prompted = input.map((text) => (TEXTS[prompt_name] ?? "") + text);
      return route.continue({ postData: { ...others, input: prompted } });
    });
    await page.goto(open);
    await p.settled(page);
    await p.assertScores(page); // of texts without a prompt
    await fill(page, "evaluate");
    const questions = (await page.locator("#questions").inputValue()).split("\n");
    const sentences = await page.locator("#sentences input").evaluateAll((fields) => fields.map(({ value }) => value));
    const right = questions.map((_, q) => [sentences.length - 1 - q]);
    const list = async (prompt, texts) => (await p.askVectors(texts.map((text) => prompt + text))).map((vector) => [...vector]);
    const expected = askOracle({ task: "evaluate", queries: await list(TEXTS.query, questions), documents: await list(TEXTS.document, sentences), right, sizes: SIZES, resamples: 100 });
    for (const { dimensions, output_dtype, metric, value } of JSON.parse(await download(page, "save-json")).figures) {
      const [own] = expected[`${output_dtype} ${dimensions}`][metric];
      assert.ok(Math.abs(value - own) < 1e-6, `${output_dtype} ${dimensions} ${metric}: ${value}, not ${own}`);
    }
    assert.deepEqual(page.faults, []);
  },

  async "the plot can be kept as a picture of what is seen"() {
    const page = await p.visitSettled(open);
    await fill(page, "evaluate");
    const png = await download(page, "save-png");
    assert.equal(png.subarray(1, 4).toString(), "PNG");
    const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
    const box = await page.locator("#plot svg").boundingBox();
    assert.ok(Math.abs(width - 2 * box.width) <= 2 && Math.abs(height - 2 * box.height) <= 2, `${width} by ${height}`);
    const colors = await page.evaluate(async (text) => {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes]));
      const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, image.width, image.height);
      const found = new Set();
      for (let i = 0; i < data.length; i += 4) found.add(`${data[i]} ${data[i + 1]} ${data[i + 2]}`);
      return [...found];
    }, png.toString("base64"));
    for (const color of ["15 118 110", "168 52 31", "255 255 255"]) assert.ok(colors.includes(color), `no ${color}`);
    const nMarks = await page.locator("#plot .series title").count();
    assert.equal(nMarks, 20, "a mark for each size and format");
    await page.locator("#metric").selectOption({ label: "Recall@1" });
    assert.match(await page.locator("#plot svg").getAttribute("aria-label"), /^Recall@1/);
    assert.deepEqual(page.faults, []);
  },

  async "right answers are marked by hand, by keyboard alone"() {
    const page = await p.visitSettled(open);
    await page.locator("#view-compare").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.id), "questions");
    await page.keyboard.type("Which city is Portugal's capital?\nWhat does a ticket cost?");
    await page.locator("#marks li").first().waitFor();
    assert.match(await page.locator("#marked").textContent(), /^0 of 2 questions have/);
    assert.ok(await page.locator("#evaluate").isDisabled());
    await page.locator("#next").focus();
    await page.keyboard.press("Shift+Tab");
    assert.equal(await page.evaluate(() => document.activeElement.id), "questions", "the first has none before it");
    const box = page.getByLabel("Lisboa é a capital de Portugal.");
    await box.focus();
    await page.keyboard.press("Space");
    assert.ok(await box.isChecked());
    assert.match(await page.locator("#marked").textContent(), /^1 of 2 questions has|^1 of 2 questions have/);
    await page.locator("#next").focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.getElementById("question-text").textContent.startsWith("What does") && document.querySelector("#marks li"));
    assert.equal(await page.locator("#marks :checked").count(), 0);
    await page.getByLabel("Quanto custa um bilhete de comboio?").check();
    assert.match(await page.locator("#marked").textContent(), /^2 of 2/);
    await page.locator("#evaluate").focus();
    await page.keyboard.press("Enter");
    await page.locator("#report svg").waitFor();
    assert.match(await page.locator("#answer").textContent(), /2 questions are few/);
    // What the figures are of has changed: they go.
    await page.getByLabel("Quanto custa um bilhete de comboio?").uncheck();
    assert.equal(await page.locator("#report").isVisible(), false);
    assert.deepEqual(page.faults, []);
  },

  async "a question keeps its marks while it is edited"() {
    const page = await p.visitSettled(open);
    await fill(page, "evaluate");
    const before = await page.locator("#questions").inputValue();
    await page.locator("#questions").fill(before.replace("How can I get my money back?", "How can I get my money again?"));
    assert.match(await page.locator("#marked").textContent(), /^12 of 12/);
    assert.equal(await page.locator("#report").isVisible(), false, "figures of another question");
    await page.locator("#questions").fill(before.split("\n").slice(2).join("\n"));
    assert.match(await page.locator("#marked").textContent(), /^10 of 10/);
    await p.sentence(page, 1).fill("Another sentence");
    assert.match(await page.locator("#marked").textContent(), /^9 of 10/);
  },

  async "a data set is dropped, evaluated and stopped without a long task"() {
    const page = await p.visitSettled(open);
    await p.answerAtOnce(page);
    const rows = Array.from({ length: 400 }, (_, i) => `Question ${i}?,"Answer ${i}, at ${(i * 7919) % 1009}"`);
    const tasks = await p.traceTasks(page, async () => {
      await p.drop(page, { "set.csv": `question,answer\n${rows.join("\n")}` });
      await page.getByText("400 sentences and 400 questions taken.").waitFor();
      await openEvaluate(page);
      await page.getByText("400 of 400 questions have").waitFor();
      await run(page);
      await page.locator("#questions").fill("Question 1?\nQuestion 2?");
      await page.locator("#evaluate").click();
    });
    assert.deepEqual(tasks.filter((ms) => ms > p.MAX_TASK_MS), []);
    await page.locator("#view-map").click();
    await page.locator("#view-evaluate").click();
    assert.equal(await page.locator("#evaluate").textContent(), "Evaluate", "another tab ends it");
    assert.deepEqual(page.faults, []);
  },

  async "right answers are marked among 10,000 sentences without a long task"() {
    const page = await p.visitSettled(open);
    await p.answerAtOnce(page);
    const tasks = await p.traceTasks(page, async () => {
      await p.drop(page, { "texts.txt": p.makeLines(10000) });
      await page.getByText("10,000 sentences taken.").waitFor();
      await openEvaluate(page);
      await page.locator("#questions").fill("Question 1?");
      await page.locator("#marks li").nth(9).waitFor();
    });
    assert.deepEqual(tasks.filter((ms) => ms > p.MAX_TASK_MS), []);
    assert.equal(await page.locator("#marks li").count(), 10);
    assert.deepEqual(page.faults, []);
  },

  async "a server that fails is told, and the page can ask again"() {
    const page = await p.visitSettled(open);
    await fill(page, "evaluate");
    await page.route("**/v1/embeddings", (route) => route.abort());
    await page.locator("#questions").fill("Something unheard of?");
    await page.getByText("The server cannot be reached.").waitFor();
    await page.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator("#marks li").first().waitFor();
    assert.deepEqual(page.faults, []);
  },

  async "what the model's author measured stands beside one's own, with the card's digits"() {
    const page = await p.visit("about:blank");
    const metric = (type, value) => ({ type, name: null, value });
    const dim = (n, ...metrics) => ({ task: { type: "information-retrieval", name: null }, dataset: { type: `dim_${n}`, name: `dim ${n}` }, metrics });
    const facts = {
      matryoshka_dims_trained: [64, 128, 256],
      license: "apache-2.0",
      base_model: ["BAAI/bge-large-en-v1.5"],
      examples: [
        { source_sentence: "O que é <b>isto</b>?", sentences: ["Uma coisa.", "Outra coisa."] },
        { source_sentence: "only one", sentences: [] },
      ],
      model_index: [dim(256, metric("cosine_ndcg@10", "0.8230"), metric("cosine_map@100", "0.77")), dim(64, metric("cosine_ndcg@10", "0.79"))],
    };
    await page.route("**/info", async (route) => {
      const reply = await route.fetch();
      await route.fulfill({ response: reply, json: { ...(await reply.json()), ...facts } });
    });
    await page.goto(open);
    await p.settled(page);
    assert.equal(await page.locator("#source").inputValue(), "O que é <b>isto</b>?");
    assert.deepEqual(await page.locator("#examples button").allTextContents(), ["O que é <b>isto</b>?", "Questions and answers"]);
    assert.deepEqual(await page.locator("#stops button").allTextContents(), ["64", "128", "256", "384"]);
    assert.match(await page.locator("#model").textContent(), /apache-2\.0 · BAAI\/bge-large-en-v1\.5$/);
    await openEvaluate(page);
    await page.locator("#card").waitFor();
    const cells = (part) => page.locator(`#card ${part}`).evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
    assert.deepEqual(await cells("thead tr"), [["Metric", "dim 256", "dim 64"]]);
    assert.deepEqual(await cells("tbody tr"), [["nDCG@10", "0.8230", "0.79"], ["MAP@100", "0.77", "–"]]);
    assert.deepEqual(page.faults, []);
    const plain = await p.visitSettled(open);
    await openEvaluate(plain);
    assert.equal(await plain.locator("#card").isVisible(), false);
  },
};
