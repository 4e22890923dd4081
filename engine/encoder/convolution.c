/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/convolution.h"

#include "engine/base/memory.h"
#include "engine/encoder/context.h"
#include "engine/encoder/operand.h"
#include "engine/encoder/steps.h"
#include "engine/model/model.h"

#include <string.h>

enum status convolution_init(struct encoder *encoder, struct error *error)
{
    const struct model *model = encoder->model;
    size_t n = model->arch.hidden_size, width = model->arch.convolution_width;
    struct packed_linear *packed = &encoder->convolution;
    AUTO_FREE float *stored = calloc(n * n * width, sizeof *stored);   /* [n, n, width] */
    AUTO_FREE float *weights = calloc(n * n * width, sizeof *weights); /* [n, width, n] */

    packed->bias = memory_new_aligned(n * sizeof *packed->bias);
    if (!stored || !weights || !packed->bias ||
        packed_norm_init(&encoder->convolution_norm, &model->arch, &model->convolution_norm, n))
        return error_set(error, STATUS_NO_MEMORY, "out of memory while packing weights");
    tensor_widen(&model->convolution.bias, 0, n, packed->bias);
    layer_widen(&encoder->kernels, &model->convolution.weight, 0, n * n * width, stored);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            for (size_t k = 0; k < width; k++)
                weights[(i * width + k) * n + j] = stored[(i * n + j) * width + k];
    return gemm_pack(encoder->gemm, GEMM_FLOAT32, weights, n, width * n, &packed->weights, error);
}

/* Row `row` of x and those around it, [width, hidden]. A row further on is of the same text where
 * its position is as much further: another text's begins again at 0. */
static void gather(const struct encoder_context *owner, size_t row, float *to)
{
    const struct arch *arch = &owner->encoder->model->arch;
    const size_t *position = owner->positions + row;
    size_t n = arch->hidden_size, half = arch->convolution_width / 2;

    for (size_t i = 0; i < arch->convolution_width; i++, to += n) {
        bool is_there =
            i < half ? *position >= half - i : position[i - half] == *position + (i - half);

        if (is_there)
            memcpy(to, owner->x + (row + i - half) * n, n * sizeof *to);
        else
            memset(to, 0, n * sizeof *to);
    }
}

void step_convolve(const struct step *step)
{
    const struct encoder_context *owner = step->owner;
    const struct encoder *encoder = owner->encoder;
    const struct packed_linear *linear = &encoder->convolution;
    float *neighbours = step->member->neighbours;
    struct kernel_product product;

    for (size_t i = 0; i < step->n_rows; i++)
        gather(owner, step->row + i, neighbours + i * linear->weights->n_in);
    product = operand_multiply_rows(step, linear, neighbours);
    encoder->convolution_activation[KERNEL_FLOAT32][KERNEL_FLOAT32](
        &product, owner->convolved + step->row * product.n, product.n);
}

void step_add_convolved(const struct step *step)
{
    const struct encoder_context *owner = step->owner;
    const struct encoder *encoder = owner->encoder;
    size_t n = encoder->model->arch.hidden_size;
    float *x = owner->x + step->row * n; /* [n_rows, n] */

    for (size_t i = 0; i < step->n_rows * n; i++)
        x[i] += owner->convolved[step->row * n + i];
    packed_norm_apply(&encoder->kernels, &encoder->convolution_norm, x, step->n_rows, n);
    operand_fill(&encoder->kernels, step->next_format, x, step->n_rows, n, &step->owner->x_operand,
                 step->row);
}
