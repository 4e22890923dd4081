// SPDX-License-Identifier: Apache-2.0
// What the model's author measured, as its card tells it: the same metrics, on other data.
import { find } from "../base/dom.js";
import { say } from "../base/language.js";
import { makeScroll, makeTable } from "../base/table.js";
import { nameMetric } from "./names.js";

const shortName = (type) => type.replace(/^(cosine|dot|euclidean|manhattan)_/, "");
const nameSet = ({ dataset, task }) => dataset?.name ?? dataset?.type ?? task?.name ?? "–";

/** modelIndex: of /info, where it has one; values keep the digits that the card has. */
export function showCard(modelIndex = []) {
  const results = modelIndex.filter(({ metrics }) => metrics.length);
  find("card").hidden = !results.length;
  if (!results.length) return;
  const names = [...new Set(results.flatMap(({ metrics }) => metrics.map(({ type, name }) => type ?? name ?? "")))];
  const valueOf = ({ metrics }, name) => metrics.find((metric) => (metric.type ?? metric.name) === name)?.value ?? "–";
  const rows = names.map((name) => [nameMetric(shortName(name)), ...results.map((result) => valueOf(result, name))]);
  const heads = [say("metric"), ...results.map(nameSet)];
  find("card-table").replaceChildren(makeScroll(say("cardCaption"), makeTable(say("cardCaption"), heads, rows)));
}
