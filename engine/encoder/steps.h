/* SPDX-License-Identifier: Apache-2.0 */

/* The steps of an encoder layer, each on a range of rows and, where it ends in a product, on a
 * panel of columns. Private to the encoder. A step reads what the step before it wrote for all
 * columns of its rows. */
#ifndef NESTD_ENGINE_ENCODER_STEPS_H
#define NESTD_ENGINE_ENCODER_STEPS_H

#include "engine/encoder/context.h"

#include <stdbool.h>
#include <stddef.h>

struct step {
    struct encoder_context *owner;  /* x, qkv, attended and their operands */
    struct encoder_context *block;  /* inner_operand, whose row 0 is the pass's row `block_row`; and
                                       inner, where `apart` */
    struct encoder_context *member; /* what is one thread's */
    const struct layer *layer;
    enum gemm_format next_format; /* of the product after the layer: the next one's qkv */
    size_t block_row;
    size_t row; /* the rows [row, row + n_rows) */
    size_t n_rows;
    size_t split; /* the columns: panel `panel` of 2^split, where the weights can be split so far */
    size_t panel;
    bool apart; /* members do the steps of one block apart, so that each must leave whole what the
                   next reads */
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
step_function step_attended_operand; /* attended -> attended_operand */
step_function step_attention_output; /* attended_operand -> x += */
step_function step_attention_norm;   /* x -> x, mid_operand */
step_function step_intermediate;     /* mid_operand -> inner where apart, else inner_operand */
step_function step_inner_operand;    /* inner -> inner_operand */
step_function step_output;           /* inner_operand -> x += */
step_function step_output_norm;      /* x -> x, x_operand */

/* attended = softmax(q k^T / sqrt(head size)) v, of one head of the text at rows [row, row +
 * n_tokens) */
void step_attend(struct encoder_context *owner, struct encoder_context *member, size_t row,
                 size_t n_tokens, size_t head);

#endif
