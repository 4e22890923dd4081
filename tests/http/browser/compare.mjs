// SPDX-License-Identifier: Apache-2.0
// All sizes side by side: the chart, its table, the sentence that says what holds, and the slider.
import assert from "node:assert/strict";
import { findWhatHolds } from "../../../server/web/compare/columns.js";
import { choices, nearest, stops } from "../../../server/web/numbers/sizes.js";
import * as p from "./page.mjs";
import { open } from "./page.mjs";

const SIZES = [384, 256, 128, 64, 32];

const getEntered = async (page) => ({
  source: (await page.locator("#source").inputValue()).trim(),
  sentences: await page.locator("#sentences input").evaluateAll((fields) => fields.map(({ value }) => value)),
});

/** The server's order of the sentences at each size: [[text]]. */
async function askOrders({ source, sentences }) {
  const orders = [];
  for (const n of SIZES) {
    const scores = await p.askScores(source, sentences, n);
    orders.push(sentences.map((text, i) => ({ text, score: scores[i] })).sort((a, b) => b.score - a.score));
  }
  return orders;
}

/** "At N of 384" for the smallest size down to which `same` holds of the orders. */
const lastSame = (orders, same) => {
  const end = orders.findIndex((order) => !same(order, orders[0]));
  return SIZES[(end < 0 ? SIZES.length : end) - 1];
};

const sameBest = (a, b) => a[0].text === b[0].text;
const sameOrder = (a, b) => a.every(({ text }, i) => text === b[i].text);

const getFocused = (page) => page.evaluate(() => document.activeElement.id);

