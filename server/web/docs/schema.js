// SPDX-License-Identifier: Apache-2.0
// JSON Schema in words. Nothing here knows the page.

/** What "#/components/..." points to; anything else as it is. */
export function resolve(document, value) {
  let found = value;
  while (found?.$ref)
    found = found.$ref.slice(2).split("/").reduce((at, part) => at[part.replaceAll("~1", "/")], document);
  return found;
}

const range = (min, max) => {
  if (min !== undefined && max !== undefined) return min === max ? `${min}` : `${min} to ${max}`;
  if (max !== undefined) return `at most ${max}`;
  return min === undefined ? "" : `at least ${min}`;
};

function describeArray(document, schema) {
  const count = range(schema.minItems, schema.maxItems);
  const items = schema.items ? describe(document, schema.items) : "anything";
  return `list of ${items.includes(" or ") ? `(${items})` : items}${count && ` (${count})`}`;
}

function describeType(document, schema, type) {
  if (type === "array") return describeArray(document, schema);
  if (type === "integer" || type === "number") {
    const limits = range(schema.minimum, schema.maximum);
    return `${type}${limits && ` (${limits})`}`;
  }
  return type;
}

/** "text or list of text (1 to 2048)" */
export function describe(document, reference) {
  const schema = resolve(document, reference);
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(", ");
  const choices = schema.anyOf ?? (schema.type ? undefined : schema.oneOf);
  if (choices) return choices.map((choice) => describe(document, choice)).join(" or ");
  const types = [schema.type ?? "anything"].flat();
  return types.map((type) => describeType(document, schema, type)).join(" or ");
}

/** The rows of an object: [{name, type, isRequired, preset, description}]. */
export function fields(document, reference) {
  const schema = resolve(document, reference);
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const found = resolve(document, property);
    return {
      name,
      type: describe(document, property),
      isRequired: schema.required?.includes(name) ?? false,
      preset: "default" in found ? JSON.stringify(found.default) : "",
      description: found.description ?? "",
    };
  });
}

/** Every example of a media type: [{title, value}]. */
export function examplesOf(media) {
  if ("example" in media) return [{ title: "Example", value: media.example }];
  return Object.values(media.examples ?? {}).map(({ summary, value }) => ({ title: summary ?? "Example", value }));
}
