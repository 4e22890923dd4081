/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/packing.h"

#include "engine/base/memory.h"
#include "engine/encoder/context.h"
#include "engine/encoder/parallel.h"
#include "engine/model/model.h"

#include <pthread.h>

static enum status positions_init(struct encoder *encoder)
{
    const struct model *model = encoder->model;
    size_t hidden = model->arch.hidden_size;
    AUTO_FREE float *types = calloc(hidden, sizeof *types);

    encoder->positions = memory_new_aligned(model->max_tokens * hidden * sizeof(float));
    if (!encoder->positions || !types)
        return STATUS_NO_MEMORY;
    if (model->arch.n_types > 0)
        tensor_widen(&model->type_embeddings, 0, hidden, types);
    tensor_widen(&model->position_embeddings, 0, model->max_tokens * hidden, encoder->positions);
    for (size_t i = 0; i < model->max_tokens; i++)
        for (size_t j = 0; j < hidden; j++)
            encoder->positions[i * hidden + j] += types[j];
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
                                    &encoder->kernels, &model->layers[i], &error);

    layer_forget_stored(&model->layers[i]);
    if (!status)
        return STATUS_OK;
    pthread_mutex_lock(&packing->mutex);
    error_set(packing->error, status, "%s", error.text);
    pthread_mutex_unlock(&packing->mutex);
    return status;
}

enum status packing_run(struct encoder *encoder, size_t n_threads, struct error *error)
{
    const struct model *model = encoder->model;
    struct packing packing = {
        .encoder = encoder, .mutex = PTHREAD_MUTEX_INITIALIZER, .error = error};
    enum status status = positions_init(encoder);

    encoder->layers = calloc(model->arch.n_layers, sizeof *encoder->layers);
    if (!encoder->layers)
        return STATUS_NO_MEMORY;
    if (!status)
        status = packed_norm_init(&encoder->embedding_norm, &model->embedding_norm,
                                  model->arch.hidden_size);
    if (!status)
        status = gemm_open(&encoder->kernels, &encoder->gemm, error);
    if (!status)
        status = parallel_run(n_threads, model->arch.n_layers, pack_layer, &packing);
    return status;
}
