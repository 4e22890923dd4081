/* SPDX-License-Identifier: Apache-2.0 */

/* The body of a reply to POST /v1/embeddings. Nothing of it is believed. Pure; any thread. */
#ifndef NESTD_SERVER_EMBEDDER_REPLY_H
#define NESTD_SERVER_EMBEDDER_REPLY_H

#include "engine/engine.h"
#include "server/text/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct reply_vectors {
    float *vectors;  /* [n_texts, n_dims], the caller's; NULL: only the size is asked for */
    bool *truncated; /* [n_texts], the caller's, false: which the server says it has cut */
    size_t n_texts;
    size_t n_dims; /* 0: set to what the first vector has */
};

/* Reads data[].embedding, lists of numbers or base64 of little-endian float32, by data[].index. What
 * is missing, twice there, of another size or not finite is INVALID, and said in `error`. */
MUST_CHECK enum status reply_read(struct slice body, struct reply_vectors *vectors,
                                  struct error *error);

/* The model to ask for of the reply to GET /v1/models: the only one, which the caller frees. None or
 * several are INVALID, with their names. */
MUST_CHECK enum status reply_read_model(struct slice body, char **ret_name, struct error *error);

#endif
