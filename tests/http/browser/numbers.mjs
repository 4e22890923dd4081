// SPDX-License-Identifier: Apache-2.0
// What the page computes, against NumPy (oracle.py, run by the Python that PYTHON names).
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { drawAll, intervalOf, resampleMeans } from "../../../server/web/numbers/bootstrap.js";
import { evaluate, recommend } from "../../../server/web/numbers/evaluate.js";
import { cut, pack } from "../../../server/web/numbers/matrix.js";
import { findMap } from "../../../server/web/numbers/pca.js";
import { METRICS } from "../../../server/web/numbers/retrieval.js";
import { compareAll } from "../../../server/web/numbers/similarity.js";
import { askVectors } from "./page.mjs";

const ORACLE = fileURLToPath(new URL("./oracle.py", import.meta.url));
export const askOracle = (told) =>
  JSON.parse(execFileSync(process.env.PYTHON ?? "python3", [ORACLE], { input: JSON.stringify(told), maxBuffer: 1e9 }));

/** Texts of a few subjects, of which those of one are near to each other. */
const SUBJECTS = ["cat", "river", "tax law", "violin", "bread", "rocket", "forest", "bank loan"];
const VERBS = ["sleeps", "is sold", "was lost", "appears", "grows", "ends", "is studied", "was found"];
const PLACES = ["in the north", "at night", "near the sea", "for a week", "without a sound"];
const documents = SUBJECTS.flatMap((noun) => VERBS.flatMap((verb) => PLACES.map((place) => `The ${noun} ${verb} ${place}.`)));
const questions = SUBJECTS.flatMap((noun) => PLACES.map((place) => `Where is the ${noun} ${place}?`));
const right = questions.map((_, q) => documents.flatMap((text, i) => (text.includes(SUBJECTS[Math.floor(q / PLACES.length)]) && text.includes(PLACES[q % PLACES.length]) ? [i] : [])));
const SIZES = [384, 128, 32];