export const steps = {
  async "the table of sizes side by side is the server's order at each"() {
    const page = await p.visitSettled(open);
    const orders = await askOrders(await getEntered(page));
    await p.openTable(page.locator("#bump details"));
    const rows = await page.locator("#bump tbody tr").evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
    assert.deepEqual(rows.map(([text]) => text), orders[0].map(({ text }) => text));
    for (const [text, ...cells] of rows)
      cells.forEach((cell, i) => {
        const place = orders[i].findIndex((entry) => entry.text === text);
        assert.equal(cell, `${place + 1} (${orders[i][place].score.toFixed(3).replace("-", "−")})`);
      });
    assert.deepEqual(await page.locator("#bump thead th").allTextContents(), ["Sentence", ...SIZES.map(String)]);
    assert.deepEqual(page.faults, []);
  },

  async "lines cross where the order changes"() {
    const page = await p.visitSettled(open);
    const orders = await askOrders(await getEntered(page));
    const lines = await page.locator("#bump .line").evaluateAll((all) =>
      all.map((line) => ({ text: line.querySelector("title").textContent, heights: line.querySelector("polyline").getAttribute("points").split(" ").map((point) => Number(point.split(",")[1])) })),
    );
    assert.equal(lines.length, 6);
    SIZES.forEach((_, i) => {
      const seen = lines.toSorted((a, b) => a.heights[i] - b.heights[i]).map(({ text }) => text);
      assert.deepEqual(seen, orders[i].map(({ text }) => text), `column ${i}`);
    });
    const moved = await page.locator("#bump .moved title").allTextContents();
    assert.deepEqual(moved.toSorted(), orders[0].map(({ text }) => text).filter((text, place) => orders.some((order) => order[place].text !== text)).toSorted());
  },

  async "the first sentence says what holds"() {
    const page = await p.visitSettled(open);
    for (const name of ["Português + English", "English"]) {
      await page.getByRole("button", { name, exact: true }).click();
      await p.settled(page);
      const orders = await askOrders(await getEntered(page));
      const [best, order] = [lastSame(orders, sameBest), lastSame(orders, sameOrder)];
      const expected = best === 384 ? /^Only 384 of 384 is sure/ : best === order ? new RegExp(`^At ${best} of 384 the whole order stays`) : new RegExp(`^At ${best} of 384 the best answer stays.*${order < 384 ? `down to ${order}` : "changes"}\\.$`);
      assert.match(await page.locator("#answer").textContent(), expected);
    }
    await page.route("**/v1/embeddings", (route) => route.abort());
    await page.locator("#source").fill("Something new");
    assert.equal(await page.locator("#answer").textContent(), "", "of other texts");
    assert.equal(await page.locator("#bump .chart").isVisible(), false);
  },

  async "what holds is counted from the largest size down"() {
    const column = (n, isBestKept, isOrderKept) => ({ n, isBestKept, isOrderKept });
    const columns = [column(768, true, true), column(512, true, false), column(256, true, true), column(128, false, false), column(64, true, true)];
    assert.deepEqual(findWhatHolds(columns), { full: 768, best: 256, order: 768, lost: 128 });
    assert.deepEqual(findWhatHolds(columns.slice(0, 1)), { full: 768, best: 768, order: 768, lost: null });
  },

  async "the sizes that a model was trained for are its stops, and others stay"() {
    assert.deepEqual(stops({ dimensions: 1024, matryoshka_dims: [], matryoshka_dims_trained: [64, 128, 256, 512, 768] }), [64, 128, 256, 512, 768, 1024]);
    assert.deepEqual(stops({ dimensions: 768, matryoshka_dims: [128], matryoshka_dims_trained: [64, 128] }), [128, 768]);
    assert.deepEqual(stops({ dimensions: 384 }), [32, 64, 128, 256, 384]);
    assert.equal(choices({ dimensions: 1024, matryoshka_dims_trained: [64] }).length, 1024);
    assert.equal(nearest([64, 128, 256], 91), 128);
    assert.equal(nearest([64, 128, 256], 90), 64);
  },

  async "a column is picked by the mouse"() {
    const page = await p.visitSettled(open);
    await page.locator("#bump .column", { hasText: "64" }).locator("rect").click({ position: { x: 5, y: 5 } });
    assert.equal(await page.locator("#dimension-text").textContent(), "64 of 384");
    assert.equal(await page.locator("#bump .picked").textContent(), "64");
    await p.assertScores(page, 64);
  },

  async "the slider is logarithmic, and each key reaches another dimension"() {
    const page = await p.visitSettled(open);
    const slider = page.locator("#dimension");
    const { width, height } = await slider.boundingBox();
    await slider.click({ position: { x: width / 2, y: height / 2 } });
    const middle = Number((await page.locator("#dimension-text").textContent()).split(" ")[0]);
    assert.ok(Math.abs(middle - Math.sqrt(384)) <= 2, `${middle} in the middle`);
    const press = async (key) => {
      await page.keyboard.press(key);
      return Number((await page.locator("#dimension-text").textContent()).split(" ")[0]);
    };
    assert.equal(await press("End"), 384);
    assert.deepEqual([await press("ArrowLeft"), await press("ArrowDown"), await press("ArrowRight")], [383, 382, 383]);
    assert.equal(await press("Home"), 1);
    assert.deepEqual([await press("ArrowLeft"), await press("ArrowUp"), await press("PageUp"), await press("PageDown")], [1, 2, 4, 2]);
    assert.equal(await getFocused(page), "dimension");
    await p.assertScores(page, 2);
  },

  async "bytes are told as they are bought"() {
    const page = await p.visitSettled(open);
    assert.equal(await page.locator("#million").textContent(), "A million texts: 1.5 GB as float32, 384 MB as int8, 48 MB as bits.");
    await p.slide(page, 64);
    assert.equal(await page.locator("#million").textContent(), "A million texts: 256 MB as float32, 64 MB as int8, 8 MB as bits.");
  },

  async "the answer is in the first screen of a phone"() {
    const page = await p.visitSettled(open, { viewport: p.PHONE });
    const { y, height } = await page.locator("#answer").boundingBox();
    assert.ok((await page.locator("#answer").textContent()).length > 20);
    assert.ok(y + height < p.PHONE.height / 2, `it ends at ${y + height}`);
  },

  async "bars reach from zero to either side"() {
    const page = await p.visitSettled(open);
    await p.slide(page, 2);
    await page.waitForTimeout(300);
    const rows = await p.getRows(page);
    assert.ok(rows.some(({ score }) => score < -0.1) && rows.some(({ score }) => score > 0.1), "no example of both");
    const bars = await page.locator("#ranking li").evaluateAll((items) =>
      items.map((item) => {
        const [bar, track] = [".fill", ".track"].map((name) => item.querySelector(name).getBoundingClientRect());
        return { left: (bar.left - track.left) / track.width, right: (bar.right - track.left) / track.width };
      }),
    );
    rows.forEach(({ score }, i) => {
      const [left, right] = [0.5 + Math.min(0, score) / 2, 0.5 + Math.max(0, score) / 2];
      assert.ok(Math.abs(bars[i].left - left) < 0.01 && Math.abs(bars[i].right - right) < 0.01, `${score}: ${bars[i].left} to ${bars[i].right}`);
    });
  },
};
