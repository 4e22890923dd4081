// SPDX-License-Identifier: Apache-2.0
// The tabs: by mouse and by keyboard, for whoever and on whatever they are looked at; the matrix and the map.
import assert from "node:assert/strict";
import * as p from "./page.mjs";
import { PHONE, open } from "./page.mjs";

const VIEWS = ["compare", "evaluate", "matrix", "map"];

/** Something to see in each tab: the example with questions, evaluated, tables open. */
export async function fill(page, view) {
  await page.getByRole("button", { name: "Questions and answers" }).click();
  await page.waitForFunction(() => document.querySelectorAll("#ranking li").length === 12);
  await p.settled(page);
  await page.locator(`#view-${view}`).click();
  if (view === "evaluate") {
    await page.locator("#marks li").first().waitFor();
    await page.locator("#evaluate").click();
    await page.locator("#report svg").waitFor();
  }
  const isDrawn = (name) => document.getElementById("answer").textContent && (name === "compare" || document.querySelector(`#panel-${name} :is(canvas, svg)`)?.getBoundingClientRect().height > 50);
  await page.waitForFunction(isDrawn, view);
  for (const table of await page.locator(`#panel-${view} details`).all()) await p.openTable(table);
}

const getShown = (page) => page.locator("[role=tabpanel]:visible").evaluateAll((all) => all.map(({ id }) => id).filter((id) => id !== "snippet"));
const getSelected = (page) => page.locator("#views [aria-selected=true]").evaluateAll((all) => all.map(({ id }) => id));
const getTable = (page, id) => page.locator(`#${id} tbody tr`).evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
const toNumber = (text) => Number(text.replace("−", "-"));

/** Every control and summary that the Tab key can reach, from the beginning of the page to its end. */
async function reachAll(page) {
  const reached = new Set();
  await page.locator(".skip").focus();
  for (let i = 0; i < 120; i++) {
    await page.keyboard.press("Tab");
    const { id, className, localName } = await page.evaluate(() => {
      const { id, className, localName } = document.activeElement;
      return { id, className, localName };
    });
    if (localName === "body") break;
    reached.add(id || className);
  }
  return reached;
}

