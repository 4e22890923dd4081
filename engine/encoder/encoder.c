/* SPDX-License-Identifier: Apache-2.0 */

/* DESIGN
 *
 * A pass works on the tokens of all its texts laid end to end: every step but attention sees only
 * rows, so nothing is padded and nothing is masked. A layer has three phases:
 *
 *     rows      x -> q, k, v
 *     texts     attention of each text and head
 *     rows      output projection, residual, layer norm; feed-forward network, residual, layer norm
 * -> x
 *
 * Each phase is cut into tiles that the pass's team takes one by one (team.h). Rows go in blocks of
 * up to GEMM_MOST_ROWS, each through the whole of its phase, so that what is between two products
 * stays in the second-level cache. But each block then has all of the phase's weights read: where
 * they are large, and would come from far each time, the last phase is cut into one for each
 * product, whose blocks find the weights that the block before them has read.
 *
 * The few rows of a short text would leave most members without a block, or with so few rows that
 * each only waits for the weights: then every step is a phase of its own, and its tiles are panels
 * of columns, so that each member reads its own part of the weights.
 *
 * Promise 1: a product's element has the same bits in whichever block and panel it lies (gemm.h),
 * the kernels see one row or one element, and attention sees one text. */
#include "engine/encoder/encoder.h"

#include "engine/encoder/context.h"
#include "engine/encoder/packing.h"
#include "engine/encoder/steps.h"
#include "engine/encoder/team.h"
#include "engine/kernels/cpu.h"
#include "engine/model/model.h"

#include <stdatomic.h>
#include <stdlib.h>

/* ---- life ---- */

static kernel_store *(*pick_activation(struct kernels *kernels,
                                       enum activation activation))[N_KERNEL_TYPES]
{
    switch (activation) {
    case ACTIVATION_GELU:
        return kernels->gelu;
    case ACTIVATION_GELU_TANH:
        return kernels->gelu_tanh;
    case ACTIVATION_RELU:
        return kernels->relu;
    }
    return NULL;
}

const char *encoder_dtype_name(enum encoder_dtype dtype)
{
    static const char *const names[] = {
        [ENCODER_FLOAT32] = "float32", [ENCODER_BFLOAT16] = "bfloat16", [ENCODER_INT8] = "int8"};

    return names[dtype];
}

enum encoder_dtype encoder_auto_dtype(unsigned cpu_mask)
{
    return cpu_flags(cpu_mask) & CPU_AVX512_BF16 ? ENCODER_BFLOAT16 : ENCODER_FLOAT32;
}

static enum status check_dtype(enum encoder_dtype dtype, unsigned flags, struct error *error)
{
    if (dtype == ENCODER_BFLOAT16 && !(flags & CPU_AVX512_BF16))
        return error_set(error, STATUS_UNSUPPORTED,
                         "dtype bfloat16: this CPU does not multiply bfloat16 natively "
                         "(AVX512_BF16), which makes it "
                         "slower than float32");
    if (dtype == ENCODER_INT8 && !cpu_multiplies_int8(flags))
        return error_set(error, STATUS_UNSUPPORTED,
                         "dtype int8: without AVX512_VNNI this CPU's 8-bit products would saturate "
                         "at 16 bits and give wrong vectors; exact ones are slower than float32");
    return STATUS_OK;
}

/* Above this many bytes of weights of a layer's last phase, its products are apart. On Zen 5 that
 * makes bge-large 5 % faster in bfloat16 (19 MB) and 2 % in int8 (9 MB), but MiniLM in bfloat16 (3
 * MB) 2 % slower. */
enum { MOST_BLOCK_WEIGHTS_BYTES = 8 << 20 };

static bool products_are_apart(const struct layer *layer)
{
    return layer->attention_output.weights->len_bytes + layer->intermediate.weights->len_bytes +
               layer->output.weights->len_bytes >
           MOST_BLOCK_WEIGHTS_BYTES;
}

enum status encoder_new(struct encoder **ret_encoder, const struct model *model,
                        enum encoder_dtype dtype, unsigned cpu_mask, size_t n_threads,
                        struct error *error)
{
    struct encoder *encoder;
    enum status status = check_dtype(dtype, cpu_flags(cpu_mask), error);

    if (status)
        return status;
    encoder = calloc(1, sizeof *encoder);
    if (!encoder)
        return error_set(error, STATUS_NO_MEMORY,
                         "out of memory while packing the model's weights");
    encoder->model = model;
    encoder->dtype = dtype;
    kernels_choose(&encoder->kernels, cpu_flags(cpu_mask));
    encoder->activation = pick_activation(&encoder->kernels, model->shape.activation);
    encoder->attention_type = dtype != ENCODER_FLOAT32 && cpu_flags(cpu_mask) & CPU_AVX512_BF16
                                  ? KERNEL_BFLOAT16
                                  : KERNEL_FLOAT32;
    status = packing_run(encoder, n_threads, error);
    if (status) {
        encoder_free(encoder);
        return error_set(error, status, "out of memory while packing the model's weights");
    }
    encoder->products_apart = products_are_apart(&encoder->layers[0]);
    *ret_encoder = encoder;
    return STATUS_OK;
}

