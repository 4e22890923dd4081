/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/layer.h"

#include "engine/kernels/kernels.h"
#include "engine/memory.h"
#include "engine/model/model.h"

#include <string.h>

void widen(const struct kernels *kernels, const struct tensor *tensor, size_t first, size_t n,
           float *ret_values)
{
    const char *stored = (const char *)tensor->data + first * dtype_size_bytes(tensor->dtype);

    switch (tensor->dtype) {
    case DTYPE_FLOAT32:
        memcpy(ret_values, stored, n * sizeof *ret_values);
        break;
    case DTYPE_FLOAT16:
        kernels->widen_float16(stored, n, ret_values);
        break;
    case DTYPE_BFLOAT16:
        kernels->widen_bfloat16(stored, n, ret_values);
        break;
    }
}

enum status packed_norm_init(struct packed_norm *norm, const struct layer_norm_weights *weights,
                             size_t n)
{
    norm->gamma = memory_new_aligned(n * sizeof(float));
    norm->beta = memory_new_aligned(n * sizeof(float));
    if (!norm->gamma || !norm->beta)
        return STATUS_NO_MEMORY;
    tensor_widen(&weights->gamma, 0, n, norm->gamma);
    tensor_widen(&weights->beta, 0, n, norm->beta);
    return STATUS_OK;
}

void packed_norm_release(struct packed_norm *norm)
{
    free(norm->gamma);
    free(norm->beta);
}

/* Packs linear layers of one input side by side. */
static enum status packed_linear_init(struct packed_linear *packed, struct gemm *gemm,
                                      enum gemm_format format, const struct kernels *kernels,
                                      const struct linear *const *linears, size_t n_linears,
                                      struct error *error)
{
    size_t n_in = linears[0]->weight.dims[1];
    size_t n_each = linears[0]->weight.dims[0];
    size_t n_out = n_each * n_linears;
    AUTO_FREE float *widened = malloc(n_out * n_in * sizeof(float));

    packed->bias = memory_new_aligned(n_out * sizeof(float));
    if (!widened || !packed->bias)
        return error_set(error, STATUS_NO_MEMORY, "out of memory while packing weights");
    for (size_t i = 0; i < n_linears; i++) {
        widen(kernels, &linears[i]->weight, 0, n_each * n_in, widened + i * n_each * n_in);
        tensor_widen(&linears[i]->bias, 0, n_each, packed->bias + i * n_each);
    }
    return gemm_pack(gemm, format, widened, n_out, n_in, &packed->weights, error);
}

static void packed_linear_release(struct packed_linear *packed)
{
    gemm_weights_free(packed->weights);
    free(packed->bias);
}

enum status layer_init(struct layer *layer, struct gemm *gemm, enum gemm_format format,
                       const struct kernels *kernels, const struct model_layer *stored,
                       struct error *error)
{
    size_t hidden_size = stored->query.weight.dims[1];
    const struct linear *qkv[] = {&stored->query, &stored->key, &stored->value};
    const struct linear *attention_output = &stored->attention_output;
    const struct linear *intermediate = &stored->intermediate;
    const struct linear *output = &stored->output;
    enum status status = packed_linear_init(&layer->qkv, gemm, format, kernels, qkv, 3, error);

    if (!status)
        status = packed_linear_init(&layer->attention_output, gemm, format, kernels,
                                    &attention_output, 1, error);
    if (!status)
        status = packed_norm_init(&layer->attention_norm, &stored->attention_norm, hidden_size);
    if (!status)
        status = packed_linear_init(&layer->intermediate, gemm, format, kernels, &intermediate, 1,
                                    error);
    if (!status)
        status = packed_linear_init(&layer->output, gemm, format, kernels, &output, 1, error);
    if (!status)
        status = packed_norm_init(&layer->output_norm, &stored->output_norm, hidden_size);
    return status;
}

void layer_forget_stored(const struct model_layer *stored)
{
    tensor_forget(&stored->query.weight);
    tensor_forget(&stored->key.weight);
    tensor_forget(&stored->value.weight);
    tensor_forget(&stored->attention_output.weight);
    tensor_forget(&stored->intermediate.weight);
    tensor_forget(&stored->output.weight);
}

void layer_release(struct layer *layer)
{
    packed_linear_release(&layer->qkv);
    packed_linear_release(&layer->attention_output);
    packed_norm_release(&layer->attention_norm);
    packed_linear_release(&layer->intermediate);
    packed_linear_release(&layer->output);
    packed_norm_release(&layer->output_norm);
}
