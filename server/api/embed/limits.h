/* SPDX-License-Identifier: Apache-2.0 */

/* What a request may ask of the model: the model's sizes and prompts, and the options' limits. Made
 * once, before the port opens; read-only from then on, so any thread may read it. */
#ifndef NESTD_SERVER_API_EMBED_LIMITS_H
#define NESTD_SERVER_API_EMBED_LIMITS_H

#include "engine/engine.h"
#include "server/text/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct options;

struct limits {
    size_t max_inputs;          /* in one list of one request */
    size_t max_text_tokens;     /* of one input, special tokens included */
    size_t max_request_tokens;  /* of all inputs of one request; the queue can hold as many */
    size_t max_unpooled_tokens; /* the same for requests for every token's vector */
    size_t hidden_size;         /* of a token's vector */
    size_t vocabulary_size;
    size_t n_dims;                /* of a full vector */
    size_t default_dims;          /* for requests that name none */
    size_t *dims;                 /* [n_dims_listed], ascending: the only sizes besides n_dims */
    size_t n_dims_listed;         /* 0: every size up to n_dims */
    const struct prompt *prompts; /* [n_prompts], the model's */
    size_t n_prompts;
    struct slice default_prompt; /* for requests that name none */
    bool include_prompt;         /* the pooling counts the prompt's tokens */
    bool normalize;
    enum truncate_side truncate; /* the end that is cut if a request does not say which */
    bool auto_truncate;
    enum similarity similarity;
    bool is_sparse;       /* the model's vectors are (engine.h) */
    struct labels labels; /* the model's, borrowed; n 0: it embeds */
};

/* INVALID for options that do not fit the model (an unknown default prompt, an unsupported size),
 * with the option's name and what is expected. Borrows from `info` and `options`. */
MUST_CHECK enum status limits_new(struct limits **ret_limits, const struct options *options,
                                  const struct engine_info *info, struct error *error);
void limits_free(struct limits *limits);

/* For commands that embed: UNSUPPORTED where the model is a cross-encoder, or its vectors are
 * sparse. */
MUST_CHECK enum status limits_demand_vectors(const struct limits *limits, struct error *error);

/* Whether the model gives vectors, and no sparse ones. */
bool limits_embed(const struct limits *limits);

/* Whether vectors may be cut to n_dims numbers. */
bool limits_allow_dims(const struct limits *limits, size_t n_dims);

/* The prompt with that name; NULL if there is none. */
const struct prompt *limits_find_prompt(const struct limits *limits, struct slice name);

/* Its text, which is nothing for an implied prompt that the model does not have. False, and
 * *ret_text is untouched, if no prompt has that name. */
bool limits_get_prompt_text(const struct limits *limits, struct slice name, struct slice *ret_text);

/* What is allowed, for messages: "1 to 384" or "64, 128, 384"; "query, passage". Shortened to
 * fit. */
struct choices {
    char text[256];
};
struct choices limits_list_dims(const struct limits *limits);
struct choices limits_list_prompts(const struct limits *limits);

#endif
