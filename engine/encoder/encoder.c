/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/encoder/encoder.h"

#include "engine/encoder/context.h"
#include "engine/encoder/packing.h"
#include "engine/encoder/tune/tuner.h"
#include "engine/kernels/cpu.h"
#include "engine/model/model.h"

#include <stdlib.h>
#include <string.h>

static kernel_store *(*pick_activation(struct kernels *kernels,
                                       enum activation activation))[N_KERNEL_TYPES]
{
    switch (activation) {
    case ACTIVATION_GELU:
        return kernels->gelu;
    case ACTIVATION_GELU_TANH:
        return kernels->gelu_tanh;
    case ACTIVATION_RELU:
        return kernels->relu;
    case ACTIVATION_SILU:
        return kernels->silu;
    }
    return NULL;
}

const char *encoder_dtype_name(enum encoder_dtype dtype)
{
    static const char *const names[] = {
        [ENCODER_FLOAT32] = "float32", [ENCODER_BFLOAT16] = "bfloat16", [ENCODER_INT8] = "int8"};

    return names[dtype];
}

enum encoder_dtype encoder_auto_dtype(unsigned cpu_mask)
{
    struct kernels kernels;

    kernels_choose(&kernels, cpu_flags(cpu_mask));
    return kernels.multiplies_bfloat16 ? ENCODER_BFLOAT16 : ENCODER_FLOAT32;
}

enum status encoder_check_dtype(enum encoder_dtype dtype, unsigned cpu_mask, struct error *error)
{
    struct kernels kernels;

    kernels_choose(&kernels, cpu_flags(cpu_mask));
    if (dtype == ENCODER_BFLOAT16 && !kernels.multiplies_bfloat16)
        return error_set(error, STATUS_UNSUPPORTED,
                         "this CPU does not multiply bfloat16 natively (AVX512_BF16), "
                         "which makes it slower than float32");
    if (dtype == ENCODER_INT8 && !kernels.multiplies_int8)
        return error_set(error, STATUS_UNSUPPORTED,
                         "this CPU's exact 8-bit products are slower than float32 (it "
                         "takes AVX512_VNNI, AVX2 without AVX-512, or Arm's dot products)");
    return STATUS_OK;
}

/* Without the first product's. */
static size_t weights_bytes(const struct layer *layer)
{
    size_t len_bytes = 0;

    for (enum layer_product i = LAYER_QKV + 1; i < N_LAYER_PRODUCTS; i++)
        len_bytes += layer->products[i].weights->len_bytes;
    return len_bytes;
}

enum status encoder_new(struct encoder **ret_encoder, const struct model *model,
                        enum encoder_dtype dtype, unsigned cpu_mask, size_t n_threads,
                        struct error *error)
{
    enum status status = encoder_check_dtype(dtype, cpu_mask, error);
    struct encoder *encoder;

    if (status)
        return status;
    if (dtype == ENCODER_INT8 && model->arch.n_experts > 0)
        return error_set(error, STATUS_UNSUPPORTED,
                         "a model with experts cannot be served in int8; supported: float32, "
                         "bfloat16");
    encoder = calloc(1, sizeof *encoder);
    if (!encoder)
        return error_set(error, STATUS_NO_MEMORY,
                         "out of memory while packing the model's weights");
    encoder->model = model;
    encoder->dtype = dtype;
    kernels_choose(&encoder->kernels, cpu_flags(cpu_mask));
    encoder->activation = pick_activation(&encoder->kernels, model->arch.activation);
    encoder->vocabulary_activation =
        pick_activation(&encoder->kernels, model->vocabulary_activation);
    encoder->convolution_activation =
        pick_activation(&encoder->kernels, model->arch.convolution_activation);
    encoder->plans[LAYER_PLAIN] = plan_make(&model->arch, LAYER_PLAIN);
    if (model->arch.n_experts > 0)
        encoder->plans[LAYER_WITH_EXPERTS] = plan_make(&model->arch, LAYER_WITH_EXPERTS);
    if (model->arch.convolution_width > 0)
        encoder->plans[LAYER_CONVOLVED] = plan_make(&model->arch, LAYER_CONVOLVED);
    encoder->attention_type = dtype != ENCODER_FLOAT32 && encoder->kernels.multiplies_bfloat16 &&
                                      !model->arch.is_disentangled
                                  ? KERNEL_BFLOAT16
                                  : KERNEL_FLOAT32;
    status = packing_run(encoder, n_threads, error);
    if (status) {
        encoder_free(encoder);
        return error_set(error, status, "out of memory while packing the model's weights");
    }
    encoder->ways = ways_by_rule(weights_bytes(&encoder->layers[0]));
    ways_describe(&encoder->ways, encoder->ways_text, sizeof encoder->ways_text);
    *ret_encoder = encoder;
    return STATUS_OK;
}

enum status encoder_tune(struct encoder *encoder, const char *way, size_t n_threads)
{
    enum status status = STATUS_OK;

    if (strcmp(way, "auto") == 0)
        status = tuner_run(encoder, n_threads);
    else
        ways_take(&encoder->ways, way);
    ways_describe(&encoder->ways, encoder->ways_text, sizeof encoder->ways_text);
    return status;
}

void encoder_free(struct encoder *encoder)
{
    if (!encoder)
        return;
    for (size_t i = 0; encoder->layers && i < encoder->model->arch.n_layers; i++)
        layer_release(&encoder->layers[i]);
    free(encoder->layers);
    free(encoder->accuracy.fallbacks);
    packed_norm_release(&encoder->embedding_norm);
    packed_norm_release(&encoder->final_norm);
    packed_linear_release(&encoder->embedding_projection);
    sparse_head_release(&encoder->sparse);
    packed_linear_release(&encoder->convolution);
    packed_norm_release(&encoder->convolution_norm);
    distance_tables_release(&encoder->distances);
    rotary_tables_release(&encoder->rotary);
    free(encoder->positions);
    free(encoder->second_positions);
    gemm_close(encoder->gemm);
    free(encoder);
}

const char *encoder_gemm_name(const struct encoder *encoder)
{
    return gemm_name(encoder->gemm);
}

const char *encoder_ways(const struct encoder *encoder)
{
    return encoder->ways_text;
}

const char *encoder_kernels_name(const struct encoder *encoder)
{
    return encoder->kernels.name;
}
