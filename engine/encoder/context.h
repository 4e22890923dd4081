/* SPDX-License-Identifier: Apache-2.0 */

/* The encoder, and one worker's memory for passes. Private to the encoder. */
#ifndef NESTD_ENGINE_ENCODER_CONTEXT_H
#define NESTD_ENGINE_ENCODER_CONTEXT_H

#include "engine/encoder/arena.h"
#include "engine/encoder/tables/distance.h"
#include "engine/encoder/encoder.h"
#include "engine/encoder/layer.h"
#include "engine/encoder/plan.h"
#include "engine/encoder/sparse/sparse_head.h"
#include "engine/encoder/tables/rotary.h"
#include "engine/encoder/tune/ways.h"
#include "engine/gemm/gemm.h"
#include "engine/kernels/kernels.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model;

struct encoder {
    const struct model *model;
    struct gemm *gemm;
    struct kernels kernels;
    enum encoder_dtype dtype;
    enum kernel_type attention_type;             /* of q, k and v */
    kernel_store *(*activation)[N_KERNEL_TYPES]; /* the model's, out of kernels: [input][output] */
    struct plan plans[N_LAYER_PLANS];            /* of the kinds of layers that there are */
    struct ways ways;                            /* how passes are cut (forward.c) */
    char ways_text[96];                          /* the same in words */
    float *positions; /* [n, embedding]: position + token type 0, by embed.c's position_row() */
    float *second_positions; /* the same for token type 1; NULL: the model takes none */
    struct packed_norm embedding_norm;
    struct packed_linear convolution; /* in float32, [hidden, width x hidden]; NULL weights: none */
    struct packed_norm convolution_norm;
    kernel_store *(*convolution_activation)[N_KERNEL_TYPES];
    struct packed_linear embedding_projection; /* NULL weights: there is none */
    struct distance_tables distances;
    struct rotary_tables rotary;
    struct layer *layers;          /* [n_layers] */
    struct packed_norm final_norm; /* where norms are not after */
    struct sparse_head sparse;
    kernel_store *(*vocabulary_activation)[N_KERNEL_TYPES]; /* its */
    struct accuracy_report accuracy;
};

/* Rows as a product reads them: float32, bfloat16, or uint8 with a scale and a zero point a row. A
 * row's place depends on the format, and while one block is through with a layer another has not
 * begun it: so what products of two formats may read never shares an operand. */
struct operand {
    void *values; /* [n_rows, n] */
    float *scales;
    int32_t *zeros;
};

struct encoder_context {
    const struct encoder *encoder;
    struct gemm_context *gemm;
    struct arena arena;
    size_t max_tokens;

    /* Of the pass, n rows: the owner's. */
    float *x;                        /* [n, hidden]: the residual stream */
    struct operand x_operand;        /* [n, hidden]: x as it enters a layer; where norms are not
                                        after, of a block: [GEMM_MAX_ROWS, hidden], the member's, or
                                        the owner's where each step is a phase of its own */
    struct operand mid_operand;      /* [n, hidden]: x between the layer's two halves */
    void *qkv;                       /* [n, qkv], of attention_type; and inner's, if that is [n] */
    float *attended;                 /* [n, query] */
    struct operand attended_operand; /* [n, query] */
    uint32_t *chosen;                /* [n, n_chosen_experts]: each row's experts */
    float *shares;                   /* [n, n_chosen_experts] */
    uint32_t *expert_rows;       /* [n x n_chosen_experts]: places of `chosen`, sorted by expert */
    uint32_t *expert_ends;       /* [n_experts]: where each expert's end in it */
    float *mixed;                /* [n, n_chosen_experts, hidden]: what each made of the row */
    size_t *text_rows;           /* [n_texts]: where each text begins */
    float *convolved;            /* [n, hidden]: the convolution's, for the first layer's end */
    size_t *positions;           /* [n]: of each row in its text; then zeros */
    _Atomic(enum status) status; /* the first failure of any member */

    /* Of a block, and the member's; of a block, and the owner's, where members share it; of the
     * pass, and the owner's, where each product is a phase of its own. */
    struct operand inner_operand; /* [GEMM_MAX_ROWS or n, intermediate] */

    /* What the operand is made of: a block of the owner where members share it, else a few rows of
     * the member. In float32 it is the operand. */
    float *inner; /* [GEMM_MAX_ROWS, intermediate], or as the operand */

    /* Of a block, which the tile's next steps read: the member's, or the owner's where each step is
     * a phase of its own. */
    float *wide;    /* [GEMM_MAX_ROWS, 2 intermediate], where layers are gated: both factors */
    float *raw_qkv; /* [GEMM_MAX_ROWS, qkv], where heads are turned and qkv is not float32 */
    float *branch;  /* [GEMM_MAX_ROWS, hidden], where norms are around */

    /* Of a tile: the member's. */
    void *c;           /* [GEMM_MAX_ROWS, n_out] of 4 bytes: what a product leaves */
    float *scratch;    /* of one attention */
    float *normed;     /* [GEMM_MAX_ROWS, hidden], where norms are not after */
    float *neighbours; /* [GEMM_MAX_ROWS, width x hidden]: rows and those around them */
    void *gathered;    /* [GEMM_MAX_ROWS, hidden]: one expert's rows, as their product reads them */
    float *embedded;   /* [GEMM_MAX_ROWS, embedding], where it is projected */
};

#endif
