/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/steps.h"

#include "engine/encoder/context.h"
#include "engine/encoder/operand.h"
#include "engine/model/model.h"

/* activation(gate) or the other factor, of columns of one half: the columns from `column` of the
 * product's, into rows `to` of row stride n. */
static void store_factor(const struct step *step, const struct kernel_product *product,
                         size_t column, size_t n, bool is_gate, float *to, size_t stride)
{
    const struct encoder *encoder = step->owner->encoder;
    enum kernel_type type =
        operand_product_type(step->layer->products[LAYER_INTERMEDIATE].weights->format);
    kernel_store *store = is_gate ? encoder->activation[type][KERNEL_FLOAT32]
                                  : encoder->kernels.store[type][KERNEL_FLOAT32];

    for (size_t row = 0; row < product->n_rows; row++) {
        struct kernel_product part = operand_rows_of(product, row, 1);

        part.c = (const char *)part.c + column * sizeof(float);
        part.bias += column;
        part.n = n;
        if (part.column_scales) {
            part.column_scales += column;
            part.sums += column;
        }
        store(&part, to + row * stride, stride);
    }
}

static enum gemm_format inner_format(const struct step *step)
{
    return step->layer->products[LAYER_OUTPUT].weights->format;
}

/* Row `to` of inner_operand, of the gate's factor, which is overwritten, and the other, [n] each. */
static void fill_gated(const struct step *step, float *gate, const float *other, size_t n,
                       size_t to)
{
    const struct encoder *encoder = step->owner->encoder;

    encoder->kernels.scale_by(gate, other, n);
    operand_fill(&encoder->kernels, inner_format(step), gate, 1, n, &step->block->inner_operand,
                 to);
}

/* Row `to` of inner_operand from row i of a product. In float32 the factors meet in the operand
 * itself. */
static void fill_gated_of(const struct step *step, const struct kernel_product *product, size_t i,
                          size_t n, size_t to)
{
    struct kernel_product part = operand_rows_of(product, i, 1);
    float *other = step->member->wide + n;
    float *gate = inner_format(step) == GEMM_FLOAT32
                      ? (float *)step->block->inner_operand.values + to * n
                      : step->member->wide;

    store_factor(step, &part, 0, n, true, gate, n);
    store_factor(step, &part, n, n, false, other, n);
    fill_gated(step, gate, other, n, to);
}

void step_gated(const struct step *step)
{
    size_t n = step->owner->encoder->model->arch.intermediate_size;
    const struct packed_linear *linear = &step->layer->products[LAYER_INTERMEDIATE];
    struct kernel_product product =
        operand_multiply(step, linear, &step->owner->mid_operand, step->row);
    size_t row = step->row - step->block_row;
    size_t column = step->panel * product.n;

    if (step->split > 0) { /* a panel lies in one half */
        store_factor(step, &product, 0, product.n, column < n,
                     step->block->wide + row * 2 * n + column, 2 * n);
        return;
    }
    if (step->alone) {
        store_factor(step, &product, 0, n, true, step->block->wide + row * 2 * n, 2 * n);
        store_factor(step, &product, n, n, false, step->block->wide + row * 2 * n + n, 2 * n);
        return;
    }
    for (size_t i = 0; i < step->n_rows; i++)
        fill_gated_of(step, &product, i, n, row + i);
}

void step_gated_operand(const struct step *step)
{
    size_t n = step->owner->encoder->model->arch.intermediate_size;
    size_t row = step->row - step->block_row;

    if (!step->alone)
        return;
    for (size_t i = 0; i < step->n_rows; i++) {
        float *gate = step->block->wide + (row + i) * 2 * n;

        fill_gated(step, gate, gate + n, n, row + i);
    }
}
