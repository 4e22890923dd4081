// SPDX-License-Identifier: Apache-2.0
// What is shown and copied as it is: texts of any kind, requests as code, the API's description.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as p from "./page.mjs";
import { open } from "./page.mjs";

const HOSTILE = [
  "<img src=x onerror=\"document.title='owned'\">",
  `it's "quoted" \\ $HOME \`id\` !! %s`,
  "two\u2028lines and a \u202eturn",
  "😀 שלום עולם",
  "</script><b>bold</b> &amp; ${1+1}",
];

export const steps = {
  async "hostile texts are shown, not run"() {
    const page = await p.visitSettled(open);
    await p.typeLines(page, HOSTILE[0], HOSTILE);
    assert.deepEqual((await p.getRows(page)).map(({ text }) => text).sort(), [...HOSTILE].sort());
    assert.equal(await page.locator("#ranking img, #ranking b").count(), 0);
    assert.equal(await page.title(), "nestd playground");
    assert.deepEqual(page.faults, []);
  },

  async "what is copied sends the same request"() {
    const page = await p.visitSettled(open);
    await p.typeLines(page, HOSTILE[1], HOSTILE);
    const expected = await p.askScores(HOSTILE[1], HOSTILE);
    const runs = {
      curl: (code) => JSON.parse(execFileSync("bash", ["-c", `${code} -s`])).scores,
      Python: (code) => JSON.parse(execFileSync("python3", ["-c", code])),
      Node: (code) => JSON.parse(execFileSync("node", ["--input-type=module", "-e", code.replace("console.log(", "console.log(JSON.stringify(").replace(/;\n$/, ");\n")])),
    };
    for (const [language, run] of Object.entries(runs)) {
      await page.getByRole("tab", { name: language }).click();
      await page.getByRole("button", { name: "Copy", exact: true }).click();
      await page.getByText("Copied.").waitFor();
      const code = await page.evaluate(() => navigator.clipboard.readText());
      p.assertClose(run(code)[0], expected);
      await page.evaluate(() => (document.getElementById("copied").textContent = ""));
    }
    assert.deepEqual(page.faults, []);
  },

  async "where the clipboard is forbidden the code is selected"() {
    const page = await p.visitSettled(open);
    await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
    await page.getByRole("button", { name: "Copy", exact: true }).click();
    await page.getByText("Selected: copy it with the keyboard.").waitFor();
    const selected = await page.evaluate(() => getSelection().toString());
    assert.equal(selected.trim(), (await page.locator("#snippet").innerText()).trim());
  },

  async "the description shows every route"() {
    const page = await p.visit(`${open}/docs`);
    await page.locator("article").first().waitFor();
    const { paths } = await (await fetch(`${open}/openapi.json`)).json();
    const expected = Object.entries(paths).flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`));
    assert.deepEqual((await page.locator("#contents a").allTextContents()).sort(), expected.sort());
    const embeddings = await page.locator("article", { hasText: "/v1/embeddings" }).first().innerText();
    for (const name of Object.keys(paths["/v1/embeddings"].post.responses)) assert.ok(embeddings.includes(name), name);
    assert.match(embeddings, /dimensions\s+integer \(1 to 384\).*default 384/);
    assert.deepEqual(page.faults, []);
  },
};
