// SPDX-License-Identifier: Apache-2.0
// The page in the reader's language.
import assert from "node:assert/strict";
import en from "../../../server/web/words/en.js";
import pt from "../../../server/web/words/pt.js";
import * as p from "./page.mjs";
import { readPage } from "./data.mjs";
import { open } from "./page.mjs";

/** The keys of what always stands on the pages. */
const getMarked = () => ["index.html", "docs.html"].flatMap((name) => [...readPage(name).matchAll(/data-say(?:-\w+)?="(\w+)"/g)].map(([, key]) => key));

export const steps = {
  async "both languages have the same words"() {
    assert.deepEqual(Object.keys(pt).toSorted(), [...new Set([...Object.keys(en), ...getMarked()])].toSorted());
    for (const [key, value] of Object.entries(en)) {
      assert.equal(typeof pt[key], typeof value, key);
      if (typeof value === "function") assert.equal(pt[key].length, value.length, key);
    }
  },

  async "a Portuguese browser has the page in Portuguese"() {
    const page = await p.visitSettled(open, { locale: "pt-PT" });
    assert.equal(await page.locator("html").getAttribute("lang"), "pt");
    assert.match(await page.locator("#answer").textContent(), /^Em \d+ de 384 mantém-se/);
    assert.match(await page.locator("#ranking").innerText(), /0,\d{3}/);
    await p.slide(page, 64);
    assert.match(await page.locator("#summary").textContent(), /nenhuma pontuação muda mais de 0,\d{3}\.$/);
    assert.match(await page.locator("#million").textContent(), /^Um milhão de textos: 256 MB em float32/);
    await page.getByRole("button", { name: "Acrescentar uma frase" }).click();
    await page.getByLabel("Frase 7", { exact: true }).fill("Mais uma frase");
    await page.waitForFunction(() => document.querySelectorAll("#ranking li").length === 7);
    await p.settled(page);
    const english = new Set(Object.values(en).filter((value) => typeof value === "string" && /[a-z]{3} [a-z]{2}/.test(value)));
    const seen = await page.locator("body").innerText();
    for (const text of english) assert.ok(!seen.includes(text), text);
    await p.assertAccessible(page, "in Portuguese");
    assert.deepEqual(page.faults, []);
  },

  async "other browsers have it in English"() {
    for (const locale of ["en-GB", "de-DE"]) {
      const page = await p.visitSettled(open, { locale });
      assert.equal(await page.locator("html").getAttribute("lang"), "en");
      assert.match(await page.locator("#answer").textContent(), /^At \d+ of 384/);
    }
  },
};
