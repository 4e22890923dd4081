/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/attention.h"

#include "engine/kernels/softmax.h"

void attention_c(const float *q, const float *k, const float *v, size_t stride, size_t n_tokens,
                 size_t head_size, float scale, float *scratch, float *out, size_t out_stride)
{
    float *weights = scratch; /* [n_tokens]: those of one query */

    for (size_t i = 0; i < n_tokens; i++) {
        float *result = out + i * out_stride;
        float sum;

        for (size_t j = 0; j < n_tokens; j++) {
            double score = 0;

            for (size_t d = 0; d < head_size; d++)
                score += (double)q[i * stride + d] * k[j * stride + d];
            weights[j] = (float)score;
        }
        sum = softmax_row_c(weights, n_tokens, scale);
        for (size_t d = 0; d < head_size; d++)
            result[d] = 0;
        for (size_t j = 0; j < n_tokens; j++)
            for (size_t d = 0; d < head_size; d++)
                result[d] += weights[j] / sum * v[j * stride + d];
    }
}
