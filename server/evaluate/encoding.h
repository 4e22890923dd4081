/* SPDX-License-Identifier: Apache-2.0 */

/* Lists of texts to vectors of full size, with progress on stderr. */
#ifndef NESTD_SERVER_EVALUATE_ENCODING_H
#define NESTD_SERVER_EVALUATE_ENCODING_H

#include "server/embedder/embedder.h"
#include "server/evaluate/scoring.h"
#include "server/evaluate/data/text_list.h"

struct options;

/* What is put before queries, or before documents: the text of `prompt`, else the prompt of that
 * name, else what sentence-transformers' encode_query and encode_document take: the first of
 * defaults[] (NULL-terminated) that the model has, or its default. At a server the last is left to
 * it. STATUS_INVALID for a name that the model lacks. */
MUST_CHECK enum status encoding_find_prompt(const struct embedder *embedder,
                                            const struct options *options, const char *prompt,
                                            const char *name, const char *const *defaults,
                                            struct embed_prompt *ret_prompt, struct error *error);

/* `what` they are, for progress, and the file that they come from, for complaints. The caller frees
 * ret_vectors->values. */
MUST_CHECK enum status encoding_encode(struct embedder *embedder, const struct text_list *list,
                                       struct embed_prompt prompt, const char *what,
                                       const char *path, struct vectors *ret_vectors,
                                       struct error *error);

#endif
