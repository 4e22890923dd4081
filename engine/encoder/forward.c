/* SPDX-License-Identifier: Apache-2.0 */

/* The forward pass. A layer is a list of steps; a pass works on the tokens of all its texts laid
 * end to end. Every step but attention sees only rows, so nothing is padded and nothing is masked.
 *
 * DESIGN
 *
 * The steps of a layer run in phases. A phase is cut into tiles that the pass's team takes one by
 * one (team.h), and it ends for all members at once; a tile runs the phase's steps on its own rows.
 * There are three schedules, which differ in where phases end:
 *
 *     by block     at attention only. A tile takes its rows, at most GEMM_MAX_ROWS, through all of
 *                  the phase, so that what lies between two products stays in the second-level
 *                  cache.
 *     by product   before each product, for large layers. By block, each tile would have the
 *                  weights of all the phase's products read again; by product, its rows find the
 *                  weights that the tile before it has read.
 *     by step      after each step, for so few rows that most members would have none, or only wait
 *                  for the weights. A product's tiles are panels of its columns, so that each
 *                  member reads its own part of the weights.
 *
 * Which one is the fastest is a matter of the CPU and the model: see tune/.
 *
 * Promise 1: an element of a product has the same bits in whichever rows and panel it lies
 * (gemm.h), the kernels see one row or one element, and attention sees one text. */
#include "engine/encoder/context.h"
#include "engine/encoder/embed.h"
#include "engine/encoder/experts.h"
#include "engine/encoder/plan.h"
#include "engine/encoder/steps.h"
#include "engine/encoder/team.h"
#include "engine/encoder/tune/ways.h"
#include "engine/model/model.h"

#include <stdatomic.h>
#include <string.h>

enum schedule { BY_BLOCK, BY_PRODUCT, BY_STEP };

/* ---- phases and their tiles ---- */

struct phase {
    const struct encoder_pass *pass;
    struct encoder_context *owner;
    const struct layer *layer;
    enum gemm_format next_format;
    size_t n_tokens;
    size_t n_members;
    enum schedule schedule;

    const struct layer_step *steps; /* [n_steps] */
    size_t n_steps;
    size_t n_tiles;
    size_t split; /* tiles are the panels of 2^split; 0: they are rows */
};

/* The phase's rows in units of GEMM_ROW_STEP, spread evenly over the tiles. */
static void cut_rows(const struct phase *phase, size_t tile, struct step *step)
{
    size_t n_units = (phase->n_tokens + GEMM_ROW_STEP - 1) / GEMM_ROW_STEP;
    size_t end = n_units * (tile + 1) / phase->n_tiles * GEMM_ROW_STEP;

    step->row = n_units * tile / phase->n_tiles * GEMM_ROW_STEP;
    step->n_rows = (end < phase->n_tokens ? end : phase->n_tokens) - step->row;
}

static void cut_texts(const struct phase *phase, size_t tile, struct step *step)
{
    size_t n_heads = phase->owner->encoder->model->arch.n_attention_heads;
    size_t text = tile / n_heads;

    step->row = phase->owner->text_rows[text];
    step->n_rows = phase->pass->texts[text].n_tokens;
    step->head = tile % n_heads;
}

static void run_tile(void *member, void *user, size_t tile)
{
    const struct phase *phase = user;
    struct step step = {
        .pass = phase->pass,
        .owner = phase->owner,
        .block = phase->schedule == BY_BLOCK ? member : phase->owner,
        .member = member,
        .layer = phase->layer,
        .next_format = phase->next_format,
        .alone = phase->schedule == BY_STEP,
    };

    if (phase->steps->kind == STEP_TEXTS) {
        cut_texts(phase, tile, &step);
    } else if (phase->steps->kind == STEP_EXPERTS) {
        step.head = experts_find_tile(phase->owner, tile, &step.row, &step.n_rows);
    } else if (phase->steps->kind == STEP_PANELS) {
        step.n_rows = phase->n_tokens;
        step.head = tile;
    } else if (phase->split > 0) {
        step.n_rows = phase->n_tokens;
        step.split = phase->split;
        step.panel = tile;
    } else {
        cut_rows(phase, tile, &step);
    }
    step.block_row = phase->schedule == BY_BLOCK ? step.row : 0;
    for (size_t i = 0; i < phase->n_steps; i++)
        phase->steps[i].run(&step);
}

