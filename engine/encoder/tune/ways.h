/* SPDX-License-Identifier: Apache-2.0 */

/* What the forward pass has more than one way of doing, all of which give the same bits (promise
 * 1): which of them an encoder takes. Private to the encoder. */
#ifndef NESTD_ENGINE_ENCODER_TUNE_WAYS_H
#define NESTD_ENGINE_ENCODER_TUNE_WAYS_H

#include <stdbool.h>
#include <stddef.h>

struct ways {
    bool by_product; /* passes go product by product, not block by block (forward.c) */

    /* From how many tokens on the members of a pass that has no more than GEMM_MAX_ROWS share its
     * rows; below, they share each step's weights. Teams of rows_members or more; 0: none are
     * treated otherwise than by the rule. */
    size_t rows_from;
    size_t rows_members;
};

/* By the rules, which were measured on Zen 5. layer_bytes: of a layer's weights, without the first
 * product's. */
struct ways ways_by_rule(size_t layer_bytes);

/* Takes the way of that name, "block", "product", "panels" or "rows"; false if there is none. */
bool ways_take(struct ways *ways, const char *name);

/* See rows_from; n_members > 1. */
size_t ways_rows_from(const struct ways *ways, size_t n_members);

/* For the log and /info: "by block, a lone text by rows from 17 tokens on". */
void ways_describe(const struct ways *ways, char *ret_text, size_t text_size);

#endif
