/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/int8/reference.h"

#include "engine/base/memory.h"
#include "engine/model/model.h"

#include <string.h>

void reference_release(struct reference *exact)
{
    for (enum layer_product i = 0; i < N_LAYER_PRODUCTS; i++) {
        gemm_weights_free(exact->weights[i]);
        free(exact->buffers[i]);
    }
    free(exact->encoder.layers);
}

enum status reference_init(struct reference *exact, const struct encoder *encoder)
{
    size_t n_layers = encoder->model->arch.n_layers;

    *exact = (struct reference){.encoder = *encoder};
    exact->encoder.dtype = ENCODER_FLOAT32;
    exact->encoder.attention_type = KERNEL_FLOAT32;
    exact->encoder.layers = calloc(n_layers, sizeof *exact->encoder.layers);
    if (!exact->encoder.layers)
        return STATUS_NO_MEMORY;
    memcpy(exact->encoder.layers, encoder->layers, n_layers * sizeof *encoder->layers);
    for (enum layer_product i = 0; i < N_LAYER_PRODUCTS; i++) {
        const struct gemm_weights *like = encoder->layers[0].products[i].weights;
        enum status status = gemm_borrow(like->n_out, like->n_in, &exact->weights[i]);

        if (status)
            return status;
        exact->buffers[i] = memory_new_aligned(like->n_out * like->n_in * sizeof(float));
        if (!exact->buffers[i])
            return STATUS_NO_MEMORY;
        exact->weights[i]->borrowed = exact->buffers[i];
        for (size_t j = 0; j < n_layers; j++)
            exact->encoder.layers[j].products[i].weights = exact->weights[i];
    }
    return STATUS_OK;
}

void reference_load(struct reference *exact, size_t layer)
{
    const struct encoder *encoder = &exact->encoder;
    const struct model_layer *stored = &encoder->model->layers[layer];

    for (enum layer_product i = 0; i < N_LAYER_PRODUCTS; i++)
        layer_gather(&encoder->kernels, stored, i, exact->buffers[i]);
}
