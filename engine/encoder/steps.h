/* SPDX-License-Identifier: Apache-2.0 */

/* The steps of encoder layers; plan.c lists them in their order. Private to the encoder. */
#ifndef NESTD_ENGINE_ENCODER_STEPS_H
#define NESTD_ENGINE_ENCODER_STEPS_H

#include "engine/encoder/plan.h"

step_function step_qkv;              /* x_operand -> qkv; raw_qkv where heads are turned next */
step_function step_turn_heads;       /* raw_qkv, norms and positions -> qkv */
step_function step_attention;        /* qkv -> attended = softmax(q k^T scale) v */
step_function step_attended_operand; /* attended -> attended_operand */
step_function step_attention_output; /* attended_operand -> x += */
step_function step_intermediate;     /* mid_operand -> inner where alone, else inner_operand */
step_function step_inner_operand;    /* inner -> inner_operand, where alone */
step_function step_gated;            /* the same two of a gated layer, whose gate and inner */
step_function step_gated_operand;    /* are wide, where alone */
step_function step_output;           /* inner_operand -> x += */

/* Experts, in place of the two products after the middle. */
step_function step_route;       /* x -> chosen, shares */
step_function step_experts;     /* mid_operand -> mixed, of one expert's rows */
step_function step_add_experts; /* mixed -> x += */

/* A convolution beside the layer, before it and after it. */
step_function step_convolve;      /* x -> convolved */
step_function step_add_convolved; /* convolved, x -> x, x_operand */

/* Norms after. */
step_function step_attention_norm; /* x -> x, mid_operand */
step_function step_output_norm;    /* x -> x, x_operand */

/* Norms before. */
step_function step_norm_input;  /* x -> x_operand */
step_function step_norm_middle; /* x -> mid_operand */
step_function step_norm_final;  /* x -> x, after the last layer */

/* Norms around. */
step_function step_attention_branch;     /* attended_operand -> branch */
step_function step_add_attention_branch; /* branch -> x += */
step_function step_output_branch;        /* inner_operand -> branch */
step_function step_add_output_branch;    /* branch -> x += */

#endif
