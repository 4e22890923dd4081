// SPDX-License-Identifier: Apache-2.0
// What runs beside the page: {task, input} in; {progress} and at the end {output} or {error} out.
import { joinFiles, readFile } from "../data/files.js";
import { evaluate } from "./evaluate.js";
import { cut } from "./matrix.js";
import { findMap } from "./pca.js";
import { compareAll } from "./similarity.js";

async function read({ files }) {
  const parts = [];
  for (const file of files) {
    try {
      parts.push(readFile(file.name, await file.text()));
    } catch (error) {
      throw Object.assign(error, { name: file.name });
    }
  }
  return joinFiles(parts);
}

const tasks = {
  read,
  evaluate,
  compareAll: ({ similarity, matrix, n }) => compareAll(similarity, cut(matrix, n)),
  findMap: ({ matrix, n }, onProgress) => findMap(cut(matrix, n), onProgress),
};

const TOLD_MS = 100; // between two messages of progress

function makeTeller() {
  let last = 0;
  return (progress) => {
    const now = performance.now();
    if (now - last < TOLD_MS) return;
    last = now;
    self.postMessage({ progress });
  };
}

self.addEventListener("message", async ({ data: { task, input } }) => {
  try {
    const output = await tasks[task](input, makeTeller());
    self.postMessage({ output });
  } catch ({ message, reason, line, name }) {
    self.postMessage({ error: { message, reason, line, name } });
  }
});