/* Blocks of at most GEMM_MAX_ROWS: as many for each member. */
static size_t count_blocks(size_t n_units, size_t n_members)
{
    size_t max_units = GEMM_MAX_ROWS / GEMM_ROW_STEP * n_members;
    size_t n_blocks = (n_units + max_units - 1) / max_units * n_members;

    return n_blocks < n_units ? n_blocks : n_units;
}

/* Panels for every member, as far as the weights can be split. */
static size_t choose_split(const struct gemm_weights *weights, size_t n_members)
{
    size_t split = 0;

    while (((size_t)1 << split) < n_members && split + 1 < weights->n_splits)
        split++;
    return split;
}

static void cut(struct phase *phase)
{
    size_t n_units = (phase->n_tokens + GEMM_ROW_STEP - 1) / GEMM_ROW_STEP;
    const struct layer_step *first = phase->steps;

    phase->split = 0;
    if (first->kind == STEP_TEXTS) {
        phase->n_tiles =
            phase->pass->n_texts * phase->owner->encoder->model->arch.n_attention_heads;
    } else if (first->kind == STEP_EXPERTS) {
        phase->n_tiles = experts_sort(phase->owner, phase->n_tokens);
    } else if (first->kind == STEP_PANELS) {
        phase->n_tiles = phase->owner->encoder->sparse.n_panels;
    } else if (phase->schedule != BY_STEP) {
        phase->n_tiles = count_blocks(n_units, phase->n_members);
    } else if (first->kind == STEP_ROWS) {
        phase->n_tiles = n_units;
    } else {
        phase->split =
            choose_split(phase->layer->products[first->product].weights, phase->n_members);
        phase->n_tiles = (size_t)1 << phase->split;
    }
}

/* Has every tile of the phase done: by the whole team or, where the owner has no helpers, here. A
 * small request then need not wait for a layer's end. */
static void run_phase(struct phase *phase)
{
    const struct encoder_pass *pass = phase->pass;

    cut(phase);
    if (team_has_helpers(pass->team)) {
        team_run(pass->team, phase->owner, run_tile, phase, phase->n_tiles);
        return;
    }
    for (size_t tile = 0; tile < phase->n_tiles; tile++) {
        if (pass->before_tile)
            pass->before_tile(pass->user);
        run_tile(phase->owner, phase, tile);
    }
}

/* ---- layers ---- */

/* Tiles are not of rows laid end to end: the step is a phase of its own. */
static bool is_apart(const struct layer_step *step)
{
    return step->kind == STEP_TEXTS || step->kind == STEP_EXPERTS;
}

/* How many steps from the first on make a phase. */
static size_t count_steps(enum schedule schedule, const struct layer_step *steps, size_t n_left)
{
    bool multiplies = steps->kind == STEP_PRODUCT;
    size_t n = 1;

    if (schedule == BY_STEP || is_apart(steps))
        return 1;
    for (; n < n_left && !is_apart(&steps[n]); n++) {
        if (schedule == BY_PRODUCT && multiplies && steps[n].kind == STEP_PRODUCT)
            break;
        multiplies = multiplies || steps[n].kind == STEP_PRODUCT;
    }
    return n;
}

static void run_layer(struct phase *phase)
{
    const struct plan *plan = &phase->owner->encoder->plans[phase->layer->plan];

    for (size_t i = 0; i < plan->n_steps; i += phase->n_steps) {
        phase->steps = &plan->steps[i];
        phase->n_steps = count_steps(phase->schedule, phase->steps, plan->n_steps - i);
        run_phase(phase);
    }
}

