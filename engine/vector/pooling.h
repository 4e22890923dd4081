/* SPDX-License-Identifier: Apache-2.0 */

/* From token vectors to one text vector, as sentence-transformers' Pooling and Normalize modules do
 * it. Pure; any thread. */
#ifndef NESTD_ENGINE_VECTOR_POOLING_H
#define NESTD_ENGINE_VECTOR_POOLING_H

#include <stdbool.h>
#include <stddef.h>

enum pooling_mode {
    POOLING_CLS,
    POOLING_MAX,
    POOLING_MEAN,
    POOLING_MEAN_SQRT_LEN,
    POOLING_WEIGHTED_MEAN, /* weights 1, 2, ... n by position */
    POOLING_LAST_TOKEN,
    N_POOLING_MODES,
};

/* One or more modes, none twice; their vectors are concatenated in this order. */
struct pooling {
    enum pooling_mode order[N_POOLING_MODES]; /* [n_modes] */
    size_t n_modes;
};

size_t pooling_count(const struct pooling *pooling);

/* "cls", "mean", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken": sentence-transformers'
 * short names. */
const char *pooling_mode_name(enum pooling_mode mode);

bool pooling_mode_parse(const char *name, enum pooling_mode *ret_mode);

/* tokens: [n_tokens, hidden_size]; the first `n_skipped` (< n_tokens; a prompt that the model
 * leaves out) count for nothing, so CLS is the first of the rest (as sentence-transformers 6 has
 * it; before, it was token 0); the weighted mean's weights stay those of the positions in the whole
 * text. Sums run in double, in order. ret_vector: [pooling_count x hidden_size]. */
void pooling_apply(const struct pooling *pooling, const float *tokens, size_t n_tokens,
                   size_t n_skipped, size_t hidden_size, float *ret_vector);

#endif
