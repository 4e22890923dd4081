/* SPDX-License-Identifier: Apache-2.0 */

/* Vectors as they are stored. For scoring.c. */
#ifndef NESTD_SERVER_EVALUATE_FORMATS_H
#define NESTD_SERVER_EVALUATE_FORMATS_H

#include "server/evaluate/scoring.h"

#include <stdint.h>

/* round(127 x) of each vector at length 1, as floats: their sums are exact. */
MUST_CHECK enum status format_round(const struct vectors *vectors, struct vectors *ret_rounded);

/* Each number's sign as +1 or -1: what a bit stands for. */
MUST_CHECK enum status format_sign(const struct vectors *vectors, struct vectors *ret_signs);

/* The bits of x > 0 in words of 64, zeros behind the last: ret_words[n, ret_n_words]. The caller
 * frees it. */
MUST_CHECK enum status format_pack(const struct vectors *vectors, uint64_t **ret_words,
                                   size_t *ret_n_words);

#endif
