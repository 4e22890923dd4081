// SPDX-License-Identifier: Apache-2.0
// The source and the sentences together, as the tabs take them that show how all texts stand to each other.

/** Of what stands in the form, the texts whose vectors are needed. */
export const wantAll = ({ source, sentences }, max) => [source, ...sentences].map(({ text }) => text).filter(Boolean).slice(0, max);

/** The texts of a view that have a vector, the source first; {text, vector}. */
export const collect = ({ source, rows }, max) => [source, ...rows].filter(({ vector }) => vector).slice(0, max);
