/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/steps.h"

#include "engine/encoder/context.h"
#include "engine/encoder/operand.h"
#include "engine/encoder/plan.h"
#include "engine/model/model.h"

#include <string.h>

enum { QUANTISE_ROWS = 8 }; /* at a time: their float32 values stay in the first-level cache */

static size_t hidden_size(const struct step *step)
{
    return step->owner->encoder->model->arch.hidden_size;
}

static size_t attention_element_bytes(const struct encoder *encoder)
{
    return encoder->attention_type == KERNEL_BFLOAT16 ? 2 : 4;
}

/* The step's rows of qkv, in attention's format. */
static void *qkv_rows(const struct step *step)
{
    const struct encoder *encoder = step->owner->encoder;
    size_t stride = arch_qkv_size(&encoder->model->arch);

    return (char *)step->owner->qkv + step->row * stride * attention_element_bytes(encoder);
}

/* The same before heads are turned, in float32: [n_rows, qkv]. */
static float *raw_qkv_rows(const struct step *step)
{
    const struct encoder *encoder = step->owner->encoder;

    if (encoder->attention_type == KERNEL_FLOAT32)
        return qkv_rows(step);
    if (step->alone)
        return step->owner->raw_qkv + step->row * arch_qkv_size(&encoder->model->arch);
    return step->member->raw_qkv;
}

void step_qkv(const struct step *step)
{
    const struct encoder_context *owner = step->owner;
    const struct encoder *encoder = owner->encoder;
    const struct packed_linear *linear = &step->layer->products[LAYER_QKV];
    enum kernel_type from = operand_product_type(linear->weights->format);
    size_t row;
    const struct operand *operand = operand_of_x(step, &row);
    struct kernel_product product = operand_multiply(step, linear, operand, row);
    size_t stride = arch_qkv_size(&encoder->model->arch);
    size_t column = step->panel * product.n;

    if (plan_turns_heads(&encoder->model->arch))
        encoder->kernels.store[from][KERNEL_FLOAT32](&product, raw_qkv_rows(step) + column, stride);
    else
        encoder->kernels.store[from][encoder->attention_type](
            &product, (char *)qkv_rows(step) + column * attention_element_bytes(encoder), stride);
}

/* A token's queries, keys and values, as attention is to see the first two. */
static void turn_heads(const struct encoder *encoder, const struct layer *layer, size_t position,
                       float *qkv)
{
    const struct arch *arch = &encoder->model->arch;
    const float *turns = encoder->rotary.turns[layer->is_local];
    size_t head_size = arch->head_size;
    float *keys = qkv + arch->query_size;

    if (arch->norms_heads) {
        packed_norm_apply(&encoder->kernels, &layer->query_norm, qkv, arch->n_attention_heads,
                          head_size);
        packed_norm_apply(&encoder->kernels, &layer->key_norm, keys, arch->n_kv_heads, head_size);
    }
    /* Keys follow queries: they are turned together. */
    if (turns)
        encoder->kernels.rotate(qkv, arch->n_attention_heads + arch->n_kv_heads, head_size,
                                turns + position * head_size);
}

void step_turn_heads(const struct step *step)
{
    const struct encoder_context *owner = step->owner;
    const struct encoder *encoder = owner->encoder;
    size_t stride = arch_qkv_size(&encoder->model->arch);
    float *raw = raw_qkv_rows(step); /* [n_rows, stride] */

    for (size_t i = 0; i < step->n_rows; i++)
        turn_heads(encoder, step->layer, owner->positions[step->row + i], raw + i * stride);
    if (encoder->attention_type == KERNEL_BFLOAT16)
        encoder->kernels.round(raw, step->n_rows * stride, qkv_rows(step));
}

/* One head's rows of a layer's table; NULL where there is none. */
static const float *position_rows(const struct arch *arch, const float *table, size_t head)
{
    return table ? table + head * arch->n_distance_rows * arch->head_size : NULL;
}

void step_attention(const struct step *step)
{
    const struct encoder_context *owner = step->owner;
    const struct encoder *encoder = owner->encoder;
    const struct arch *arch = &encoder->model->arch;
    size_t head_size = arch->head_size;
    size_t stride = arch_qkv_size(arch);
    size_t kv_head = step->head / (arch->n_attention_heads / arch->n_kv_heads);
    size_t element_bytes = attention_element_bytes(encoder);
    const char *rows = qkv_rows(step);
    const char *keys = rows + (arch->query_size + kv_head * head_size) * element_bytes;
    const struct attention attention = {
        .q = rows + step->head * head_size * element_bytes,
        .k = keys,
        .v = keys + arch->key_size * element_bytes,
        .stride = stride,
        .n_tokens = step->n_rows,
        .head_size = head_size,
        .scale = arch->attention_scale,
        .scratch = step->member->scratch,
        .bias = distance_tables_get(&encoder->distances, step->layer->distance_kind, step->head),
        .n_before = step->layer->is_local ? arch->window : SIZE_MAX,
        .n_after = arch->is_causal         ? 0
                   : step->layer->is_local ? arch->window
                                           : SIZE_MAX,
        .rows = distance_tables_get_rows(&encoder->distances),
        .position_keys = position_rows(arch, step->layer->position_keys, step->head),
        .position_queries = position_rows(arch, step->layer->position_queries, step->head),
        .out = owner->attended + step->row * arch->query_size + step->head * head_size,
        .out_stride = arch->query_size,
    };

    if (arch->is_disentangled)
        encoder->kernels.disentangled(&attention);
    else
        encoder->kernels.attention[encoder->attention_type](&attention);
}

