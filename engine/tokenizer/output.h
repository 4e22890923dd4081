/* SPDX-License-Identifier: Apache-2.0 */

/* Where the tokens of one text go: appended to the caller's, special ones around them, what is too
 * much left out. */
#ifndef NESTD_ENGINE_TOKENIZER_OUTPUT_H
#define NESTD_ENGINE_TOKENIZER_OUTPUT_H

#include "engine/tokenizer/tokenizer.h"

struct output {
    struct tokens *tokens;
    const struct tokenize_options *options;
    size_t n_before; /* tokens that were there already */
    size_t start;    /* where those of the text begin */
    size_t max_kept; /* of the text; SIZE_MAX: all */
    size_t n_kept;   /* with TRUNCATE_START up to twice max_kept; the last ones count */
    size_t n_seen;
    enum status status; /* why output_put() said false, or OK: there are tokens enough */
};

/* Appends a token. STATUS_NO_MEMORY. */
MUST_CHECK enum status tokens_append(struct tokens *tokens, const struct tokenize_options *options,
                                     int32_t id, struct token_span span, uint8_t type);

/* Appends the tokens [start, start + n) of `from`, all at once: a query is copied into a pair with
 * each of thousands of documents. STATUS_NO_MEMORY. */
MUST_CHECK enum status tokens_append_part(struct tokens *tokens,
                                          const struct tokenize_options *options,
                                          const struct tokens *from, size_t start, size_t n,
                                          uint8_t type);

/* Begins with the special tokens that come first; `n_special` is how many go around it in all.
 * STATUS_TOO_LONG where not even they fit, with *ret_result filled. */
MUST_CHECK enum status output_begin(struct output *output, struct tokens *tokens,
                                    const struct tokenize_options *options, const int32_t *first,
                                    size_t n_first, size_t n_special,
                                    struct tokenize_result *ret_result);

/* Takes the next token of the text; false when no more are wanted. */
bool output_put(struct output *output, int32_t id, size_t start, size_t stop);

/* Ends with the special tokens that come last. On failure the tokens are as before. */
MUST_CHECK enum status output_end(struct output *output, const int32_t *last, size_t n_last,
                                  size_t n_special, struct tokenize_result *ret_result);

#endif
