// SPDX-License-Identifier: Apache-2.0
// Metrics and formats as people write them.
import { say } from "../base/language.js";

const NAMES = { accuracy: "Accuracy", precision: "Precision", recall: "Recall", ndcg: "nDCG", mrr: "MRR", map: "MAP" };

/** "ndcg@10" as "nDCG@10" */
export function nameMetric(name) {
  const [kind, k] = name.split("@");
  return k ? `${NAMES[kind] ?? kind}@${k}` : name;
}

const FORMATS = { float32: "float32", int8: "int8", binary: "binary", "binary-rescored": "binaryRescored" };

export const nameFormat = (format) => say(FORMATS[format]);