void step_attended_operand(const struct step *step)
{
    size_t n = step->owner->encoder->model->arch.query_size;

    operand_fill(&step->owner->encoder->kernels,
                 step->layer->products[LAYER_ATTENTION_OUTPUT].weights->format,
                 step->owner->attended + step->row * n, step->n_rows, n,
                 &step->owner->attended_operand, step->row);
}

/* x += operand W^T + b */
static void add_product(const struct step *step, const struct packed_linear *linear,
                        const struct operand *operand, size_t from)
{
    struct kernel_product product = operand_multiply(step, linear, operand, from);
    size_t hidden = hidden_size(step);

    step->owner->encoder->kernels.add[operand_product_type(linear->weights->format)](
        &product, step->owner->x + step->row * hidden + step->panel * product.n, hidden);
}

void step_attention_output(const struct step *step)
{
    add_product(step, &step->layer->products[LAYER_ATTENTION_OUTPUT],
                &step->owner->attended_operand, step->row);
}

/* x = layer_norm(x), and its operand */
static void normalise(const struct step *step, const struct packed_norm *norm,
                      enum gemm_format next_format, struct operand *operand)
{
    const struct encoder *encoder = step->owner->encoder;
    size_t hidden = hidden_size(step);
    float *x = step->owner->x + step->row * hidden; /* [n_rows, hidden] */

    packed_norm_apply(&encoder->kernels, norm, x, step->n_rows, hidden);
    operand_fill(&encoder->kernels, next_format, x, step->n_rows, hidden, operand, step->row);
}

void step_attention_norm(const struct step *step)
{
    normalise(step, &step->layer->attention_norm, layer_middle_format(step->layer),
              &step->owner->mid_operand);
}

void step_intermediate(const struct step *step)
{
    const struct encoder *encoder = step->owner->encoder;
    size_t n = encoder->model->arch.intermediate_size;
    const struct packed_linear *linear = &step->layer->products[LAYER_INTERMEDIATE];
    enum kernel_type type = operand_product_type(linear->weights->format);
    enum gemm_format next = step->layer->products[LAYER_OUTPUT].weights->format;
    struct kernel_product product =
        operand_multiply(step, linear, &step->owner->mid_operand, step->row);
    size_t row = step->row - step->block_row;
    size_t column = step->panel * product.n;
    struct operand *operand = &step->block->inner_operand;

    if (next == GEMM_BFLOAT16) {
        encoder->activation[type][KERNEL_BFLOAT16](
            &product, (uint16_t *)operand->values + row * n + column, n);
    } else if (next == GEMM_FLOAT32) {
        encoder->activation[type][KERNEL_FLOAT32](&product,
                                                  (float *)operand->values + row * n + column, n);
    } else if (step->alone) {
        encoder->activation[type][KERNEL_FLOAT32](&product, step->block->inner + row * n + column,
                                                  n);
    } else {
        for (size_t i = 0; i < step->n_rows; i += QUANTISE_ROWS) {
            size_t n_rows = step->n_rows - i < QUANTISE_ROWS ? step->n_rows - i : QUANTISE_ROWS;
            struct kernel_product part = operand_rows_of(&product, i, n_rows);

            encoder->activation[type][KERNEL_FLOAT32](&part, step->member->inner, n);
            operand_fill(&encoder->kernels, next, step->member->inner, n_rows, n, operand, row + i);
        }
    }
}

void step_inner_operand(const struct step *step)
{
    const struct encoder *encoder = step->owner->encoder;
    size_t n = encoder->model->arch.intermediate_size;
    size_t row = step->row - step->block_row;
    enum gemm_format format = step->layer->products[LAYER_OUTPUT].weights->format;

    if (format == GEMM_INT8 && step->alone)
        operand_fill(&encoder->kernels, format, step->block->inner + row * n, step->n_rows, n,
                     &step->block->inner_operand, row);
}

void step_output(const struct step *step)
{
    add_product(step, &step->layer->products[LAYER_OUTPUT], &step->block->inner_operand,
                step->row - step->block_row);
}

void step_output_norm(const struct step *step)
{
    normalise(step, &step->layer->output_norm, step->next_format, &step->owner->x_operand);
}
