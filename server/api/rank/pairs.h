/* SPDX-License-Identifier: Apache-2.0 */

/* From the body of a request to the pairs of texts that a cross-encoder judges: a part of
 * embed/decode.h for its routes. A pair is one input. Pure; any thread. */
#ifndef NESTD_SERVER_API_RANK_PAIRS_H
#define NESTD_SERVER_API_RANK_PAIRS_H

#include "server/api/embed/decode.h"

/* What all these routes begin with: false, with the error, where the model is no cross-encoder or,
 * for routes that give one score a pair, where it has several labels. Sets what their requests have
 * in common. */
bool pairs_begin(struct decoding *decoding, bool one_label);

/* A query with each document of a list, or with the text in its place; with `objects`, {"text":...}
 * is a document too. */
bool pairs_read_query(struct decoding *decoding, const struct body_object *root,
                      const char *query_name, const char *documents_name, bool objects);

/* Texts or pairs, in vLLM's form: `first` a text or a list of them, `second` as many, or a list for
 * the one text of `first`. */
bool pairs_read_columns(struct decoding *decoding, const struct body_object *root,
                        const char *first_name, const char *second_name);

/* TEI's inputs: a text, a pair, or a list of lists of one text or two. */
bool pairs_read_inputs(struct decoding *decoding, const struct body_object *root, const char *name);

/* "raw_scores": true for what the head gives, without an activation. */
bool pairs_read_raw(struct decoding *decoding, const struct body_object *root);

/* The options that all of vLLM's routes have: the model, the activation, where a pair is cut. False
 * also for those that would change the scores and are not taken. */
bool pairs_read_options(struct decoding *decoding, const struct body_object *root);

/* What Jina, Cohere and vLLM have in common: query, documents, top_n, return_documents, and those
 * options. */
bool pairs_read_rerank(struct decoding *decoding, const struct body_object *root);

#endif
