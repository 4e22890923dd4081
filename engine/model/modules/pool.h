/* SPDX-License-Identifier: Apache-2.0 */

/* What a model's modules make of a text's token vectors. Any thread. */
#ifndef NESTD_ENGINE_MODEL_MODULES_POOL_H
#define NESTD_ENGINE_MODEL_MODULES_POOL_H

#include <stddef.h>
#include <stdint.h>

struct model;

/* The room that model_pool() needs for a vector: its widest state. */
size_t model_pool_floats(const struct model *model);

/* tokens: [n_tokens, hidden_size], the first n_skipped of which the pooling leaves out.
 * ret_vector, scratch: [model_pool_floats()]; the model's n_dims numbers come out, whole and not
 * normalised at the end. */
void model_pool(const struct model *model, const float *tokens, size_t n_tokens, size_t n_skipped,
                float *ret_vector, float *scratch);

/* How many of a text's tokens model_pool() is to be given: all but the padding at its end, which a
 * cross-encoder's head may leave out; 1 at least. */
size_t model_count_pooled(const struct model *model, const int32_t *ids, size_t n_tokens);

/* The same for judging a number format: the finished vector or, of a cross-encoder or a sparse encoder,
 * the pooled one: a few scores have no direction to lose, and the vocabulary's are too many. model_count_measured() numbers come out. */
size_t model_count_measured(const struct model *model);
void model_pool_measured(const struct model *model, const float *tokens, size_t n_tokens,
                         float *ret_vector, float *scratch);

/* The same of ids[n], for a model with a table. sums: [hidden_size]. */
void model_look_up(const struct model *model, const int32_t *ids, size_t n, double *sums,
                   float *ret_vector, float *scratch);

/* The vector of a text without a token: what the modules make of zeros. */
void model_pool_nothing(const struct model *model, float *ret_vector, float *scratch);

#endif
