/* SPDX-License-Identifier: Apache-2.0 */

/* Rows as products read them, and what products leave. Private to the encoder. */
#ifndef NESTD_ENGINE_ENCODER_OPERAND_H
#define NESTD_ENGINE_ENCODER_OPERAND_H

#include "engine/encoder/context.h"
#include "engine/encoder/plan.h"

#include <stddef.h>

/* What a product in this format leaves. */
enum kernel_type operand_product_type(enum gemm_format format);

/* Where x's operand is for a step, and the row of it that is the step's first. */
struct operand *operand_of_x(const struct step *step, size_t *ret_row);

/* Rows of float32 into the form that a product of this format reads, at row `to` of the operand. */
void operand_fill(const struct kernels *kernels, enum gemm_format format, const float *rows,
                  size_t n_rows, size_t n, struct operand *operand, size_t to);

/* Multiplies the step's rows, which are the operand's from row `from`, with its panel of a linear
 * layer. The result is in the member's c until its next product. */
struct kernel_product operand_multiply(const struct step *step, const struct packed_linear *linear,
                                       const struct operand *operand, size_t from);

/* The same of whole weights that are not int8, and of as many rows side by side. */
struct kernel_product operand_multiply_rows(const struct step *step,
                                            const struct packed_linear *linear, const void *rows);

/* The rows [row, row + n_rows) of a product's. */
struct kernel_product operand_rows_of(const struct kernel_product *product, size_t row,
                                      size_t n_rows);

#endif
