// SPDX-License-Identifier: Apache-2.0
// Embeds the first text and all texts of a JSON file through the official client, makes mistakes,
// and prints what it made of it all: client.mjs BASE_URL KEY TEXTS.json.
import { readFileSync } from "node:fs";
import OpenAI from "openai";

const [baseURL, apiKey, textsPath] = process.argv.slice(2);
const texts = JSON.parse(readFileSync(textsPath, "utf8"));
const client = new OpenAI({ baseURL, apiKey });
const stranger = new OpenAI({ baseURL, apiKey: "sk-of-a-stranger" });
const model = (await client.models.list()).data[0].id;

async function embed(input) {
  const reply = await client.embeddings.create({ model, input });
  return reply.data.map((item) => Array.from(item.embedding));
}

async function errorOf(client, request) {
  try {
    await client.embeddings.create(request);
    return null;
  } catch (error) {
    const { status, code, param, type, message } = error;
    return { name: error.constructor.name, status, code, param, type, message };
  }
}

const one = await embed(texts[0]);
const many = await embed(texts);
const errors = [
  await errorOf(client, { model: "text-embedding-3-small", input: "a" }),
  await errorOf(client, { model, input: "a", dimensions: 385 }),
  await errorOf(stranger, { model, input: "a" }),
];
process.stdout.write(JSON.stringify({ one, many, errors }));
