/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/experts.h"

#include "engine/base/memory.h"
#include "engine/encoder/context.h"
#include "engine/model/model.h"

#include <math.h>
#include <string.h>

/* ---- weights ---- */

static enum status out_of_memory(struct error *error)
{
    return error_set(error, STATUS_NO_MEMORY, "out of memory while packing weights");
}

/* Weights [n_in, n_out] as stored, from row `first` on, packed as [n_out, n_in]; no bias. */
static enum status pack_transposed(struct packed_linear *packed, struct gemm *gemm,
                                   enum gemm_format format, const struct kernels *kernels,
                                   const struct tensor *stored, size_t first, size_t n_in,
                                   struct error *error)
{
    size_t n_out = stored->dims[1];
    AUTO_FREE float *rows = malloc(n_in * n_out * sizeof *rows);
    AUTO_FREE float *columns = malloc(n_in * n_out * sizeof *columns);

    packed->bias = memory_new_aligned(n_out * sizeof *packed->bias);
    if (!rows || !columns || !packed->bias)
        return out_of_memory(error);
    memset(packed->bias, 0, n_out * sizeof *packed->bias);
    layer_widen(kernels, stored, first * n_out, n_in * n_out, rows);
    for (size_t i = 0; i < n_in; i++)
        for (size_t j = 0; j < n_out; j++)
            columns[j * n_in + i] = rows[i * n_out + j];
    return gemm_pack(gemm, format, columns, n_out, n_in, &packed->weights, error);
}

/* The rows [first, first + n) of stored weights, which have no bias. */
static struct linear rows_of(const struct tensor *stored, size_t first, size_t n)
{
    struct linear linear = {.weight = *stored};

    linear.weight.dims[0] = n;
    linear.weight.data =
        (const char *)stored->data + first * stored->dims[1] * dtype_size_bytes(stored->dtype);
    return linear;
}

enum status experts_init(struct experts *experts, struct gemm *gemm, enum gemm_format format,
                         const struct kernels *kernels, const struct arch *arch,
                         const struct model_layer *stored, struct error *error)
{
    size_t inner = arch->intermediate_size;
    enum status status;

    experts->n = arch->n_experts;
    experts->in = calloc(experts->n, sizeof *experts->in);
    experts->out = calloc(experts->n, sizeof *experts->out);
    experts->bias = calloc(arch->hidden_size, sizeof *experts->bias);
    if (!experts->in || !experts->out || !experts->bias)
        return out_of_memory(error);
    tensor_widen(&stored->experts_bias, 0, arch->hidden_size, experts->bias);
    status =
        packed_linear_init(&experts->router, gemm, GEMM_FLOAT32, kernels, &stored->router, error);
    for (size_t i = 0; i < experts->n && !status; i++) {
        struct linear in = rows_of(&stored->experts_in, i * inner, inner);

        status = packed_linear_init(&experts->in[i], gemm, format, kernels, &in, error);
        if (!status)
            status = pack_transposed(&experts->out[i], gemm, format, kernels, &stored->experts_out,
                                     i * inner, inner, error);
    }
    return status;
}

void experts_release(struct experts *experts)
{
    packed_linear_release(&experts->router);
    for (size_t i = 0; i < experts->n && experts->in && experts->out; i++) {
        packed_linear_release(&experts->in[i]);
        packed_linear_release(&experts->out[i]);
    }
    free(experts->in);
    free(experts->out);
    free(experts->bias);
}

/* ---- which token has which ---- */

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
