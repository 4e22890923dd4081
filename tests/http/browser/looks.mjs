// SPDX-License-Identifier: Apache-2.0
// What can be seen, by whom, and on what: themes, forced colours, phones, screen readers.
import assert from "node:assert/strict";
import * as p from "./page.mjs";
import { PHONE, TOO_LONG, compare, keyed, open, refusing } from "./page.mjs";

const PAGES = { "/": "#ranking li", "/docs": "article" };
const THEMES = ["light", "dark"];

async function show(path, options) {
  const page = await p.visit(open + path, options);
  await page.locator(PAGES[path]).first().waitFor();
  if (path === "/") await p.settled(page);
  return page;
}

/** WCAG's contrast of two colours, [red, green, blue] from 0 to 255. */
function contrast(a, b) {
  const luminance = (color) => {
    const [red, green, blue] = color.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** Every control that is seen: {name, edge, inside, outside} as "rgb(...)", the last two as painted. */
const getControls = (page) =>
  page.evaluate(() => {
    const isClear = (color) => color === "transparent" || /, 0\)$/.test(color);
    const groundOf = (element) => {
      const color = getComputedStyle(element).backgroundColor;
      return isClear(color) ? groundOf(element.parentElement) : color;
    };
    const isDrawn = (element) => element.checkVisibility() && !["radio", "range"].includes(element.type);
    return [...document.querySelectorAll("button, input, textarea, select")].filter(isDrawn).map((element) => ({
      name: element.getAttribute("aria-label") || element.id || element.textContent,
      edge: getComputedStyle(element).borderTopColor,
      inside: groundOf(element),
      outside: groundOf(element.parentElement),
    }));
  });

const parse = (color) => color.match(/[\d.]+/g).slice(0, 3).map(Number);

async function assertEdges(page, what, nAtLeast) {
  const controls = await getControls(page);
  assert.ok(controls.length >= nAtLeast, `${what}: only ${controls.length} controls`);
  const weak = controls.filter(({ edge, outside }) => contrast(parse(edge), parse(outside)) < 3);
  assert.deepEqual(weak, [], what);
}

const getLook = (locator) =>
  locator.evaluate((element) => {
    const { backgroundColor, borderTopColor, color, fontWeight } = getComputedStyle(element);
    return { backgroundColor, borderTopColor, color, fontWeight };
  });

/** The colours of a screenshot: (x, y) => [red, green, blue], in pixels from its left and top. */
async function readPixels(locator) {
  const png = (await locator.screenshot({ animations: "disabled" })).toString("base64");
  const page = await p.browser.newPage();
  const { width, data } = await page.evaluate(async (text) => {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes]));
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    return { width: image.width, data: Array.from(context.getImageData(0, 0, image.width, image.height).data) };
  }, png);
  await page.close();
  return (x, y) => data.slice(4 * (y * width + x), 4 * (y * width + x) + 3);
}

/** What lies beyond the window's width, or within it but scrolled sideways; what only is read aloud aside. */
const getOverflowing = (page) =>
  page.evaluate(() => {
    const isSeen = (element) => element.checkVisibility() && !element.closest(".spoken, .skip");
    const isOut = (element) => {
      const { left, right } = element.getBoundingClientRect();
      return left < 0 || right > innerWidth || (element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX !== "visible");
    };
    const all = [...document.querySelectorAll("body *")].filter((element) => !element.closest(".clip, input"));
    return all.filter((element) => isSeen(element) && isOut(element)).map((element) => element.outerHTML.slice(0, 120));
  });

