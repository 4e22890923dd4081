/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/steps.h"

#include "engine/model/model.h"

#include <math.h>
#include <string.h>

enum { QUANTISE_ROWS = 8 }; /* at a time: their float32 values stay in the first-level cache */

static size_t hidden_size(const struct step *step)
{
    return step->owner->encoder->model->arch.hidden_size;
}

/* What a product in this format leaves. */
static enum kernel_type product_type(enum gemm_format format)
{
    return format == GEMM_INT8 ? KERNEL_INT32 : KERNEL_FLOAT32;
}

/* Rows of float32 into the form that a product of this format reads, at row `to` of the operand. */
static void fill_operand(const struct kernels *kernels, enum gemm_format format, const float *rows,
                         size_t n_rows, size_t n, struct operand *operand, size_t to)
{
    switch (format) {
    case GEMM_FLOAT32: /* where all products are float32, the operand is the rows */
        if ((float *)operand->values + to * n != rows)
            memcpy((float *)operand->values + to * n, rows, n_rows * n * sizeof *rows);
        break;
    case GEMM_BFLOAT16:
        kernels->round(rows, n_rows * n, (uint16_t *)operand->values + to * n);
        break;
    case GEMM_INT8:
        kernels->quantise(rows, n_rows, n, (uint8_t *)operand->values + to * n,
                          operand->scales + to, operand->zeros + to);
        break;
    }
}

/* Multiplies the step's rows, which are the operand's from row `from`, with its panel of a linear
 * layer. */
static struct kernel_product multiply(const struct step *step, const struct packed_linear *linear,
                                      const struct operand *operand, size_t from)
{
    const struct gemm_weights *weights = linear->weights;
    size_t width = weights->n_out >> step->split;
    size_t column = step->panel * width;
    const char *a =
        (const char *)operand->values + from * weights->n_in * gemm_element_bytes(weights->format);
    enum status status = gemm_multiply(step->member->gemm, weights, step->split, step->panel, a,
                                       step->n_rows, step->member->c);

    if (status)
        atomic_store(&step->owner->status, status);
    return (struct kernel_product){
        .c = step->member->c,
        .bias = linear->bias + column,
        .n_rows = step->n_rows,
        .n = width,
        .row_scales = operand->scales + from,
        .zeros = operand->zeros + from,
        .column_scales = weights->scales ? weights->scales + column : NULL,
        .sums = weights->sums ? weights->sums + column : NULL,
    };
}

void step_embed(struct encoder_context *context, const struct encoder_text *text, size_t row,
                enum gemm_format next_format)
{
    const struct encoder *encoder = context->encoder;
    const struct model *model = encoder->model;
    size_t hidden = model->arch.hidden_size;
    float *x = context->x + row * hidden; /* [n_tokens, hidden] */

    for (size_t i = 0; i < text->n_tokens; i++) {
        layer_widen(&encoder->kernels, &model->word_embeddings, (size_t)text->ids[i] * hidden,
                    hidden, x + i * hidden);
        for (size_t j = 0; j < hidden; j++)
            x[i * hidden + j] += encoder->positions[i * hidden + j];
    }
    encoder->kernels.layer_norm(x, encoder->embedding_norm.gamma, encoder->embedding_norm.beta,
                                model->arch.layer_norm_eps, text->n_tokens, hidden);
    fill_operand(&encoder->kernels, next_format, x, text->n_tokens, hidden, &context->x_operand,
                 row);
}

void step_resume(struct encoder_context *context, const float *tokens, size_t n_tokens,
                 enum gemm_format next_format)
{
    const struct encoder *encoder = context->encoder;
    size_t hidden = encoder->model->arch.hidden_size;

    memcpy(context->x, tokens, n_tokens * hidden * sizeof *tokens);
    fill_operand(&encoder->kernels, next_format, context->x, n_tokens, hidden, &context->x_operand,
                 0);
}

