// SPDX-License-Identifier: Apache-2.0
// How well a query's documents were found, as sentence-transformers' InformationRetrievalEvaluator counts it:
// a document is relevant or it is not. Nothing here knows the page.

export const DEPTH = 100; // so many hits of a query are looked at

const each = (name, ...ks) => ks.map((k) => ({ name: `${name}@${k}`, kind: name, k }));

/** In the order in which that evaluator lists them. */
export const METRICS = [
  ...each("accuracy", 1, 3, 5, 10),
  ...each("precision", 1, 3, 5, 10),
  ...each("recall", 1, 3, 5, 10),
  ...each("ndcg", 10),
  ...each("mrr", 10),
  ...each("map", 100),
];
export const MAIN = METRICS.findIndex(({ name }) => name === "ndcg@10");

const gain = (rank) => 1 / Math.log2(1 + rank);

const kinds = {
  accuracy: (ranks) => Number(ranks.length > 0),
  precision: (ranks, k) => ranks.length / k,
  recall: (ranks, k, nRelevant) => ranks.length / nRelevant,
  mrr: (ranks) => (ranks.length ? 1 / ranks[0] : 0),
  map: (ranks, k, nRelevant) => ranks.reduce((sum, rank, i) => sum + (i + 1) / rank, 0) / Math.min(k, nRelevant),
  ndcg: (ranks, k, nRelevant) => {
    let best = 0;
    for (let rank = 1; rank <= Math.min(k, nRelevant); rank++) best += gain(rank);
    return ranks.reduce((sum, rank) => sum + gain(rank), 0) / best;
  },
};

/** ranks: of the relevant documents found, ascending from 1; nRelevant: all that there are. A value per metric. */
export const measure = (ranks, nRelevant) =>
  METRICS.map(({ kind, k }) => kinds[kind](ranks.filter((rank) => rank <= k), k, nRelevant));
