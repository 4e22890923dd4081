/* SPDX-License-Identifier: Apache-2.0 */

/* The steps of a layer, in order, made from the model's features: what an architecture does not
 * have is not in its list, and costs nothing. Private to the encoder. */
#ifndef NESTD_ENGINE_ENCODER_PLAN_H
#define NESTD_ENGINE_ENCODER_PLAN_H

#include "engine/encoder/layer.h"
#include "engine/model/arch.h"

#include <stdbool.h>
#include <stddef.h>

struct encoder_context;
struct encoder_pass;

/* A step of a layer, on a range of rows and, where it ends in a product, on a panel of columns. It
 * reads what the step before it wrote for all columns of its rows. */
struct step {
    const struct encoder_pass *pass;
    struct encoder_context *owner;  /* x, qkv, attended and their operands */
    struct encoder_context *block;  /* inner_operand, whose row 0 is the pass's row `block_row`; and
                                       inner, where `alone` */
    struct encoder_context *member; /* what is one thread's */
    const struct layer *layer;
    enum gemm_format next_format; /* of the product after the layer: the next one's qkv */
    size_t block_row;
    size_t row; /* the rows [row, row + n_rows), at most GEMM_MAX_ROWS but for a text's */
    size_t n_rows;
    size_t split; /* the columns: panel `panel` of 2^split, where the weights can be split so far */
    size_t panel;
    size_t head; /* of attention, whose rows are one text's; or the expert whose rows they are, as
                    expert_rows lists them; or the panel of a sparse head */
    bool alone;  /* the step is a phase of its own, so that it must leave whole what the next reads:
                    what is read may be another member's */
};

typedef void step_function(const struct step *step);

/* What a step is cut by. */
enum step_kind {
    STEP_ROWS,    /* rows */
    STEP_PRODUCT, /* rows, or panels of the columns of its weights */
    STEP_TEXTS,   /* texts and heads */
    STEP_EXPERTS, /* rows, sorted by expert */
    STEP_PANELS,  /* panels of a sparse head, each with all rows */
};

struct layer_step {
    step_function *run;
    enum step_kind kind;
    enum layer_product product; /* of STEP_PRODUCT */
};

enum { PLAN_MAX_STEPS = 16 };

struct plan {
    struct layer_step steps[PLAN_MAX_STEPS]; /* [n_steps] */
    size_t n_steps;
};

struct plan plan_make(const struct arch *arch, enum layer_plan kind);

/* Whether query, key and value need float32 after their product, before attention's format. */
static inline bool plan_turns_heads(const struct arch *arch)
{
    return arch->rotates || arch->norms_heads;
}

#endif
