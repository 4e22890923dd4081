/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/layer.h"

#include "engine/base/memory.h"
#include "engine/kernels/kernels.h"
#include "engine/model/model.h"

#include <string.h>

void layer_widen(const struct kernels *kernels, const struct tensor *tensor, size_t first, size_t n,
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

const char *layer_product_name(enum layer_product product)
{
    static const char *const names[N_LAYER_PRODUCTS] = {
        [LAYER_QKV] = "attention.self",
        [LAYER_ATTENTION_OUTPUT] = "attention.output.dense",
        [LAYER_INTERMEDIATE] = "intermediate.dense",
        [LAYER_OUTPUT] = "output.dense",
    };

    return names[product];
}

enum { MAX_LINEARS = 3 };

/* The stored linear layers, all of one input and one size, that are a product side by side. */
static size_t linears_of(const struct model_layer *stored, enum layer_product product,
                         const struct linear *ret_linears[MAX_LINEARS])
{
    const struct linear *const linears[N_LAYER_PRODUCTS][MAX_LINEARS] = {
        [LAYER_QKV] = {&stored->query, &stored->key, &stored->value},
        [LAYER_ATTENTION_OUTPUT] = {&stored->attention_output},
        [LAYER_INTERMEDIATE] = {&stored->intermediate},
        [LAYER_OUTPUT] = {&stored->output},
    };
    size_t n = 0;

    while (n < MAX_LINEARS && linears[product][n]) {
        ret_linears[n] = linears[product][n];
        n++;
    }
    return n;
}

void layer_gather(const struct kernels *kernels, const struct model_layer *stored,
                  enum layer_product product, float *ret_weights)
{
    const struct linear *linears[MAX_LINEARS];
    size_t n_linears = linears_of(stored, product, linears);
    size_t n_each = linears[0]->weight.dims[0] * linears[0]->weight.dims[1];

    for (size_t i = 0; i < n_linears; i++)
        layer_widen(kernels, &linears[i]->weight, 0, n_each, ret_weights + i * n_each);
}

static enum status packed_linear_init(struct packed_linear *packed, enum layer_product product,
                                      struct gemm *gemm, enum gemm_format format,
                                      const struct kernels *kernels,
                                      const struct model_layer *stored, struct error *error)
{
    const struct linear *linears[MAX_LINEARS];
    size_t n_linears = linears_of(stored, product, linears);
    size_t n_in = linears[0]->weight.dims[1];
    size_t n_each = linears[0]->weight.dims[0];
    size_t n_out = n_each * n_linears;
    AUTO_FREE float *buffer = malloc(n_out * n_in * sizeof(float));

    packed->bias = memory_new_aligned(n_out * sizeof(float));
    if (!buffer || !packed->bias)
        return error_set(error, STATUS_NO_MEMORY, "out of memory while packing weights");
    for (size_t i = 0; i < n_linears; i++)
        tensor_widen(&linears[i]->bias, 0, n_each, packed->bias + i * n_each);
    layer_gather(kernels, stored, product, buffer);
    return gemm_pack(gemm, format, buffer, n_out, n_in, &packed->weights, error);
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
    enum status status =
        packed_norm_init(&layer->attention_norm, &stored->attention_norm, hidden_size);

    if (!status)
        status = packed_norm_init(&layer->output_norm, &stored->output_norm, hidden_size);
    for (enum layer_product i = 0; i < N_LAYER_PRODUCTS && !status; i++)
        status = packed_linear_init(&layer->products[i], i, gemm, format, kernels, stored, error);
    return status;
}

enum status layer_repack(struct layer *layer, enum layer_product product, struct gemm *gemm,
                         enum gemm_format format, const struct kernels *kernels,
                         const struct model_layer *stored, struct error *error)
{
    struct packed_linear *old = &layer->products[product];
    struct packed_linear packed = {0};
    enum status status = packed_linear_init(&packed, product, gemm, format, kernels, stored, error);

    packed_linear_release(status ? &packed : old);
    if (!status)
        *old = packed;
    return status;
}

void layer_forget_stored(const struct model_layer *stored)
{
    for (enum layer_product i = 0; i < N_LAYER_PRODUCTS; i++) {
        const struct linear *linears[MAX_LINEARS];
        size_t n_linears = linears_of(stored, i, linears);

        for (size_t j = 0; j < n_linears; j++)
            tensor_forget(&linears[j]->weight);
    }
}

void layer_release(struct layer *layer)
{
    for (enum layer_product i = 0; i < N_LAYER_PRODUCTS; i++)
        packed_linear_release(&layer->products[i]);
    packed_norm_release(&layer->attention_norm);
    packed_norm_release(&layer->output_norm);
}
