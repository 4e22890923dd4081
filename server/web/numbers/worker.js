// SPDX-License-Identifier: Apache-2.0
// What runs beside the page: {task, input} in; {progress} and at the end {output} or {error} out.
import { joinFiles, readFile } from "../data/files.js";

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

const tasks = { read };

self.addEventListener("message", async ({ data: { task, input } }) => {
  try {
    const output = await tasks[task](input, (progress) => self.postMessage({ progress }));
    self.postMessage({ output });
  } catch ({ message, reason, line, name }) {
    self.postMessage({ error: { message, reason, line, name } });
  }
});
