/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/embed.h"

#include "engine/encoder/operand.h"
#include "engine/model/model.h"

#include <string.h>

/* The row of encoder->positions for a text's next token; `n_counted` tokens before it count. */
static size_t position_row(const struct encoder *encoder, int32_t id, size_t *n_counted)
{
    const struct arch *arch = &encoder->model->arch;

    if (arch->n_position_rows == 0)
        return 0;
    if (!arch->skips_padding)
        return (*n_counted)++;
    return (size_t)id == arch->padding_id ? 0 : ++*n_counted;
}

/* What stands for positions and types at token i of a text. */
static const float *positions_at(const struct encoder *encoder, const struct encoder_text *text,
                                 size_t i)
{
    bool is_second = text->n_first > 0 && i >= text->n_first;

    return is_second && encoder->second_positions ? encoder->second_positions : encoder->positions;
}

/* rows[n, embedding] of the tokens [first, first + n) of a text. */
static void embed_rows(const struct encoder *encoder, const struct encoder_text *text, size_t first,
                       size_t n, size_t *n_counted, float *rows)
{
    const struct model *model = encoder->model;
    const struct arch *arch = &model->arch;
    size_t size = arch->embedding_size;

    for (size_t i = 0; i < n; i++) {
        int32_t id = text->ids[first + i];
        const float *position =
            positions_at(encoder, text, first + i) + position_row(encoder, id, n_counted) * size;
        float *row = rows + i * size;

        layer_widen(&encoder->kernels, &model->word_embeddings, (size_t)id * size, size, row);
        if (arch->embedding_scale != 1)
            for (size_t j = 0; j < size; j++)
                row[j] *= arch->embedding_scale;
        for (size_t j = 0; j < size; j++)
            row[j] += position[j];
    }
    packed_norm_apply(&encoder->kernels, &encoder->embedding_norm, rows, n, size);
}

/* x = rows W^T + b, at most GEMM_MAX_ROWS of them. */
static void project(struct encoder_context *context, size_t n_rows, float *x)
{
    const struct encoder *encoder = context->encoder;
    const struct packed_linear *linear = &encoder->embedding_projection;
    enum status status =
        gemm_multiply(context->gemm, linear->weights, 0, 0, context->embedded, n_rows, context->c);
    const struct kernel_product product = {
        .c = context->c, .bias = linear->bias, .n_rows = n_rows, .n = linear->weights->n_out};

    if (status)
        atomic_store(&context->status, status);
    encoder->kernels.store[KERNEL_FLOAT32][KERNEL_FLOAT32](&product, x, linear->weights->n_out);
}

/* x_operand of rows that are in x; where norms are before, a layer begins by making it. */
static void fill_x_operand(struct encoder_context *context, size_t row, size_t n_rows,
                           enum gemm_format format)
{
    const struct encoder *encoder = context->encoder;
    size_t hidden = encoder->model->arch.hidden_size;

    if (encoder->model->arch.norm_place == NORM_AFTER)
        operand_fill(&encoder->kernels, format, context->x + row * hidden, n_rows, hidden,
                     &context->x_operand, row);
}

void embed_text(struct encoder_context *context, const struct encoder_text *text, size_t row,
                enum gemm_format next_format)
{
    const struct encoder *encoder = context->encoder;
    size_t hidden = encoder->model->arch.hidden_size;
    float *x = context->x + row * hidden; /* [n_tokens, hidden] */
    size_t n_counted = 0;

    for (size_t i = 0; i < text->n_tokens; i += GEMM_MAX_ROWS) {
        size_t n = text->n_tokens - i < GEMM_MAX_ROWS ? text->n_tokens - i : GEMM_MAX_ROWS;

        if (encoder->embedding_projection.weights) {
            embed_rows(encoder, text, i, n, &n_counted, context->embedded);
            project(context, n, x + i * hidden);
        } else {
            embed_rows(encoder, text, i, n, &n_counted, x + i * hidden);
        }
    }
    fill_x_operand(context, row, text->n_tokens, next_format);
}

void embed_resumed(struct encoder_context *context, const float *tokens, size_t n_tokens,
                   enum gemm_format next_format)
{
    size_t hidden = context->encoder->model->arch.hidden_size;

    memcpy(context->x, tokens, n_tokens * hidden * sizeof *tokens);
    fill_x_operand(context, 0, n_tokens, next_format);
}
