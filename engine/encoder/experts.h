/* SPDX-License-Identifier: Apache-2.0 */

/* Which token has which of a layer's experts, whose weights layer.h has. A pass sorts its tokens by
 * expert, so that an expert's weights are read for all of its tokens at once. That changes no
 * bit of a token (promise 1): a row of a product does not depend on those beside it, and a token
 * adds its experts' results in the order of their shares. Private to the encoder. */
#ifndef NESTD_ENGINE_ENCODER_EXPERTS_H
#define NESTD_ENGINE_ENCODER_EXPERTS_H

#include <stddef.h>
#include <stdint.h>

struct encoder_context;

/* A token's experts, by the router's logits [n], which are overwritten: the n_chosen with the
 * largest shares, the first of equal ones first. */
void experts_choose(float *logits, size_t n, size_t n_chosen, uint32_t *ret_experts,
                    float *ret_shares);

/* Sorts what `chosen` says of the first n_tokens rows by expert. Returns how many tiles, of at most
 * GEMM_MAX_ROWS rows of one expert, that makes. */
size_t experts_sort(struct encoder_context *context, size_t n_tokens);

/* A tile: its expert, and which of expert_rows are its. */
size_t experts_find_tile(const struct encoder_context *context, size_t tile, size_t *ret_first,
                         size_t *ret_n_rows);

#endif
