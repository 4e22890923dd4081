/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/plan.h"

#include "engine/encoder/steps.h"

#include <assert.h>

/* Post-norm: Vaswani et al., arXiv 1706.03762; Devlin et al., arXiv 1810.04805. */
static const struct layer_step norm_after[] = {
    {step_qkv, STEP_PRODUCT, LAYER_QKV},
    {step_turn_heads, STEP_ROWS, 0},
    {step_attention, STEP_TEXTS, 0},
    {step_attended_operand, STEP_ROWS, 0},
    {step_attention_output, STEP_PRODUCT, LAYER_ATTENTION_OUTPUT},
    {step_attention_norm, STEP_ROWS, 0},
    {step_intermediate, STEP_PRODUCT, LAYER_INTERMEDIATE},
    {step_inner_operand, STEP_ROWS, 0},
    {step_output, STEP_PRODUCT, LAYER_OUTPUT},
    {step_output_norm, STEP_ROWS, 0},
    {NULL, 0, 0},
};

/* Pre-norm: Xiong et al., arXiv 2002.04745. */
static const struct layer_step norm_before[] = {
    {step_norm_input, STEP_ROWS, 0},
    {step_qkv, STEP_PRODUCT, LAYER_QKV},
    {step_turn_heads, STEP_ROWS, 0},
    {step_attention, STEP_TEXTS, 0},
    {step_attended_operand, STEP_ROWS, 0},
    {step_attention_output, STEP_PRODUCT, LAYER_ATTENTION_OUTPUT},
    {step_norm_middle, STEP_ROWS, 0},
    {step_intermediate, STEP_PRODUCT, LAYER_INTERMEDIATE},
    {step_inner_operand, STEP_ROWS, 0},
    {step_output, STEP_PRODUCT, LAYER_OUTPUT},
    {NULL, 0, 0},
};

/* Norms before each half and after it: Gemma Team, arXiv 2503.19786. */
static const struct layer_step norm_around[] = {
    {step_norm_input, STEP_ROWS, 0},
    {step_qkv, STEP_PRODUCT, LAYER_QKV},
    {step_turn_heads, STEP_ROWS, 0},
    {step_attention, STEP_TEXTS, 0},
    {step_attended_operand, STEP_ROWS, 0},
    {step_attention_branch, STEP_PRODUCT, LAYER_ATTENTION_OUTPUT},
    {step_add_attention_branch, STEP_ROWS, 0},
    {step_norm_middle, STEP_ROWS, 0},
    {step_intermediate, STEP_PRODUCT, LAYER_INTERMEDIATE},
    {step_inner_operand, STEP_ROWS, 0},
    {step_output_branch, STEP_PRODUCT, LAYER_OUTPUT},
    {step_add_output_branch, STEP_ROWS, 0},
    {NULL, 0, 0},
};

/* Experts: Shazeer et al., arXiv 1701.06538. */
static const struct layer_step experts_norm_after[] = {
    {step_qkv, STEP_PRODUCT, LAYER_QKV},
    {step_turn_heads, STEP_ROWS, 0},
    {step_attention, STEP_TEXTS, 0},
    {step_attended_operand, STEP_ROWS, 0},
    {step_attention_output, STEP_PRODUCT, LAYER_ATTENTION_OUTPUT},
    {step_attention_norm, STEP_ROWS, 0},
    {step_route, STEP_ROWS, 0},
    {step_experts, STEP_EXPERTS, 0},
    {step_add_experts, STEP_ROWS, 0},
    {step_output_norm, STEP_ROWS, 0},
    {NULL, 0, 0},
};

/* He et al., arXiv 2006.03654, section 4.1 (of the second version's code). */
static const struct layer_step convolved_norm_after[] = {
    {step_convolve, STEP_ROWS, 0},
    {step_qkv, STEP_PRODUCT, LAYER_QKV},
    {step_turn_heads, STEP_ROWS, 0},
    {step_attention, STEP_TEXTS, 0},
    {step_attended_operand, STEP_ROWS, 0},
    {step_attention_output, STEP_PRODUCT, LAYER_ATTENTION_OUTPUT},
    {step_attention_norm, STEP_ROWS, 0},
    {step_intermediate, STEP_PRODUCT, LAYER_INTERMEDIATE},
    {step_inner_operand, STEP_ROWS, 0},
    {step_output, STEP_PRODUCT, LAYER_OUTPUT},
    {step_output_norm, STEP_ROWS, 0},
    {step_add_convolved, STEP_ROWS, 0},
    {NULL, 0, 0},
};

/* What follows attention differs by where norms are only in plain layers. */
static const struct layer_step *find_list(const struct arch *arch, enum layer_plan kind)
{
    static const struct layer_step *const plain[] = {
        [NORM_AFTER] = norm_after, [NORM_BEFORE] = norm_before, [NORM_AROUND] = norm_around};

    if (kind == LAYER_PLAIN)
        return plain[arch->norm_place];
    assert(arch->norm_place == NORM_AFTER);
    return kind == LAYER_CONVOLVED ? convolved_norm_after : experts_norm_after;
}

struct plan plan_make(const struct arch *arch, enum layer_plan kind)
{
    struct plan plan = {.n_steps = 0};

    for (const struct layer_step *step = find_list(arch, kind); step->run; step++) {
        step_function *run = step->run;

        if (run == step_turn_heads && !plan_turns_heads(arch))
            continue;
        if (run == step_intermediate && arch->is_gated)
            run = step_gated;
        if (run == step_inner_operand && arch->is_gated)
            run = step_gated_operand;
        assert(plan.n_steps < PLAN_MAX_STEPS);
        plan.steps[plan.n_steps++] = (struct layer_step){run, step->kind, step->product};
    }
    return plan;
}
