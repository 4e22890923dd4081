/* SPDX-License-Identifier: Apache-2.0 */

/* From token vectors to one text vector, as sentence-transformers' Pooling and Normalize modules do it. Pure; any thread. */
#ifndef NESTD_ENGINE_MODEL_POOLING_H
#define NESTD_ENGINE_MODEL_POOLING_H

#include <stdbool.h>
#include <stddef.h>

/* In the order in which several at once are concatenated. */
enum pooling_mode {
    POOLING_CLS,
    POOLING_MAX,
    POOLING_MEAN,
    POOLING_MEAN_SQRT_LEN,
    POOLING_WEIGHTED_MEAN, /* weights 1, 2, ... n by position */
    POOLING_LAST_TOKEN,
    N_POOLING_MODES,
};

struct pooling {
    bool modes[N_POOLING_MODES];
};

size_t pooling_count(const struct pooling *pooling);

/* "cls", "mean", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken": sentence-transformers' short names. */
const char *pooling_mode_name(enum pooling_mode mode);

/* tokens: [n_tokens, hidden_size]; the first `n_skipped` (< n_tokens; a prompt that the model leaves out) count for nothing
 * but CLS. ret_vector: [pooling_count x hidden_size]. */
void pooling_apply(const struct pooling *pooling, const float *tokens, size_t n_tokens, size_t n_skipped,
                   size_t hidden_size, float *ret_vector);

/* L2-normalises in place: x / max(|x|, 1e-12), as torch.nn.functional.normalize. The sum of squares runs in double, in order. */
void vector_normalize(float *vector, size_t n_dims);

bool vector_is_finite(const float *vector, size_t n_dims);

#endif