/* A phase of one step that is in no layer. */
static void run_apart(struct phase *phase, const struct layer_step *step)
{
    if (atomic_load(&phase->owner->status))
        return;
    phase->n_members = team_admit(phase->pass->team);
    phase->schedule = BY_BLOCK;
    phase->steps = step;
    phase->n_steps = 1;
    run_phase(phase);
}

/* What follows the last layer. */
static void run_end(struct phase *phase)
{
    static const struct layer_step norm = {step_norm_final, STEP_ROWS, 0};
    static const struct layer_step sparse_rows = {step_sparse_rows, STEP_ROWS, 0};
    static const struct layer_step sparse_scores = {step_sparse_scores, STEP_PANELS, 0};

    if (phase->owner->encoder->final_norm.gamma)
        run_apart(phase, &norm);
    if (!phase->pass->texts->scores)
        return;
    run_apart(phase, &sparse_rows);
    run_apart(phase, &sparse_scores);
}

static enum schedule choose_schedule(const struct phase *phase)
{
    const struct ways *ways = &phase->owner->encoder->ways;

    if (phase->n_members > 1 && phase->n_tokens <= GEMM_MAX_ROWS &&
        phase->n_tokens < ways_rows_from(ways, phase->n_members))
        return BY_STEP;
    return ways->by_product ? BY_PRODUCT : BY_BLOCK;
}

size_t encoder_max_members(size_t n_tokens)
{
    size_t n_units = (n_tokens + GEMM_ROW_STEP - 1) / GEMM_ROW_STEP;
    size_t n_panels = (size_t)1 << GEMM_MAX_SPLIT;

    return n_units > n_panels ? n_units : n_panels;
}

static void run_layers(struct phase *phase)
{
    const struct encoder_pass *pass = phase->pass;
    const struct encoder *encoder = phase->owner->encoder;
    size_t n_layers = encoder->model->arch.n_layers;
    size_t end = pass->n_layers ? pass->first_layer + pass->n_layers : n_layers;

    for (size_t i = pass->first_layer; i < end && !atomic_load(&phase->owner->status); i++) {
        const struct layer *next = &encoder->layers[i + 1 < n_layers ? i + 1 : i];

        if (pass->before_layer)
            pass->before_layer(pass->user);
        phase->n_members = team_admit(pass->team);
        phase->layer = &encoder->layers[i];
        phase->next_format = next->products[LAYER_QKV].weights->format;
        phase->schedule = choose_schedule(phase);
        run_layer(phase);
    }
    if (end == n_layers)
        run_end(phase);
}

enum status encoder_run(struct encoder_context *context, const struct encoder_pass *pass,
                        const float **ret_tokens)
{
    enum gemm_format first_format =
        context->encoder->layers[pass->first_layer].products[LAYER_QKV].weights->format;
    struct phase phase = {.pass = pass, .owner = context};
    enum status status;

    atomic_store(&context->status, STATUS_OK);
    for (size_t i = 0; i < pass->n_texts; i++) {
        context->text_rows[i] = phase.n_tokens;
        for (size_t j = 0; j < pass->texts[i].n_tokens; j++)
            context->positions[phase.n_tokens + j] = j;
        if (!pass->first_tokens)
            embed_text(context, &pass->texts[i], phase.n_tokens, first_format);
        phase.n_tokens += pass->texts[i].n_tokens;
    }
    memset(context->positions + phase.n_tokens, 0,
           ARCH_MAX_CONVOLUTION * sizeof *context->positions);
    if (pass->first_tokens)
        embed_resumed(context, pass->first_tokens, phase.n_tokens, first_format);
    run_layers(&phase);
    status = atomic_load(&context->status);
    if (!status)
        *ret_tokens = context->x;
    return status;
}

enum status encoder_warm_up(struct encoder_context *context)
{
    const int32_t id = 0;
    const struct encoder_text text = {.ids = &id, .n_tokens = 1};
    struct team team = {0};
    const struct encoder_pass pass = {.texts = &text, .n_texts = 1, .team = &team, .n_layers = 1};
    const float *tokens;

    team_open(&team);
    return encoder_run(context, &pass, &tokens);
}
