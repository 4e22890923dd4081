/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/packing.h"

#include "engine/base/memory.h"
#include "engine/encoder/context.h"
#include "engine/encoder/convolution.h"
#include "engine/encoder/tables/disentangled.h"
#include "engine/base/parallel.h"
#include "engine/model/model.h"

#include <pthread.h>

/* Rows of the table from that of a padding token on, or the first token's; one row of zeros where
 * there is no table. To each the row of a token type is added, if the model has any. */
static enum status positions_init(const struct encoder *encoder, size_t type, float **ret_positions)
{
    const struct model *model = encoder->model;
    const struct arch *arch = &model->arch;
    size_t size = arch->embedding_size;
    size_t n_rows = arch->n_position_rows ? model->max_tokens + arch->skips_padding : 1;
    size_t first = arch->first_position - arch->skips_padding;
    AUTO_FREE float *types = calloc(size, sizeof *types);
    float *positions = calloc(n_rows * size, sizeof *positions);

    *ret_positions = positions;
    if (!positions || !types)
        return STATUS_NO_MEMORY;
    if (arch->n_types > 0)
        tensor_widen(&model->type_embeddings, type * size, size, types);
    if (arch->n_position_rows > 0)
        tensor_widen(&model->position_embeddings, first * size, n_rows * size, positions);
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < size; j++)
            positions[i * size + j] += types[j];
    return STATUS_OK;
}

static enum gemm_format format_of(enum encoder_dtype dtype)
{
    static const enum gemm_format formats[] = {[ENCODER_FLOAT32] = GEMM_FLOAT32,
                                               [ENCODER_BFLOAT16] = GEMM_BFLOAT16,
                                               [ENCODER_INT8] = GEMM_INT8};

    return formats[dtype];
}

/* What the packing threads share. */
struct packing {
    struct encoder *encoder;
    pthread_mutex_t mutex; /* guards error */
    struct error *error;
};

static enum status pack_layer(void *user, size_t i)
{
    struct packing *packing = user;
    struct encoder *encoder = packing->encoder;
    const struct model *model = encoder->model;
    struct error error = {0};
    enum status status = layer_init(&encoder->layers[i], encoder->gemm, format_of(encoder->dtype),
                                    &encoder->kernels, &model->arch, &model->layers[i], &error);

    encoder->layers[i].plan = arch_has_experts(&model->arch, i)             ? LAYER_WITH_EXPERTS
                              : i == 0 && model->arch.convolution_width > 0 ? LAYER_CONVOLVED
                                                                            : LAYER_PLAIN;
    encoder->layers[i].distance_kind = distance_tables_kind(&model->arch, i);
    encoder->layers[i].is_local = model->arch.is_local[i];
    layer_forget_stored(&model->layers[i]);
    if (!status)
        return STATUS_OK;
    pthread_mutex_lock(&packing->mutex);
    error_set(packing->error, status, "%s", error.text);
    pthread_mutex_unlock(&packing->mutex);
    return status;
}

/* What is not in a layer, but for products. */
static enum status pack_ends(struct encoder *encoder, struct error *error)
{
    const struct model *model = encoder->model;
    const struct arch *arch = &model->arch;
    enum status status = positions_init(encoder, 0, &encoder->positions);

    if (!status && model->has_types)
        status = positions_init(encoder, 1, &encoder->second_positions);
    if (!status && arch->norms_embeddings)
        status = packed_norm_init(&encoder->embedding_norm, arch, &model->embedding_norm,
                                  arch->embedding_size);
    if (!status)
        status =
            packed_norm_init(&encoder->final_norm, arch, &model->final_norm, arch->hidden_size);
    if (!status)
        status = distance_tables_init(&encoder->distances, model);
    if (!status)
        status = rotary_tables_init(&encoder->rotary, model);
    if (!status)
        status = gemm_open(&encoder->kernels, &encoder->gemm, error);
    return status;
}

/* Products that are not in a layer. After the layers': gemm_name() is of the first. */
static enum status pack_other_products(struct encoder *encoder, struct error *error)
{
    const struct model *model = encoder->model;
    enum status status = STATUS_OK;

    if (model->embedding_projection.weight.data)
        status = packed_linear_init(&encoder->embedding_projection, encoder->gemm, GEMM_FLOAT32,
                                    &encoder->kernels, &model->embedding_projection, error);
    if (!status && model->arch.convolution_width > 0)
        status = convolution_init(encoder, error);
    if (!status)
        status = sparse_head_init(encoder, error);
    return status;
}

enum status packing_run(struct encoder *encoder, size_t n_threads, struct error *error)
{
    size_t n_layers = encoder->model->arch.n_layers;
    struct packing packing = {
        .encoder = encoder, .mutex = PTHREAD_MUTEX_INITIALIZER, .error = error};
    enum status status = pack_ends(encoder, error);

    encoder->layers = calloc(n_layers, sizeof *encoder->layers);
    if (!encoder->layers)
        return STATUS_NO_MEMORY;
    if (!status)
        status = parallel_run(n_threads, n_layers, pack_layer, &packing);
    if (!status)
        status = pack_other_products(encoder, error);
    if (!status)
        status = disentangled_init(encoder, n_threads);
    return status;
}
