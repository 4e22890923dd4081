/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/experts.h"

#include "engine/encoder/context.h"
#include "engine/model/model.h"

#include <math.h>
#include <string.h>

void experts_choose(float *logits, size_t n, size_t n_chosen, uint32_t *ret_experts,
                    float *ret_shares)
{
    float largest = logits[0], sum = 0;

    for (size_t i = 1; i < n; i++)
        largest = logits[i] > largest ? logits[i] : largest;
    for (size_t i = 0; i < n; i++) {
        logits[i] = expf(logits[i] - largest);
        sum += logits[i];
    }
    for (size_t i = 0; i < n_chosen; i++) {
        size_t best = 0;

        for (size_t j = 1; j < n; j++)
            if (logits[j] > logits[best])
                best = j;
        ret_experts[i] = (uint32_t)best;
        ret_shares[i] = logits[best] / sum;
        logits[best] = -1; /* less than any other */
    }
}

static size_t count_tiles(size_t n_rows)
{
    return (n_rows + GEMM_MAX_ROWS - 1) / GEMM_MAX_ROWS;
}

size_t experts_sort(struct encoder_context *context, size_t n_tokens)
{
    const struct arch *arch = &context->encoder->model->arch;
    size_t n = n_tokens * arch->n_chosen_experts;
    uint32_t *ends = context->expert_ends; /* after the sorting; before it: where each is to go */
    size_t n_tiles = 0;
    uint32_t end = 0;

    memset(ends, 0, arch->n_experts * sizeof *ends);
    for (size_t i = 0; i < n; i++)
        ends[context->chosen[i]]++;
    for (size_t i = 0; i < arch->n_experts; i++) {
        uint32_t n_rows = ends[i];

        n_tiles += count_tiles(n_rows);
        ends[i] = end;
        end += n_rows;
    }
    for (size_t i = 0; i < n; i++)
        context->expert_rows[ends[context->chosen[i]]++] = (uint32_t)i;
    return n_tiles;
}

size_t experts_find_tile(const struct encoder_context *context, size_t tile, size_t *ret_first,
                         size_t *ret_n_rows)
{
    size_t expert = 0, begin = 0;

    while (tile >= count_tiles(context->expert_ends[expert] - begin)) {
        tile -= count_tiles(context->expert_ends[expert] - begin);
        begin = context->expert_ends[expert++];
    }
    *ret_first = begin + tile * GEMM_MAX_ROWS;
    *ret_n_rows = context->expert_ends[expert] - *ret_first;
    if (*ret_n_rows > GEMM_MAX_ROWS)
        *ret_n_rows = GEMM_MAX_ROWS;
    return expert;
}