void step_qkv(const struct step *step)
{
    const struct encoder *encoder = step->owner->encoder;
    const struct packed_linear *linear = &step->layer->products[LAYER_QKV];
    enum kernel_type type = encoder->attention_type;
    struct kernel_product product = multiply(step, linear, &step->owner->x_operand, step->row);
    size_t stride = 3 * hidden_size(step);
    size_t first = step->row * stride + step->panel * product.n;
    size_t element_bytes = type == KERNEL_BFLOAT16 ? 2 : 4;

    encoder->kernels.store[product_type(linear->weights->format)][type](
        &product, (char *)step->owner->qkv + first * element_bytes, stride);
}

void step_attention(const struct step *step)
{
    const struct encoder_context *owner = step->owner;
    const struct encoder *encoder = owner->encoder;
    const struct arch *arch = &encoder->model->arch;
    size_t hidden = arch->hidden_size;
    size_t head_size = hidden / arch->n_attention_heads;
    size_t column = step->head * head_size;
    size_t element_bytes = encoder->attention_type == KERNEL_BFLOAT16 ? 2 : 4;
    const char *q = (const char *)owner->qkv + (step->row * 3 * hidden + column) * element_bytes;
    const struct attention attention = {
        .q = q,
        .k = q + hidden * element_bytes,
        .v = q + 2 * hidden * element_bytes,
        .stride = 3 * hidden,
        .n_tokens = step->n_rows,
        .head_size = head_size,
        .scale = 1.0f / sqrtf((float)head_size),
        .scratch = step->member->scratch,
        .out = owner->attended + step->row * hidden + column,
        .out_stride = hidden,
    };

    encoder->kernels.attention[encoder->attention_type](&attention);
}

void step_attended_operand(const struct step *step)
{
    size_t hidden = hidden_size(step);

    fill_operand(&step->owner->encoder->kernels,
                 step->layer->products[LAYER_ATTENTION_OUTPUT].weights->format,
                 step->owner->attended + step->row * hidden, step->n_rows, hidden,
                 &step->owner->attended_operand, step->row);
}

/* x += operand W^T + b */
static void add_product(const struct step *step, const struct packed_linear *linear,
                        const struct operand *operand, size_t from)
{
    struct kernel_product product = multiply(step, linear, operand, from);
    size_t hidden = hidden_size(step);

    step->owner->encoder->kernels.add[product_type(linear->weights->format)](
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

    encoder->kernels.layer_norm(x, norm->gamma, norm->beta, encoder->model->arch.layer_norm_eps,
                                step->n_rows, hidden);
    fill_operand(&encoder->kernels, next_format, x, step->n_rows, hidden, operand, step->row);
}

void step_attention_norm(const struct step *step)
{
    normalise(step, &step->layer->attention_norm,
              step->layer->products[LAYER_INTERMEDIATE].weights->format, &step->owner->mid_operand);
}

/* The rows of a product [n_rows, n], from one on. */
static struct kernel_product rows_of(const struct kernel_product *product, size_t row,
                                     size_t n_rows)
{
    struct kernel_product rows = *product;

    rows.c = (const char *)product->c + row * product->n * sizeof(float);
    rows.n_rows = n_rows;
    rows.row_scales += row;
    rows.zeros += row;
    return rows;
}

void step_intermediate(const struct step *step)
{
    const struct encoder *encoder = step->owner->encoder;
    size_t n = encoder->model->arch.intermediate_size;
    const struct packed_linear *linear = &step->layer->products[LAYER_INTERMEDIATE];
    enum kernel_type type = product_type(linear->weights->format);
    enum gemm_format next = step->layer->products[LAYER_OUTPUT].weights->format;
    struct kernel_product product = multiply(step, linear, &step->owner->mid_operand, step->row);
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
            struct kernel_product part = rows_of(&product, i, n_rows);

            encoder->activation[type][KERNEL_FLOAT32](&part, step->member->inner, n);
            fill_operand(&encoder->kernels, next, step->member->inner, n_rows, n, operand, row + i);
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
        fill_operand(&encoder->kernels, format, step->block->inner + row * n, step->n_rows, n,
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
