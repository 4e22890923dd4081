// SPDX-License-Identifier: Apache-2.0
// Embeds the first text and all texts of a JSON file through the official client, and prints what
// it made of them: node client.mjs BASE_URL TEXTS.json, with the folder of npm's packages in
// NODE_PATH, which require() alone looks at.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const OpenAI = createRequire(import.meta.url)("openai");
const [baseURL, textsPath] = process.argv.slice(2);
const texts = JSON.parse(readFileSync(textsPath, "utf8"));
const client = new OpenAI({ baseURL, apiKey: "unused" });
const model = (await client.models.list()).data[0].id;

async function embed(input) {
  const reply = await client.embeddings.create({ model, input });
  return reply.data.map((item) => Array.from(item.embedding));
}

async function errorOf(request) {
  try {
    await client.embeddings.create(request);
    return null;
  } catch ({ status, code, param, type }) {
    return { status, code, param, type };
  }
}

const one = await embed(texts[0]);
const many = await embed(texts);
const error = await errorOf({ model: "text-embedding-3-small", input: "a" });
process.stdout.write(JSON.stringify({ one, many, error }));
