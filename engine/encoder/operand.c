/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/operand.h"

#include "engine/model/model.h"

#include <string.h>

enum kernel_type operand_product_type(enum gemm_format format)
{
    return format == GEMM_INT8 ? KERNEL_INT32 : KERNEL_FLOAT32;
}

struct operand *operand_of_x(const struct step *step, size_t *ret_row)
{
    bool is_whole = step->alone || step->owner->encoder->model->arch.norm_place == NORM_AFTER;

    *ret_row = is_whole ? step->row : 0;
    return is_whole ? &step->owner->x_operand : &step->member->x_operand;
}

void operand_fill(const struct kernels *kernels, enum gemm_format format, const float *rows,
                  size_t n_rows, size_t n, struct operand *operand, size_t to)
{
    switch (format) {
    case GEMM_FLOAT32: /* where all products are float32, the operand may be the rows */
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

struct kernel_product operand_multiply(const struct step *step, const struct packed_linear *linear,
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

struct kernel_product operand_multiply_rows(const struct step *step,
                                            const struct packed_linear *linear, const void *rows)
{
    enum status status = gemm_multiply(step->member->gemm, linear->weights, 0, 0, rows,
                                       step->n_rows, step->member->c);

    if (status)
        atomic_store(&step->owner->status, status);
    return (struct kernel_product){.c = step->member->c,
                                   .bias = linear->bias,
                                   .n_rows = step->n_rows,
                                   .n = linear->weights->n_out};
}

struct kernel_product operand_rows_of(const struct kernel_product *product, size_t row,
                                      size_t n_rows)
{
    struct kernel_product rows = *product;

    rows.c = (const char *)product->c + row * product->n * sizeof(float);
    rows.n_rows = n_rows;
    rows.row_scales += row;
    rows.zeros += row;
    return rows;
}
