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
    case DTYPE_INT8:
    case DTYPE_INT64: /* weights_find() does not find such */
        break;
    }
}

/* As float32; zeros where nothing is stored. NULL if memory is short. */
static float *widen_vector(const struct tensor *stored, size_t n)
{
    float *values = memory_new_aligned(n * sizeof *values);

    if (!values)
        return NULL;
    if (stored->data)
        tensor_widen(stored, 0, n, values);
    else
        memset(values, 0, n * sizeof *values);
    return values;
}

enum status packed_norm_init(struct packed_norm *norm, const struct arch *arch,
                             const struct layer_norm_weights *weights, size_t n)
{
    if (!weights->gamma.data)
        return STATUS_OK;
    norm->eps = arch->norm_eps;
    norm->gamma = widen_vector(&weights->gamma, n);
    if (!norm->gamma)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n && arch->norm_kind == NORM_RMS_PLUS_ONE; i++)
        norm->gamma[i] += 1;
    if (arch->norm_kind != NORM_LAYER)
        return STATUS_OK;
    norm->beta = widen_vector(&weights->beta, n);
    return norm->beta ? STATUS_OK : STATUS_NO_MEMORY;
}

void packed_norm_apply(const struct kernels *kernels, const struct packed_norm *norm, float *rows,
                       size_t n_rows, size_t n)
{
    if (norm->beta)
        kernels->layer_norm(rows, norm->gamma, norm->beta, norm->eps, n_rows, n);
    else if (norm->gamma)
        kernels->rms_norm(rows, norm->gamma, norm->eps, n_rows, n);
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

/* The stored linear layers, all of one input, that are a product side by side. */
static size_t linears_of(const struct model_layer *stored, enum layer_product product,
                         const struct linear *ret_linears[MAX_LINEARS])
{
    const struct linear *const linears[N_LAYER_PRODUCTS][MAX_LINEARS] = {
        [LAYER_QKV] = {&stored->query, &stored->key, &stored->value},
        [LAYER_ATTENTION_OUTPUT] = {&stored->attention_output},
        [LAYER_INTERMEDIATE] = {&stored->gate, &stored->intermediate},
        [LAYER_OUTPUT] = {&stored->output},
    };
    size_t n = 0;

    for (size_t i = 0; i < MAX_LINEARS; i++)
        if (linears[product][i] && linears[product][i]->weight.data)
            ret_linears[n++] = linears[product][i];
    return n;
}

static size_t count_weights(const struct linear *linear)
{
    return linear->weight.dims[0] * linear->weight.dims[1];
}

static void gather(const struct kernels *kernels, const struct linear *const *linears,
                   size_t n_linears, float *ret_weights)
{
    for (size_t i = 0; i < n_linears; i++) {
        layer_widen(kernels, &linears[i]->weight, 0, count_weights(linears[i]), ret_weights);
        ret_weights += count_weights(linears[i]);
    }
}

void layer_gather(const struct kernels *kernels, const struct model_layer *stored,
                  enum layer_product product, float *ret_weights)
{
    const struct linear *linears[MAX_LINEARS];
    size_t n_linears = linears_of(stored, product, linears);

    gather(kernels, linears, n_linears, ret_weights);
}

/* Biases side by side; zeros where a linear layer has none. */
static void gather_biases(const struct linear *const *linears, size_t n_linears, float *ret_bias)
{
    for (size_t i = 0; i < n_linears; i++) {
        size_t n = linears[i]->weight.dims[0];

        memset(ret_bias, 0, n * sizeof *ret_bias);
        if (linears[i]->bias.data)
            tensor_widen(&linears[i]->bias, 0, n, ret_bias);
        ret_bias += n;
    }
}

static enum status pack_linears(struct packed_linear *packed, struct gemm *gemm,
                                enum gemm_format format, const struct kernels *kernels,
                                const struct linear *const *linears, size_t n_linears,
                                struct error *error)
{
    size_t n_in = linears[0]->weight.dims[1];
    size_t n_out = 0;
    AUTO_FREE float *buffer = NULL;

    for (size_t i = 0; i < n_linears; i++)
        n_out += linears[i]->weight.dims[0];
    buffer = malloc(n_out * n_in * sizeof(float));
    packed->bias = memory_new_aligned(n_out * sizeof(float));
    if (!buffer || !packed->bias)
        return error_set(error, STATUS_NO_MEMORY, "out of memory while packing weights");
    gather_biases(linears, n_linears, packed->bias);
    gather(kernels, linears, n_linears, buffer);
    return gemm_pack(gemm, format, buffer, n_out, n_in, &packed->weights, error);
}

enum status packed_linear_init(struct packed_linear *packed, struct gemm *gemm,
                               enum gemm_format format, const struct kernels *kernels,
                               const struct linear *stored, struct error *error)
{
    return pack_linears(packed, gemm, format, kernels, &stored, 1, error);
}

static enum status pack_product(struct packed_linear *packed, enum layer_product product,
                                struct gemm *gemm, enum gemm_format format,
                                const struct kernels *kernels, const struct model_layer *stored,
                                struct error *error)
{
    const struct linear *linears[MAX_LINEARS];
    size_t n_linears = linears_of(stored, product, linears);

    if (n_linears == 0) /* a layer of experts */
        return STATUS_OK;
    return pack_linears(packed, gemm, format, kernels, linears, n_linears, error);
}

void packed_linear_release(struct packed_linear *packed)
{
    gemm_weights_free(packed->weights);
    free(packed->bias);
}

static enum status norms_init(struct layer *layer, const struct arch *arch,
                              const struct model_layer *stored)
{
    const struct {
        struct packed_norm *packed;
        const struct layer_norm_weights *stored;
        size_t n;
    } norms[] = {
        {&layer->query_norm, &stored->query_norm, arch->head_size},
        {&layer->key_norm, &stored->key_norm, arch->head_size},
        {&layer->attention_norm, &stored->attention_norm, arch->hidden_size},
        {&layer->attention_outer_norm, &stored->attention_outer_norm, arch->hidden_size},
        {&layer->output_norm, &stored->output_norm, arch->hidden_size},
        {&layer->output_outer_norm, &stored->output_outer_norm, arch->hidden_size},
    };
    enum status status = STATUS_OK;

    for (size_t i = 0; i < sizeof norms / sizeof *norms && !status; i++)
        status = packed_norm_init(norms[i].packed, arch, norms[i].stored, norms[i].n);
    return status;
}

/* --- experts ----------------------------------------------------------------------------------- */

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

static enum status experts_init(struct experts *experts, struct gemm *gemm, enum gemm_format format,
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

static void experts_release(struct experts *experts)
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

/* --- a layer ---------------------------------------------------------------------------------- */

enum status layer_init(struct layer *layer, struct gemm *gemm, enum gemm_format format,
                       const struct kernels *kernels, const struct arch *arch,
                       const struct model_layer *stored, struct error *error)
{
    enum status status = norms_init(layer, arch, stored);

    for (enum layer_product i = 0; i < N_LAYER_PRODUCTS && !status; i++)
        status = pack_product(&layer->products[i], i, gemm, format, kernels, stored, error);
    if (!status && stored->router.weight.data)
        status = experts_init(&layer->experts, gemm, format, kernels, arch, stored, error);
    return status;
}

enum gemm_format layer_middle_format(const struct layer *layer)
{
    const struct packed_linear *reader = &layer->products[LAYER_INTERMEDIATE];

    return (reader->weights ? reader : &layer->experts.in[0])->weights->format;
}

enum status layer_repack(struct layer *layer, enum layer_product product, struct gemm *gemm,
                         enum gemm_format format, const struct kernels *kernels,
                         const struct model_layer *stored, struct error *error)
{
    struct packed_linear *old = &layer->products[product];
    struct packed_linear packed = {0};
    enum status status = pack_product(&packed, product, gemm, format, kernels, stored, error);

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
    if (stored->router.weight.data) {
        tensor_forget(&stored->experts_in);
        tensor_forget(&stored->experts_out);
    }
}

void layer_release(struct layer *layer)
{
    for (enum layer_product i = 0; i < N_LAYER_PRODUCTS; i++)
        packed_linear_release(&layer->products[i]);
    experts_release(&layer->experts);
    packed_norm_release(&layer->query_norm);
    packed_norm_release(&layer->key_norm);
    packed_norm_release(&layer->attention_norm);
    packed_norm_release(&layer->attention_outer_norm);
    packed_norm_release(&layer->output_norm);
    packed_norm_release(&layer->output_outer_norm);
    free(layer->position_keys);
    free(layer->position_queries);
}
