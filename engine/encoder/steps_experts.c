/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/steps.h"

#include "engine/encoder/context.h"
#include "engine/encoder/experts.h"
#include "engine/encoder/operand.h"
#include "engine/model/model.h"

#include <string.h>

void step_route(const struct step *step)
{
    struct encoder_context *owner = step->owner;
    const struct arch *arch = &owner->encoder->model->arch;
    size_t n_chosen = arch->n_chosen_experts;
    float *logits = step->member->c; /* [n_rows, n_experts] */

    operand_multiply_rows(step, &step->layer->experts.router,
                          owner->x + step->row * arch->hidden_size);
    for (size_t i = 0; i < step->n_rows; i++) {
        size_t to = (step->row + i) * n_chosen;

        experts_choose(logits + i * arch->n_experts, arch->n_experts, n_chosen, owner->chosen + to,
                       owner->shares + to);
    }
}

/* Copies the tile's rows of mid_operand side by side. */
static void gather(const struct step *step, size_t n_chosen, size_t row_bytes)
{
    const struct encoder_context *owner = step->owner;
    char *to = step->member->gathered;

    for (size_t i = 0; i < step->n_rows; i++) {
        size_t row = owner->expert_rows[step->row + i] / n_chosen;

        memcpy(to + i * row_bytes, (const char *)owner->mid_operand.values + row * row_bytes,
               row_bytes);
    }
}

void step_experts(const struct step *step)
{
    const struct encoder_context *owner = step->owner;
    const struct encoder *encoder = owner->encoder;
    const struct arch *arch = &encoder->model->arch;
    const struct packed_linear *in = &step->layer->experts.in[step->head];
    enum gemm_format format = in->weights->format;
    void *inner = step->member->inner_operand.values;
    struct kernel_product product;

    gather(step, arch->n_chosen_experts, arch->hidden_size * gemm_element_bytes(format));
    product = operand_multiply_rows(step, in, step->member->gathered);
    encoder->activation[KERNEL_FLOAT32][format == GEMM_BFLOAT16 ? KERNEL_BFLOAT16 : KERNEL_FLOAT32](
        &product, inner, product.n);
    product = operand_multiply_rows(step, &step->layer->experts.out[step->head], inner);
    for (size_t i = 0; i < step->n_rows; i++) {
        size_t at = owner->expert_rows[step->row + i];
        const float *result = (const float *)product.c + i * product.n;
        float *mixed = owner->mixed + at * product.n;

        for (size_t j = 0; j < product.n; j++)
            mixed[j] = result[j] * owner->shares[at];
    }
}

void step_add_experts(const struct step *step)
{
    const struct encoder_context *owner = step->owner;
    const struct arch *arch = &owner->encoder->model->arch;
    size_t hidden = arch->hidden_size, n_chosen = arch->n_chosen_experts;
    const float *bias = step->layer->experts.bias;

    for (size_t i = step->row; i < step->row + step->n_rows; i++) {
        const float *mixed = owner->mixed + i * n_chosen * hidden; /* [n_chosen, hidden] */
        float *x = owner->x + i * hidden;

        for (size_t j = 0; j < hidden; j++) {
            float sum = mixed[j];

            for (size_t k = 1; k < n_chosen; k++)
                sum += mixed[k * hidden + j];
            x[j] += sum + bias[j];
        }
    }
}