export const steps = {
  async "tabs are chosen by mouse and by arrows, Home and End"() {
    const page = await p.visitSettled(open);
    for (const view of [...VIEWS].reverse()) {
      await page.locator(`#view-${view}`).click();
      assert.deepEqual(await getShown(page), [`panel-${view}`]);
      assert.deepEqual(await getSelected(page), [`view-${view}`]);
    }
    const press = async (key) => {
      await page.keyboard.press(key);
      const focused = await page.evaluate(() => document.activeElement.id);
      assert.deepEqual(await getSelected(page), [focused]);
      assert.deepEqual(await getShown(page), [focused.replace("view", "panel")]);
      assert.deepEqual(await page.locator("#views [tabindex='0']").evaluateAll((all) => all.map(({ id }) => id)), [focused]);
      return focused.replace("view-", "");
    };
    const walk = [];
    for (const key of ["ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "Home", "End"]) walk.push(await press(key));
    assert.deepEqual(walk, ["evaluate", "matrix", "map", "compare", "map", "compare", "map"]);
    assert.deepEqual(page.faults, []);
  },

  async "every tab is fit for assistive technology, light and dark"() {
    for (const colorScheme of ["light", "dark"])
      for (const view of VIEWS) {
        const page = await p.visitSettled(open, { colorScheme });
        await fill(page, view);
        await p.assertAccessible(page, `${view}, ${colorScheme}`);
        assert.deepEqual(page.faults, []);
        await page.context().close();
      }
  },

  async "no tab is wider than a phone, and each says its answer in the first screen"() {
    for (const view of VIEWS) {
      const page = await p.visitSettled(open, { viewport: PHONE });
      await fill(page, view);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), PHONE.width, view);
      const { y, height } = await page.locator("#answer").boundingBox();
      assert.ok(height > 20 && y + height < PHONE.height / 2, `${view}: ${y} + ${height}`);
      await page.context().close();
    }
  },

  async "every control of a tab is reached by the keyboard"() {
    const expected = {
      compare: ["dimension", "copy"],
      evaluate: ["questions", "next", "evaluate", "metric", "save-csv", "save-json", "save-png", "scroll"],
      matrix: ["dimension", "canvas", "scroll"],
      map: ["dimension", "canvas", "scroll"],
    };
    for (const view of VIEWS) {
      const page = await p.visitSettled(open);
      await fill(page, view);
      const reached = await reachAll(page);
      for (const name of [...expected[view], `view-${view}`, "source", "open", "link"]) assert.ok(reached.has(name), `${view}: ${name} is not among ${[...reached]}`);
      await page.context().close();
    }
  },

  async "the tab is there after a reload"() {
    const page = await p.visitSettled(open);
    await fill(page, "evaluate");
    const questions = await page.locator("#questions").inputValue();
    await page.waitForTimeout(300);
    await page.reload();
    await page.locator("#marks li").first().waitFor();
    assert.deepEqual(await getShown(page), ["panel-evaluate"]);
    assert.equal(await page.locator("#questions").inputValue(), questions);
    assert.match(await page.locator("#marked").textContent(), /^12 of 12/);
  },

  async "the matrix is the server's similarity of each with each, at the dimension picked"() {
    const page = await p.visitSettled(open);
    await fill(page, "matrix");
    for (const n of [384, 64]) {
      await p.slide(page, n);
      await page.waitForFunction((size) => document.getElementById("answer").textContent.includes(`at ${size}:`), n);
      const rows = await getTable(page, "heat-table");
      const source = await page.locator("#source").inputValue();
      const texts = [source, ...(await page.locator("#sentences input").evaluateAll((fields) => fields.map(({ value }) => value)))];
      assert.deepEqual(rows.map(([name]) => name), texts.map((text, i) => `${i + 1}  ${text}`));
      for (const [i, [, ...cells]] of rows.entries()) {
        const expected = await p.askScores(texts[i], texts, n);
        cells.forEach((cell, j) => assert.ok(Math.abs(toNumber(cell) - expected[j]) < 6e-4, `${i}, ${j}: ${cell}, not ${expected[j]}`));
      }
    }
    assert.deepEqual(page.faults, []);
  },

  async "cells and points are read by arrows and by the mouse"() {
    const page = await p.visitSettled(open);
    await fill(page, "matrix");
    await page.locator("#heat .canvas").focus();
    for (const key of ["ArrowDown", "ArrowDown", "ArrowRight"]) await page.keyboard.press(key);
    const [source, first] = [await page.locator("#source").inputValue(), await p.sentence(page, 1).inputValue()];
    assert.match(await page.locator("#heat .reading").textContent(), /^1\.000: /, "the second with itself");
    await page.keyboard.press("ArrowLeft");
    assert.equal((await page.locator("#heat .reading").textContent()).replace(/^[^:]*: /, ""), `${first} – ${source}`);
    const { width, height } = await page.locator("#heat canvas").boundingBox();
    await page.locator("#heat canvas").hover({ position: { x: width - 5, y: height - 5 } });
    assert.match(await page.locator("#heat .reading").textContent(), /^1\.000: Refunds/);
    await page.locator("#view-map").click();
    await page.waitForFunction(() => document.getElementById("answer").textContent.startsWith("This plane"));
    await page.locator("#plane .canvas").focus();
    const seen = new Set();
    for (const key of ["ArrowDown", "ArrowRight", "ArrowRight", "ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowDown"]) {
      await page.keyboard.press(key);
      seen.add(await page.locator("#plane .reading").textContent());
    }
    assert.ok(seen.size >= 4 && !seen.has(""), [...seen].join());
    assert.deepEqual(page.faults, []);
  },

  async "charts are seen in forced colours, and follow the theme"() {
    for (const [view, id] of [["matrix", "heat"], ["map", "plane"]]) {
      const page = await p.visitSettled(open, { colorScheme: "light" });
      await fill(page, view);
      const getColors = () =>
        page.locator(`#${id} canvas`).evaluate((canvas) => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const colors = new Set();
          for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) colors.add(`${data[i]} ${data[i + 1]} ${data[i + 2]}`);
          return [...colors];
        });
      const light = await getColors();
      assert.ok(light.includes("15 118 110"), "the accent is not there");
      await page.locator("#theme").click();
      await page.locator("#theme").click();
      assert.ok((await getColors()).includes("79 201 187"), "the dark theme's accent is not there");
      await page.emulateMedia({ forcedColors: "active" });
      await page.waitForTimeout(200);
      const highlight = await page.locator("#view-" + view).evaluate((tab) => getComputedStyle(tab).backgroundColor.match(/\d+/g).slice(0, 3).join(" "));
      assert.ok((await getColors()).includes(highlight), `${highlight} is not there`);
      await page.context().close();
    }
  },

  async "a map of 3,000 texts holds up the page for no longer than 200 ms"() {
    const page = await p.visitSettled(open);
    await p.answerAtOnce(page);
    const tasks = await p.traceTasks(page, async () => {
      await p.drop(page, { "many.txt": p.makeLines(3000) });
      await page.locator("#view-map").click();
      await page.waitForFunction(() => document.getElementById("answer").textContent.startsWith("This plane"), null, { timeout: 120000 });
      await page.locator("#plane .canvas").focus();
      await page.keyboard.press("ArrowRight");
      await page.locator("#view-matrix").click();
      await page.waitForFunction(() => document.getElementById("answer").textContent.startsWith("Closest"), null, { timeout: 120000 });
    });
    assert.deepEqual(tasks.filter((ms) => ms > p.MAX_TASK_MS), []);
    assert.match(await page.locator("#heat-note").textContent(), /first 200/);
    assert.deepEqual(page.faults, []);
  },

  async "the matrix's table says once that it shows the first only"() {
    const page = await p.visitSettled(open);
    await p.drop(page, { "texts.txt": p.makeLines(40) });
    await page.locator("#view-matrix").click();
    await p.openTable(page.locator("#heat-table"));
    await page.locator("#heat-table tbody tr").nth(29).waitFor();
    for (const n of [64, 128]) {
      await p.slide(page, n);
      await page.locator("#answer", { hasText: `Closest at ${n}` }).waitFor();
    }
    assert.equal(await page.locator("#heat-table .note").count(), 1);
    assert.deepEqual(page.faults, []);
  },

  async "a map that nobody waits for any more is not drawn on"() {
    const page = await p.visitSettled(open);
    await p.answerAtOnce(page);
    await p.drop(page, { "texts.txt": p.makeLines(4000) });
    await page.getByText("4,000 sentences taken.").waitFor();
    await page.locator("#view-map").click();
    await page.getByText("Drawing the map").waitFor();
    await page.locator("#held-remove").click();
    await page.locator("#answer", { hasText: "A map takes three sentences or more." }).waitFor();
    for (let i = 0; i < 10; i++) {
      await page.waitForTimeout(100);
      assert.equal(await page.locator("#progress").isVisible(), false);
    }
    assert.deepEqual(page.faults, []);
  },
};