void encoder_free(struct encoder *encoder)
{
    if (!encoder)
        return;
    for (size_t i = 0; encoder->layers && i < encoder->model->shape.n_layers; i++)
        layer_release(&encoder->layers[i]);
    free(encoder->layers);
    free(encoder->accuracy.fallbacks);
    packed_norm_release(&encoder->embedding_norm);
    free(encoder->positions);
    gemm_close(encoder->gemm);
    free(encoder);
}

const char *encoder_gemm_name(const struct encoder *encoder)
{
    return gemm_name(encoder->gemm);
}

const char *encoder_kernels_name(const struct encoder *encoder)
{
    return encoder->kernels.name;
}

/* ---- the pass ---- */

/* A phase: what its tiles are of. */
struct phase {
    const struct encoder_pass *pass;
    struct encoder_context *owner;
    const struct layer *layer;
    enum gemm_format next_format;
    size_t n_tokens;
    size_t n_tiles;

    /* Where a step is a phase of its own. */
    step_function *step;
    const struct packed_linear *linear; /* its product's, cut into panels; NULL: cut into rows */
    size_t split;
};

/* The phase's rows in units of GEMM_ROW_STEP, spread evenly over the tiles. */
static struct step rows_of_tile(const struct phase *phase, struct encoder_context *member,
                                size_t tile)
{
    size_t n_units = (phase->n_tokens + GEMM_ROW_STEP - 1) / GEMM_ROW_STEP;
    size_t row = n_units * tile / phase->n_tiles * GEMM_ROW_STEP;
    size_t end = n_units * (tile + 1) / phase->n_tiles * GEMM_ROW_STEP;
    bool apart = phase->owner->encoder->products_apart;

    if (end > phase->n_tokens)
        end = phase->n_tokens;
    return (struct step){
        .owner = phase->owner,
        .block = apart ? phase->owner : member,
        .member = member,
        .layer = phase->layer,
        .next_format = phase->next_format,
        .block_row = apart ? 0 : row,
        .row = row,
        .n_rows = end - row,
    };
}

static void project_tile(void *member, void *pass, size_t tile)
{
    const struct step step = rows_of_tile(pass, member, tile);

    step_qkv(&step);
}

static void attend_tile(void *member, void *pass, size_t tile)
{
    const struct phase *phase = pass;
    size_t n_heads = phase->owner->encoder->model->shape.n_attention_heads;
    size_t text = tile / n_heads;

    step_attend(phase->owner, member, phase->owner->text_rows[text],
                phase->pass->texts[text].n_tokens, tile % n_heads);
}

static void attention_output_tile(void *member, void *pass, size_t tile)
{
    const struct step step = rows_of_tile(pass, member, tile);

    step_attended_operand(&step);
    step_attention_output(&step);
    step_attention_norm(&step);
}

static void intermediate_tile(void *member, void *pass, size_t tile)
{
    const struct step step = rows_of_tile(pass, member, tile);

    step_intermediate(&step);
}

static void output_tile(void *member, void *pass, size_t tile)
{
    const struct step step = rows_of_tile(pass, member, tile);

    step_output(&step);
    step_output_norm(&step);
}

static void finish_tile(void *member, void *pass, size_t tile)
{
    attention_output_tile(member, pass, tile);
    intermediate_tile(member, pass, tile);
    output_tile(member, pass, tile);
}

static void step_tile(void *member, void *pass, size_t tile)
{
    const struct phase *phase = pass;
    struct step step;

    if (phase->linear) {
        struct phase whole = *phase;

        whole.n_tiles = 1;
        step = rows_of_tile(&whole, member, 0);
        step.split = phase->split;
        step.panel = tile;
    } else {
        step = rows_of_tile(phase, member, tile);
    }
    step.block = phase->owner;
    step.block_row = 0;
    step.apart = true;
    phase->step(&step);
}

/* How many blocks, of at most GEMM_MOST_ROWS: as many for each member. */
static size_t count_blocks(size_t n_tokens, size_t n_members)
{
    size_t n_units = (n_tokens + GEMM_ROW_STEP - 1) / GEMM_ROW_STEP;
    size_t most_units = GEMM_MOST_ROWS / GEMM_ROW_STEP * n_members;
    size_t n_blocks = (n_units + most_units - 1) / most_units * n_members;

    return n_blocks < n_units ? n_blocks : n_units;
}

