/* SPDX-License-Identifier: Apache-2.0 */

/* What a request's body asks for. Everything is checked against the limits already, except for the
 * number of tokens. */
#ifndef NESTD_SERVER_API_EMBED_FIELDS_H
#define NESTD_SERVER_API_EMBED_FIELDS_H

#include "engine/engine.h"
#include "server/api/embed/pack.h"
#include "server/text/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct body;

/* A text, a pair of texts, or a text sent as token IDs. */
struct input {
    struct slice text;   /* borrowed from the body; bytes NULL: it is IDs */
    struct slice second; /* of a pair, which is one input; bytes NULL: there is none */
    const int32_t *ids;  /* [n_ids], each in the vocabulary */
    size_t n_ids;
};

/* Inputs [0, n_rows) came in row_field. Where two lists are compared, the others came in
 * column_field; where one list is compared with itself, there are none. */
struct fields {
    struct slice model;   /* what the request calls the model */
    struct input *inputs; /* [n_inputs] */
    size_t n_inputs;
    size_t n_rows;
    const char *row_field; /* "input" */
    const char *column_field;
    struct slice prompt; /* put before every text */
    enum truncate_side truncate;
    size_t max_tokens;         /* of a text, special tokens included */
    size_t max_request_tokens; /* of all inputs together */
    bool pooled;               /* one vector per text; else, for /embed_all, one per token */
    size_t n_dims;
    bool normalize;
    bool base64;
    bool packed; /* /v1/embeddings: as `pack`, not as float32 */
    enum pack pack;
    unsigned types;    /* /v2/embed: 1 << enum cohere_type of each */
    bool add_special;  /* /tokenize: special tokens */
    bool skip_special; /* /decode */
    enum similarity similarity;

    /* Routes of cross-encoders, which give scores of inputs, not vectors. */
    bool is_judged;
    enum score_activation activation;
    size_t top_n;      /* how many of the best are told */
    bool return_texts; /* each input's second text is told too */
    bool is_batch;     /* /predict: each input has a list of its own */
    bool is_jinas;     /* /rerank: answered in Jina's shape, as it was asked */

    struct body *body; /* private: owns what is borrowed */
    int32_t *ids;      /* private: of all inputs */
};

/* Frees inputs, IDs and texts. Other fields may still be read, but not `model`. */
void fields_release(struct fields *fields);

/* Where an input came from: its list, and its index there. */
const char *fields_locate(const struct fields *fields, size_t i_input, size_t *ret_index);

#endif
