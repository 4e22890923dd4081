/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/steps.h"

#include "engine/encoder/context.h"
#include "engine/encoder/operand.h"
#include "engine/model/model.h"

#include <string.h>

static size_t hidden_size(const struct step *step)
{
    return step->owner->encoder->model->arch.hidden_size;
}

/* The operand of norm(x), which leaves x as it is. */
static void norm_apart(const struct step *step, const struct packed_norm *norm,
                       enum layer_product product, struct operand *operand, size_t to)
{
    const struct encoder *encoder = step->owner->encoder;
    size_t hidden = hidden_size(step);
    float *normed = step->member->normed; /* [n_rows, hidden] */

    memcpy(normed, step->owner->x + step->row * hidden, step->n_rows * hidden * sizeof *normed);
    packed_norm_apply(&encoder->kernels, norm, normed, step->n_rows, hidden);
    operand_fill(&encoder->kernels, step->layer->products[product].weights->format, normed,
                 step->n_rows, hidden, operand, to);
}

void step_norm_input(const struct step *step)
{
    size_t row;
    struct operand *operand = operand_of_x(step, &row);

    norm_apart(step, &step->layer->attention_norm, LAYER_QKV, operand, row);
}

void step_norm_middle(const struct step *step)
{
    norm_apart(step, &step->layer->output_norm, LAYER_INTERMEDIATE, &step->owner->mid_operand,
               step->row);
}

void step_norm_final(const struct step *step)
{
    const struct encoder *encoder = step->owner->encoder;
    size_t hidden = hidden_size(step);

    packed_norm_apply(&encoder->kernels, &encoder->final_norm, step->owner->x + step->row * hidden,
                      step->n_rows, hidden);
}

/* The step's rows of branch, [n_rows, hidden]. */
static float *branch_rows(const struct step *step)
{
    if (step->alone)
        return step->owner->branch + step->row * hidden_size(step);
    return step->member->branch;
}

/* branch = operand W^T + b */
static void store_branch(const struct step *step, const struct packed_linear *linear,
                         const struct operand *operand, size_t from)
{
    struct kernel_product product = operand_multiply(step, linear, operand, from);

    step->owner->encoder->kernels
        .store[operand_product_type(linear->weights->format)][KERNEL_FLOAT32](
            &product, branch_rows(step) + step->panel * product.n, hidden_size(step));
}

/* x += norm(branch) */
static void add_branch(const struct step *step, const struct packed_norm *norm)
{
    const struct encoder_context *owner = step->owner;
    size_t hidden = hidden_size(step);
    float *branch = branch_rows(step);
    float *x = owner->x + step->row * hidden;

    packed_norm_apply(&owner->encoder->kernels, norm, branch, step->n_rows, hidden);
    for (size_t i = 0; i < step->n_rows * hidden; i++)
        x[i] += branch[i];
}

void step_attention_branch(const struct step *step)
{
    store_branch(step, &step->layer->products[LAYER_ATTENTION_OUTPUT],
                 &step->owner->attended_operand, step->row);
}

void step_add_attention_branch(const struct step *step)
{
    add_branch(step, &step->layer->attention_outer_norm);
}

void step_output_branch(const struct step *step)
{
    store_branch(step, &step->layer->products[LAYER_OUTPUT], &step->block->inner_operand,
                 step->row - step->block_row);
}

void step_add_output_branch(const struct step *step)
{
    add_branch(step, &step->layer->output_outer_norm);
}