/* Has every tile of the phase done, by the whole team or, where that is the owner alone, here: a
 * small request then need not wait for a layer's end. */
static void run_tiles(struct phase *phase, team_work *work)
{
    const struct encoder_pass *pass = phase->pass;

    if (team_has_helpers(pass->team)) {
        team_run(pass->team, phase->owner, work, phase, phase->n_tiles);
        return;
    }
    for (size_t tile = 0; tile < phase->n_tiles; tile++) {
        if (pass->before_tile)
            pass->before_tile(pass->user);
        work(phase->owner, phase, tile);
    }
}

/* A step as a phase of its own: as many panels as there are members or more, or rows in units. */
static void run_step(struct phase *phase, size_t n_members, step_function *step,
                     const struct packed_linear *linear)
{
    phase->step = step;
    phase->linear = linear;
    phase->split = 0;
    if (linear) {
        while (((size_t)1 << phase->split) < n_members &&
               phase->split + 1 < linear->weights->n_splits)
            phase->split++;
        phase->n_tiles = (size_t)1 << phase->split;
    } else {
        phase->n_tiles = (phase->n_tokens + GEMM_ROW_STEP - 1) / GEMM_ROW_STEP;
    }
    run_tiles(phase, step_tile);
}

static void attend(struct phase *phase)
{
    phase->n_tiles = phase->pass->n_texts * phase->owner->encoder->model->shape.n_attention_heads;
    run_tiles(phase, attend_tile);
}

/* Few rows for many members: every step a phase, in panels. */
static void run_layer_in_panels(struct phase *phase, size_t n_members)
{
    const struct layer *layer = phase->layer;

    run_step(phase, n_members, step_qkv, &layer->qkv);
    attend(phase);
    run_step(phase, n_members, step_attended_operand, NULL);
    run_step(phase, n_members, step_attention_output, &layer->attention_output);
    run_step(phase, n_members, step_attention_norm, NULL);
    run_step(phase, n_members, step_intermediate, &layer->intermediate);
    run_step(phase, n_members, step_inner_operand, NULL);
    run_step(phase, n_members, step_output, &layer->output);
    run_step(phase, n_members, step_output_norm, NULL);
}

static void run_layer_in_blocks(struct phase *phase, size_t n_members)
{
    size_t n_blocks = count_blocks(phase->n_tokens, n_members);

    phase->n_tiles = n_blocks;
    run_tiles(phase, project_tile);
    attend(phase);
    phase->n_tiles = n_blocks;
    if (phase->owner->encoder->products_apart) {
        run_tiles(phase, attention_output_tile);
        run_tiles(phase, intermediate_tile);
        run_tiles(phase, output_tile);
    } else {
        run_tiles(phase, finish_tile);
    }
}

/* Below this many rows for each member, it pays to share the weights rather than the rows. */
enum { FEWEST_ROWS_OF_A_MEMBER = 32 };

static void run_layers(struct phase *phase)
{
    const struct encoder_pass *pass = phase->pass;
    const struct encoder *encoder = phase->owner->encoder;
    size_t n_layers = encoder->model->shape.n_layers;
    size_t end = pass->n_layers ? pass->first_layer + pass->n_layers : n_layers;

    for (size_t i = pass->first_layer; i < end && !atomic_load(&phase->owner->status); i++) {
        const struct layer *next = &encoder->layers[i + 1 < n_layers ? i + 1 : i];
        size_t n_members;

        if (pass->before_layer)
            pass->before_layer(pass->user);
        n_members = team_admit(pass->team);
        phase->layer = &encoder->layers[i];
        phase->next_format = next->qkv.weights->format;
        if (n_members > 1 && phase->n_tokens <= GEMM_MOST_ROWS &&
            phase->n_tokens < FEWEST_ROWS_OF_A_MEMBER * n_members)
            run_layer_in_panels(phase, n_members);
        else
            run_layer_in_blocks(phase, n_members);
    }
}

enum status encoder_run(struct encoder_context *context, const struct encoder_pass *pass,
                        const float **ret_tokens)
{
    enum gemm_format first_format = context->encoder->layers[pass->first_layer].qkv.weights->format;
    struct phase phase = {.pass = pass, .owner = context};
    enum status status;

    atomic_store(&context->status, STATUS_OK);
    for (size_t i = 0; i < pass->n_texts; i++) {
        context->text_rows[i] = phase.n_tokens;
        if (!pass->first_tokens)
            step_embed(context, &pass->texts[i], phase.n_tokens, first_format);
        phase.n_tokens += pass->texts[i].n_tokens;
    }
    if (pass->first_tokens)
        step_resume(context, pass->first_tokens, phase.n_tokens, first_format);
    run_layers(&phase);
    status = atomic_load(&context->status);
    if (!status)
        *ret_tokens = context->x;
    return status;
}
