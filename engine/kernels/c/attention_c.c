/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/c/kernels_c.h"

#include "engine/kernels/bfloat16.h"
#include "engine/kernels/softmax.h"

/* Of query i, whose scores are of keys [0, n). */
static void add_bias(const struct attention *a, size_t i, size_t n, float *scores)
{
    for (size_t j = 0; j < n; j++)
        scores[j] += a->bias[(ptrdiff_t)j - (ptrdiff_t)i];
}

static float multiply_rows(const float *a, const float *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * b[i];
    return (float)sum;
}

/* Of query i: its score with the position of each key, and each key's with that of the query. */
static void add_positions(const struct attention *a, size_t i, float *scores)
{
    const float *queries = a->q, *keys = a->k;
    const size_t n = a->head_size;

    for (size_t j = 0; j < a->n_tokens; j++) {
        const size_t row = a->rows[(ptrdiff_t)j - (ptrdiff_t)i];

        if (a->position_keys)
            scores[j] += multiply_rows(queries + i * a->stride, a->position_keys + row * n, n);
        if (a->position_queries)
            scores[j] += multiply_rows(keys + j * a->stride, a->position_queries + row * n, n);
    }
}

void attention_c(const struct attention *a)
{
    const float *queries = a->q, *keys = a->k, *values = a->v;
    const size_t n_tokens = a->n_tokens, head_size = a->head_size, stride = a->stride;
    float *weights = a->scratch; /* [n_tokens]: those of one query */

    for (size_t i = 0; i < n_tokens; i++) {
        float *result = a->out + i * a->out_stride;
        float sum;

        for (size_t j = 0; j < n_tokens; j++)
            weights[j] = multiply_rows(queries + i * stride, keys + j * stride, head_size);
        if (a->bias)
            add_bias(a, i, n_tokens, weights);
        if (a->rows)
            add_positions(a, i, weights);
        sum = softmax_row_c(weights, n_tokens, a->scale);
        for (size_t d = 0; d < head_size; d++)
            result[d] = 0;
        for (size_t j = 0; j < n_tokens; j++)
            for (size_t d = 0; d < head_size; d++)
                result[d] += weights[j] / sum * values[j * stride + d];
    }
}

void attention_bfloat16_c(const struct attention *a)
{
    const uint16_t *queries = a->q, *keys = a->k, *values = a->v;
    const size_t n_tokens = a->n_tokens, head_size = a->head_size, stride = a->stride;
    float *weights = a->scratch; /* [n_tokens]: those of one query */

    for (size_t i = 0; i < n_tokens; i++) {
        float *result = a->out + i * a->out_stride;
        float sum = 0;

        for (size_t j = 0; j < n_tokens; j++) {
            weights[j] = 0;
            for (size_t d = 0; d < head_size; d++)
                weights[j] +=
                    bfloat16_widen(queries[i * stride + d]) * bfloat16_widen(keys[j * stride + d]);
        }
        if (a->bias)
            add_bias(a, i, n_tokens, weights);
        softmax_row_c(weights, n_tokens, a->scale);
        for (size_t j = 0; j < n_tokens; j++) {
            weights[j] = bfloat16_widen(bfloat16_round(weights[j]));
            sum += weights[j];
        }
        for (size_t d = 0; d < head_size; d++) {
            result[d] = 0;
            for (size_t j = 0; j < n_tokens; j++)
                result[d] += weights[j] * bfloat16_widen(values[j * stride + d]);
            result[d] /= sum;
        }
    }
}
