// SPDX-License-Identifier: Apache-2.0
// A value that a JSON Schema allows, as an example of a reply. Nothing here knows the page.
import { resolve } from "./schema.js";

const MAX_DEPTH = 8; // of schemas that hold themselves

function sampleNumber({ type, minimum = 0, maximum = Infinity }) {
  const usual = [type].flat().includes("integer") ? 1 : 0.5;
  return Math.min(maximum, Math.max(minimum, usual));
}

function sampleObject(document, schema, depth) {
  const properties = schema.properties ?? {};
  const names = new Set([...Object.keys(properties), ...(schema.required ?? [])]);
  return Object.fromEntries([...names].map((name) => [name, sample(document, properties[name] ?? {}, depth + 1)]));
}

function sampleArray(document, schema, depth) {
  const n = Math.max(1, schema.minItems ?? 1);
  if (depth > MAX_DEPTH || !schema.items || schema.maxItems === 0) return [];
  return Array.from({ length: n }, () => sample(document, schema.items, depth + 1));
}

export function sample(document, reference, depth = 0) {
  const schema = resolve(document, reference);
  if ("const" in schema) return schema.const;
  if ("example" in schema) return schema.example;
  if (schema.enum) return schema.enum[0];
  const choices = schema.anyOf ?? (schema.type ? undefined : schema.oneOf);
  if (choices) return sample(document, choices[0], depth + 1);
  const [type] = [schema.type ?? "string"].flat();
  if (type === "object") return sampleObject(document, schema, depth);
  if (type === "array") return sampleArray(document, schema, depth);
  if (type === "integer" || type === "number") return sampleNumber(schema);
  return { string: "…", boolean: true, null: null }[type];
}
