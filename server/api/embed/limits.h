/* SPDX-License-Identifier: Apache-2.0 */

/* What a request may ask of the loaded model: the model's sizes and prompts under the options'
 * limits. Made once, when the model is loaded; read-only from then on, so any thread may look. */
#ifndef NESTD_SERVER_API_EMBED_LIMITS_H
#define NESTD_SERVER_API_EMBED_LIMITS_H

#include "engine/engine.h"
#include "server/text/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct options;

struct limits {
    size_t max_inputs;      /* in one list of one request */
    size_t max_text_tokens; /* of one input, special tokens included */
    size_t
        max_request_tokens; /* of all inputs of one request: never more than the queue can hold */
    size_t max_unpooled_tokens; /* the same where every token's vector is asked for */
    size_t hidden_size;         /* of a token's vector */
    size_t vocabulary_size;
    size_t n_dims;                /* of a full vector */
    size_t default_dims;          /* where a request names none */
    size_t *dims;                 /* [n_dims_listed], ascending: the only sizes besides n_dims */
    size_t n_dims_listed;         /* 0: every size up to n_dims */
    const struct prompt *prompts; /* [n_prompts], the model's */
    size_t n_prompts;
    struct slice default_prompt; /* where a request names none */
    bool include_prompt;         /* the pooling counts the prompt's tokens */
    bool normalize;
    enum truncate_side truncate; /* the end that goes where a request only says that one may */
    bool auto_truncate;
    enum similarity similarity;
};

/* Options that do not fit the model (a default prompt that it lacks, a size that it has not) are
 * STATUS_INVALID, with the option's name and what would do. Borrows from `info` and `options`. */
MUST_CHECK enum status limits_new(struct limits **ret_limits, const struct options *options,
                                  const struct engine_info *info, struct error *error);
void limits_free(struct limits *limits);

/* May vectors be cut to n_dims numbers? */
bool limits_allow_dims(const struct limits *limits, size_t n_dims);

/* The prompt of that name; NULL if there is none. */
const struct prompt *limits_find_prompt(const struct limits *limits, struct slice name);

/* What would be allowed, for messages: "1 to 384", or "64, 128 or 384"; "query, passage". Cut to
 * fit. */
struct choices {
    char text[256];
};
struct choices limits_list_dims(const struct limits *limits);
struct choices limits_list_prompts(const struct limits *limits);

#endif
