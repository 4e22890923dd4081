/* SPDX-License-Identifier: Apache-2.0 */

/* The steps of an encoder layer, each on a range of rows and, where it ends in a product, on a
 * panel of columns; forward.c lists them in their order. Private to the encoder. A step reads what
 * the step before it wrote for all columns of its rows. */
#ifndef NESTD_ENGINE_ENCODER_STEPS_H
#define NESTD_ENGINE_ENCODER_STEPS_H

#include "engine/encoder/context.h"

#include <stdbool.h>
#include <stddef.h>

struct step {
    struct encoder_context *owner;  /* x, qkv, attended and their operands */
    struct encoder_context *block;  /* inner_operand, whose row 0 is the pass's row `block_row`; and
                                       inner, where `alone` */
    struct encoder_context *member; /* what is one thread's */
    const struct layer *layer;
    enum gemm_format next_format; /* of the product after the layer: the next one's qkv */
    size_t block_row;
    size_t row; /* the rows [row, row + n_rows) */
    size_t n_rows;
    size_t split; /* the columns: panel `panel` of 2^split, where the weights can be split so far */
    size_t panel;
    size_t head; /* of attention, whose rows are one text's */
    bool alone;  /* the step is a phase of its own, so that it must leave whole what the next reads:
                    what is read may be another member's */
};

typedef void step_function(const struct step *step);

/* x = layer_norm(word + position + token type) of one text, whose first row is `row`; and x's
 * operand. */
void step_embed(struct encoder_context *context, const struct encoder_text *text, size_t row,
                enum gemm_format next_format);

/* The same with x as it was before some layer: `tokens`, [n_tokens, hidden]. */
void step_resume(struct encoder_context *context, const float *tokens, size_t n_tokens,
                 enum gemm_format next_format);

step_function step_qkv;              /* x_operand -> qkv */
step_function step_attention;        /* qkv -> attended = softmax(q k^T / sqrt(head size)) v */
step_function step_attended_operand; /* attended -> attended_operand */
step_function step_attention_output; /* attended_operand -> x += */
step_function step_attention_norm;   /* x -> x, mid_operand */
step_function step_intermediate;     /* mid_operand -> inner where alone, else inner_operand */
step_function step_inner_operand;    /* inner -> inner_operand, where alone */
step_function step_output;           /* inner_operand -> x += */
step_function step_output_norm;      /* x -> x, x_operand */

#endif
