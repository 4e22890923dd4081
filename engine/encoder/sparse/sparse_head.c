/* SPDX-License-Identifier: Apache-2.0 */

/* A number of a vector is the logarithm of 1 + relu(score), pooled over the text's tokens. The bias,
 * relu and the logarithm never turn two numbers round, and adding the bias rounds alike whenever: so
 * the largest is found among the products as they come, and the rest is done once for each text.
 * Promise 1: a score has the same bits in any company (gemm.h), a maximum does not depend on the
 * order, and a sum is of a text's tokens in their order. */
#include "engine/encoder/sparse/sparse_head.h"

#include "engine/encoder/context.h"
#include "engine/encoder/operand.h"
#include "engine/model/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- packing ---- */

/* Rows [first, first + n) of a linear layer. */
static struct linear rows_of(const struct linear *stored, size_t first, size_t n)
{
    struct linear rows = *stored;
    size_t row_bytes = stored->weight.dims[1] * dtype_size_bytes(stored->weight.dtype);
    size_t bias_bytes = dtype_size_bytes(stored->bias.dtype);

    rows.weight.data = (const char *)stored->weight.data + first * row_bytes;
    rows.weight.dims[0] = n;
    rows.bias.data = (const char *)stored->bias.data + first * bias_bytes;
    rows.bias.dims[0] = n;
    return rows;
}

static enum status pack_panels(struct encoder *encoder, struct error *error)
{
    const struct linear *output = &encoder->model->vocabulary_head.output;
    struct sparse_head *head = &encoder->sparse;
    size_t n_rows = output->weight.dims[0];
    /* As attention: int8 would round what is looked at number by number. */
    bool is_short = encoder->dtype != ENCODER_FLOAT32 && encoder->kernels.multiplies_bfloat16;
    enum status status = STATUS_OK;

    head->n_panels = (n_rows + SPARSE_PANEL_COLUMNS - 1) / SPARSE_PANEL_COLUMNS;
    head->panels = calloc(head->n_panels, sizeof *head->panels);
    if (!head->panels)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < head->n_panels && !status; i++) {
        size_t first = i * SPARSE_PANEL_COLUMNS;
        size_t n = n_rows - first < SPARSE_PANEL_COLUMNS ? n_rows - first : SPARSE_PANEL_COLUMNS;
        struct linear rows = rows_of(output, first, n);

        status = packed_linear_init(&head->panels[i], encoder->gemm,
                                    is_short ? GEMM_BFLOAT16 : GEMM_FLOAT32, &encoder->kernels,
                                    &rows, error);
    }
    return status;
}

enum status sparse_head_init(struct encoder *encoder, struct error *error)
{
    const struct model *model = encoder->model;
    struct sparse_head *head = &encoder->sparse;
    enum status status;

    if (model->sparse.pooling == SPARSE_NONE)
        return STATUS_OK;
    status = packed_linear_init(&head->dense, encoder->gemm, GEMM_FLOAT32, &encoder->kernels,
                                &model->vocabulary_head.dense, error);
    if (!status)
        status = packed_norm_init(&head->norm, &model->arch, &model->vocabulary_head.norm,
                                  model->arch.hidden_size);
    return status ? status : pack_panels(encoder, error);
}

void sparse_head_release(struct sparse_head *head)
{
    for (size_t i = 0; head->panels && i < head->n_panels; i++)
        packed_linear_release(&head->panels[i]);
    free(head->panels);
    packed_norm_release(&head->norm);
    packed_linear_release(&head->dense);
}

/* ---- rows ---- */

void step_sparse_rows(const struct step *step)
{
    struct encoder_context *owner = step->owner;
    const struct encoder *encoder = owner->encoder;
    const struct sparse_head *head = &encoder->sparse;
    size_t hidden = encoder->model->arch.hidden_size;
    float *x = owner->x + step->row * hidden; /* [n_rows, hidden] */
    struct kernel_product product = operand_multiply_rows(step, &head->dense, x);

    encoder->vocabulary_activation[KERNEL_FLOAT32][KERNEL_FLOAT32](&product, x, hidden);
    packed_norm_apply(&encoder->kernels, &head->norm, x, step->n_rows, hidden);
    operand_fill(&encoder->kernels, head->panels[0].weights->format, x, step->n_rows, hidden,
                 &owner->mid_operand, step->row);
}

/* ---- scores ---- */

/* A text's part of a panel: scores[n], first of its first token. */
struct part {
    float *scores;
    const float *bias; /* [n] */
    size_t n;
    struct sparse_rule rule;
};

static float take_log(const struct part *part, float score)
{
    if (score <= 0)
        return 0;
    return part->rule.logs_twice ? log1pf(log1pf(score)) : log1pf(score);
}

static void begin_part(const struct part *part)
{
    float first = part->rule.pooling == SPARSE_MAX ? -INFINITY : 0;

    for (size_t i = 0; i < part->n; i++)
        part->scores[i] = first;
}

/* Promise 10: NaN where either is, so that no token's is lost among the others. */
static float larger(float a, float b)
{
    return a > b || isnan(a) ? a : b;
}

static void add_token(const struct part *part, const float *products)
{
    if (part->rule.pooling == SPARSE_SUM) {
        for (size_t i = 0; i < part->n; i++)
            part->scores[i] += take_log(part, products[i] + part->bias[i]);
        return;
    }
    for (size_t i = 0; i < part->n; i++)
        part->scores[i] = larger(products[i], part->scores[i]);
}

static void end_part(const struct part *part)
{
    if (part->rule.pooling == SPARSE_SUM)
        return;
    for (size_t i = 0; i < part->n; i++)
        part->scores[i] = take_log(part, part->scores[i] + part->bias[i]);
}

/* Text by text through the blocks of rows, which do not end where texts do. */
void step_sparse_scores(const struct step *step)
{
    const struct encoder_context *owner = step->owner;
    const struct encoder *encoder = owner->encoder;
    const struct packed_linear *panel = &encoder->sparse.panels[step->head];
    const struct encoder_text *text = step->pass->texts;
    struct part part = {
        .bias = panel->bias, .n = panel->weights->n_out, .rule = encoder->model->sparse};
    size_t text_row = 0; /* where `text` begins */

    for (size_t row = 0; row < step->n_rows; row += GEMM_MAX_ROWS) {
        struct step block = *step;
        struct kernel_product product;

        block.n_rows = step->n_rows - row < GEMM_MAX_ROWS ? step->n_rows - row : GEMM_MAX_ROWS;
        product = operand_multiply(&block, panel, &owner->mid_operand, row);
        for (size_t i = 0; i < block.n_rows; i++) {
            part.scores = text->scores + step->head * SPARSE_PANEL_COLUMNS;
            if (row + i == text_row)
                begin_part(&part);
            add_token(&part, (const float *)product.c + i * part.n);
            if (row + i + 1 < text_row + text->n_tokens)
                continue;
            end_part(&part);
            text_row += text->n_tokens;
            text++;
        }
    }
}