export const steps = {
  async "the edges of controls have a contrast of 3:1"() {
    for (const colorScheme of THEMES) {
      await assertEdges(await show("/", { colorScheme }), `playground, ${colorScheme}`, 20);
      await assertEdges(await show("/docs", { colorScheme }), `docs, ${colorScheme}`, 1);
      const asking = await p.visit(keyed, { colorScheme });
      await asking.getByLabel("API key").waitFor();
      await assertEdges(asking, `a key is asked for, ${colorScheme}`, 20);
      const page = await p.visitSettled(refusing, { colorScheme });
      await page.locator("#source").fill(TOO_LONG);
      await page.waitForFunction(() => document.querySelector("[aria-invalid=true]"));
      await page.getByLabel("Many lines").check();
      await assertEdges(page, `too long, ${colorScheme}`, 12);
    }
  },

  async "what is chosen looks unlike what is pointed at"() {
    for (const colorScheme of THEMES) {
      const page = await p.visitSettled(open, { colorScheme });
      for (const [chosen, other] of [["#stops [aria-pressed=true]", "#stops button"], ["#languages [aria-selected=true]", "#tab-Node"]]) {
        const resting = await getLook(page.locator(other).first());
        const chosenLook = await getLook(page.locator(chosen));
        await page.locator(other).first().hover();
        const hovered = await getLook(page.locator(other).first());
        assert.notDeepEqual(hovered, resting, `${other} does not answer`);
        const distance = contrast(parse(hovered.backgroundColor), parse(chosenLook.backgroundColor));
        assert.ok(/, 0\)$/.test(hovered.backgroundColor) || distance >= 3, `${colorScheme} ${other}: ${distance}`);
        assert.notEqual(hovered.fontWeight, chosenLook.fontWeight);
      }
    }
  },

  async "bars and tracks are seen in forced colours"() {
    for (const colorScheme of THEMES) {
      const page = await p.visitSettled(open, { colorScheme, forcedColors: "active" });
      await p.slide(page, 19); // near the middle of the slider: its square is about 384
      const widthOf = async (locator) => Math.floor((await locator.boundingBox()).width);
      const item = page.locator("#ranking li").first();
      const track = item.locator(".track");
      const score = (await p.getRows(page))[0].score;
      assert.ok(score > 0.2 && score < 0.95, `a bar of ${score} is no example`);
      const ofBar = await readPixels(track);
      const zero = (await widthOf(track)) / 2;
      const ground = parse(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      const cases = { bar: ofBar(Math.floor(zero * (1 + score / 2)), 2), track: ofBar(4, 4) };
      const slider = page.locator("#dimension");
      const ofSlider = await readPixels(slider);
      const [width, middle] = [await widthOf(slider), Math.floor((await slider.boundingBox()).height / 2)];
      cases.sliderFilled = ofSlider(Math.floor(width / 4), middle);
      cases.sliderRest = ofSlider(Math.floor((3 * width) / 4), middle);
      cases.thumb = ofSlider(Math.floor(width / 2), middle);
      for (const [name, color] of Object.entries(cases))
        assert.ok(contrast(color, ground) >= 3, `${colorScheme}: ${name} is ${color} on ${ground}`);
      const chosen = await getLook(page.locator("#languages [aria-selected=true]"));
      const other = await getLook(page.locator("#tab-Node"));
      assert.notEqual(chosen.backgroundColor, other.backgroundColor);
    }
  },

  async "both pages are fit for assistive technology, light and dark"() {
    for (const colorScheme of THEMES)
      for (const path of Object.keys(PAGES)) {
        const page = await show(path, { colorScheme });
        await p.assertAccessible(page, `${path} ${colorScheme}`);
        await page.context().close();
      }
  },

  async "so are the states in which something is wrong"() {
    for (const colorScheme of THEMES) {
      const page = await p.visitSettled(refusing, { colorScheme });
      await p.sentence(page, 2).fill(TOO_LONG);
      await compare(page);
      await page.waitForFunction(() => document.querySelector("[aria-invalid=true]"));
      await p.slide(page, 1);
      await p.assertAccessible(page, `too long, ${colorScheme}`);
      await page.route("**/v1/embeddings", (route) => route.abort());
      await page.locator("#source").fill("A question");
      await page.getByRole("button", { name: "Try again" }).waitFor();
      await p.assertAccessible(page, `no server, ${colorScheme}`);
      const asking = await p.visit(keyed, { colorScheme });
      await asking.getByLabel("API key").waitFor();
      await p.assertAccessible(asking, `a key is asked for, ${colorScheme}`);
      const docs = await p.visit("about:blank", { colorScheme });
      await docs.route("**/openapi.json", (route) => route.abort());
      await docs.goto(`${open}/docs`);
      await docs.getByRole("alert").waitFor();
      await p.assertAccessible(docs, `no description, ${colorScheme}`);
    }
  },

  async "nothing is wider than a phone"() {
    for (const path of Object.keys(PAGES)) {
      const page = await show(path, { viewport: PHONE });
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), PHONE.width, path);
      assert.deepEqual(await getOverflowing(page), [], path);
      assert.deepEqual(page.faults, []);
    }
  },

  async "long words and other scripts stay in their place, at four times the size too"() {
    // A window of 1280 points at 400 percent (WCAG 1.4.10).
    const page = await p.visitSettled(refusing, { viewport: { width: 320, height: 700 } });
    await p.typeLines(page, "x".repeat(180), ["y".repeat(180), "שלום עולם", "http://a.example/" + "z/".repeat(80)]);
    await p.slide(page, 1);
    await page.locator("#source").fill(TOO_LONG);
    await page.waitForFunction(() => document.querySelector("[aria-invalid=true]"));
    await page.locator("#source").fill("x");
    await p.settled(page);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
    assert.deepEqual(await getOverflowing(page), []);
    const direction = (text) =>
      page.locator("#ranking .text", { hasText: text }).evaluate((element) => getComputedStyle(element).direction);
    assert.equal(await direction("שלום"), "rtl");
    assert.equal(await direction("yyyy"), "ltr");
  },

  async "the keyboard is enough"() {
    const page = await p.visitSettled(open);
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
    await page.locator("#tab-curl").focus();
    await page.keyboard.press("ArrowLeft");
    assert.equal(await page.evaluate(() => document.activeElement.id), "tab-Node");
    assert.match(await page.locator("#snippet").textContent(), /await fetch/);
  },

  async "the theme is kept"() {
    const page = await p.visitSettled(open, { colorScheme: "light" });
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await paper();
    await page.getByRole("button", { name: "Theme: system" }).click();
    assert.equal(await paper(), light);
    await page.getByRole("button", { name: "Theme: light" }).click();
    const dark = await paper();
    assert.notEqual(dark, light);
    await page.reload();
    assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
    assert.equal(await paper(), dark);
    const other = await p.visitSettled(open, { colorScheme: "dark" });
    assert.equal(await other.evaluate(() => getComputedStyle(document.body).backgroundColor), dark);
    assert.deepEqual(page.faults, []);
  },
};
