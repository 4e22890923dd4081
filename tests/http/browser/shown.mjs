// SPDX-License-Identifier: Apache-2.0
// What is shown and copied as it is: texts of any kind, requests as code, the API's description.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as p from "./page.mjs";
import { key, keyed, open } from "./page.mjs";

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

  async "a request is tried from the description, by keyboard too"() {
    const page = await p.visit(`${open}/docs`);
    const embeddings = page.locator("article#embeddings, article", { hasText: "/v1/embeddings" }).first();
    await embeddings.getByText("Try it").focus();
    await page.keyboard.press("Enter");
    const body = embeddings.getByLabel("Body");
    await body.fill(JSON.stringify({ input: "<b>bold</b>", dimensions: 3 }));
    await embeddings.getByRole("button", { name: "Send" }).press("Enter");
    await embeddings.getByText(/^Status 200, \d+ ms$/).waitFor();
    const reply = JSON.parse(await embeddings.locator("details pre").innerText());
    const expected = await (await fetch(`${open}/v1/embeddings`, { method: "POST", headers: { "Content-Type": "application/json" }, body: await body.inputValue() })).json();
    assert.deepEqual(reply.data, expected.data);
    await body.fill("{");
    await embeddings.getByRole("button", { name: "Send" }).click();
    await embeddings.getByText(/^Status 400/).waitFor();
    const model = page.locator("article", { hasText: "/v1/models/{model}" }).first();
    await model.getByText("Try it").click();
    await model.getByLabel("model", { exact: true }).fill("no/such model");
    await model.getByRole("button", { name: "Send" }).click();
    await model.getByText(/^Status 404/).waitFor();
    assert.deepEqual(page.faults, []);
  },

  async "a key is asked for where a request is tried, and kept for the others"() {
    const page = await p.visit(`${keyed}/docs`);
    const info = page.locator("article#info");
    await info.getByText("Try it").click();
    await info.getByRole("button", { name: "Send" }).click();
    await info.getByText(/^Status 401/).waitFor();
    await info.getByLabel("API key").fill(key);
    await info.getByRole("button", { name: "Send" }).click();
    await info.getByText(/^Status 200/).waitFor();
    assert.equal(await info.getByLabel("API key").isVisible(), false);
    const models = page.locator("article", { hasText: "/v1/models" }).first();
    await models.getByText("Try it").click();
    await models.getByRole("button", { name: "Send" }).click();
    await models.getByText(/^Status 200/).waitFor();
    assert.ok(!(await page.evaluate(() => location.href + document.body.innerText)).includes(key));
    assert.deepEqual(page.faults, []);
  },

  async "the description is fit for a phone and for assistive technology, with a request tried"() {
    for (const colorScheme of ["light", "dark"]) {
      const page = await p.visit(`${open}/docs`, { viewport: p.PHONE, colorScheme });
      const info = page.locator("article#info");
      await info.getByText("Try it").click();
      await info.getByRole("button", { name: "Send" }).click();
      await info.getByText(/^Status 200/).waitFor();
      const [name, facts] = [await page.locator(".terms dt").first().boundingBox(), await page.locator(".terms dd").first().boundingBox()];
      assert.ok(facts.y >= name.y + name.height - 1 && Math.abs(facts.x - name.x) < 2, "fields stand side by side");
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), p.PHONE.width);
      await p.assertAccessible(page, colorScheme);
    }
  },
};