export const steps = {
  async "figures are NumPy's in every size and format, intervals within their noise"() {
    const [queries, corpus] = [await askVectors(questions), await askVectors(documents)];
    const rows = evaluate({ queries: pack(queries), documents: pack(corpus), right, sizes: SIZES, similarity: "cosine", seed: 42, nResamples: 4000 }, () => {});
    const list = (vectors) => vectors.map((vector) => [...vector]);
    const expected = askOracle({ task: "evaluate", queries: list(queries), documents: list(corpus), right, sizes: SIZES, resamples: 4000 });
    assert.equal(rows.length, 12);
    for (const { format, n, figures } of rows) {
      const own = expected[`${format} ${n}`];
      METRICS.forEach(({ name }, m) => {
        const [value, low, high] = own[name];
        assert.ok(Math.abs(figures[m].value - value) < 1e-6, `${format} ${n} ${name}: ${figures[m].value}, not ${value}`);
        const noise = 0.003 + 0.12 * (high - low);
        [low, high].forEach((bound, i) => assert.ok(Math.abs(figures[m].differenceInterval[i] - bound) < noise, `${format} ${n} ${name}: ${figures[m].differenceInterval}, not ${low} to ${high}`));
      });
    }
    const values = new Set(rows.map(({ figures }) => figures[12].value.toFixed(4)));
    assert.ok(values.size > 4, `only ${[...values]} differ`);
    assert.ok(rows.every(({ bytes, format, n }) => bytes === { float32: 4 * n, int8: n }[format] || bytes === n / 8));
  },

  async "figures and intervals are those of nestd evaluate"() {
    const folder = mkdtempSync(join(tmpdir(), "nestd-"));
    const pairs = questions.map((question, q) => [question, documents[right[q][0]]]);
    writeFileSync(join(folder, "pairs.csv"), `question,answer\n${pairs.map((pair) => pair.map((text) => `"${text}"`).join()).join("\n")}\n`);
    const options = ["--model-id", process.env.NESTD_MODEL, "--pairs", join(folder, "pairs.csv"), "--dimensions", "128,32", "--format", "json"];
    const told = JSON.parse(execFileSync(process.env.NESTD_BINARY, ["evaluate", ...options], { env: {}, stdio: ["ignore", "pipe", "ignore"] }));
    rmSync(folder, { recursive: true });
    const texts = [...new Set(pairs.map(([, answer]) => answer))];
    const [queries, corpus] = [pack(await askVectors(questions)), pack(await askVectors(texts))];
    const ofPairs = pairs.map(([, answer]) => [texts.indexOf(answer)]);
    const { resamples: nResamples, seed } = told;
    const rows = evaluate({ queries, documents: corpus, right: ofPairs, sizes: SIZES, similarity: "cosine", seed, nResamples }, () => {});
    for (const { format, n, figures, share } of rows) {
      const row = told.rows.find((each) => each.dimensions === n && each.output_dtype === format);
      assert.ok(Math.abs(row.share_within_1_percent - share) < 1e-9, `${format} ${n}`);
      METRICS.forEach(({ name }, m) => {
        const { value, low, high, difference_low, difference_high } = row.metrics[`cosine_${name}`];
        const { value: own, interval, differenceInterval } = figures[m];
        [own, ...interval, ...differenceInterval].forEach((x, i) => assert.ok(Math.abs(x - [value, low, high, difference_low, difference_high][i]) < 1e-9, `${format} ${n} ${name}`));
      });
    }
  },

  async "draws are splitmix64's"() {
    const mask = (1n << 64n) - 1n;
    const draw = (seed, i, n) => {
      let z = (BigInt(seed) + (BigInt(i) + 1n) * 0x9e3779b97f4a7c15n) & mask;
      z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
      z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
      return Number((((z ^ (z >> 31n)) >> 32n) * BigInt(n)) >> 32n);
    };
    for (const seed of [0, 42, 2 ** 53 - 1]) assert.deepEqual([...drawAll(seed, 300, 20)], Array.from({ length: 6000 }, (_, i) => draw(seed, i, 300)));
    const means = resampleMeans([0, 1], Uint32Array.of(0, 0, 0, 1, 1, 1));
    assert.deepEqual([...means], [0, 0.5, 1]);
    intervalOf([4, 0, 3, 1, 2], 0.9).forEach((bound, i) => assert.ok(Math.abs(bound - [0.2, 3.8][i]) < 1e-12, `${bound}`));
  },

  async "the smallest that keeps enough is recommended"() {
    const row = (bytes, share, value) => ({ bytes, share, figures: METRICS.map(() => ({ value })) });
    const [full, half, small, smallBetter, lost] = [row(100, 1, 0.9), row(50, 0.99, 0.9), row(10, 0.96, 0.8), row(10, 0.96, 0.85), row(5, 0.9, 0.9)];
    assert.equal(recommend([full, half, small, smallBetter, lost]), smallBetter);
    assert.equal(recommend([full, lost]), full);
  },

  async "similarities are the model's, and cuts are brought to length 1 where the full vectors are"() {
    const matrix = pack([[3, 4], [0, 2], [0, 0]].map((row) => Float32Array.from(row)));
    const near = (found, expected) => found.forEach((x, i) => assert.ok(Math.abs(x - expected[i]) < 1e-6, `${found}`));
    near(compareAll("cosine", matrix), [1, 0.8, 0, 0.8, 1, 0, 0, 0, 0]);
    near(compareAll("dot", matrix), [25, 8, 0, 8, 4, 0, 0, 0, 0]);
    near(compareAll("euclidean", matrix), [0, -Math.sqrt(13), -5, -Math.sqrt(13), 0, -2, -5, -2, 0]);
    near(compareAll("manhattan", matrix), [0, -5, -7, -5, 0, -2, -7, -2, 0]);
    near(cut(matrix, 1).data, [3, 0, 0]);
    near(cut(pack([Float32Array.of(0.6, 0.8)]), 1).data, [1]);
  },

  async "the map is that of NumPy's singular values"() {
    const vectors = await askVectors(documents.slice(0, 120));
    const found = findMap(pack(vectors));
    const expected = askOracle({ task: "map", vectors: vectors.map((vector) => [...vector]) });
    found.shares.forEach((share, i) => assert.ok(Math.abs(share - expected.shares[i]) < 1e-4, `${found.shares}, not ${expected.shares}`));
    [found.xs, found.ys].forEach((values, i) => {
      const sign = Math.sign(values.reduce((sum, x, row) => sum + x * expected.points[row][i], 0));
      values.forEach((x, row) => assert.ok(Math.abs(x - sign * expected.points[row][i]) < 2e-3, `${x}, not ${expected.points[row][i]}`));
    });
    const same = findMap(pack([Float32Array.of(1, 0), Float32Array.of(1, 0)]));
    assert.deepEqual([...same.xs, ...same.ys], [0, 0, 0, 0]);
  },
};
