/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/context.h"

#include "engine/base/memory.h"
#include "engine/model/model.h"

#include <stdint.h>
#include <string.h>

/* Memory that a context takes: `place` gets n_rows x n_columns elements of 4 bytes. */
struct piece {
    void *place; /* a pointer to a pointer */
    size_t n_rows;
    size_t n_columns;
};

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Of a product's result. */
static size_t max_columns(const struct encoder *encoder)
{
    const struct arch *arch = &encoder->model->arch;
    size_t panel = encoder->sparse.n_panels > 0 ? SPARSE_PANEL_COLUMNS : 0;

    return larger(larger(arch_qkv_size(arch), arch_wide_size(arch)),
                  larger(larger(arch->hidden_size, arch->n_experts), panel));
}

/* Columns of 4 bytes that have room for n numbers: of 2 bytes where all are bfloat16. */
static size_t columns_of(size_t n, bool is_bfloat16)
{
    return is_bfloat16 ? (n + 1) / 2 : n;
}

/* float32 operands are the rows themselves, but for those of norms that leave x as it is; the
 * others have memory of their own. */
static void alias_operands(struct encoder_context *context)
{
    if (context->encoder->dtype != ENCODER_FLOAT32)
        return;
    if (context->encoder->model->arch.norm_place == NORM_AFTER) {
        context->x_operand.values = context->x;
        context->mid_operand.values = context->x;
    }
    context->attended_operand.values = context->attended;
    context->inner_operand.values = context->inner;
}

/* Where each product is a phase of its own, nobody reads qkv any more when inner is written, nor
 * inner when the next layer's qkv is. */
static void share_qkv(struct encoder_context *context)
{
    if (!context->encoder->ways.by_product)
        return;
    if (context->encoder->dtype == ENCODER_FLOAT32)
        context->inner = context->qkv;
    else
        context->inner_operand.values = context->qkv;
}

/* What they take together; SIZE_MAX if that does not fit a size_t. */
static size_t plan_pieces(const struct piece *pieces, size_t n_pieces)
{
    size_t len_bytes = 0;

    for (size_t i = 0; i < n_pieces; i++)
        if (!arena_plan_floats(&len_bytes, pieces[i].n_rows, pieces[i].n_columns))
            return SIZE_MAX;
    return len_bytes;
}

static enum status take_pieces(struct arena *arena, const struct piece *pieces, size_t n_pieces)
{
    enum status status = arena_init(arena, plan_pieces(pieces, n_pieces));

    for (size_t i = 0; i < n_pieces && !status; i++)
        *(float **)pieces[i].place =
            arena_take_floats(arena, pieces[i].n_rows, pieces[i].n_columns);
    return status;
}

/* Of the longest text's attention. Its positions may be more than twice its tokens: where the
 * furthest distance is not much beyond the middle one, buckets are spread wider than distances. */
static size_t scratch_floats(const struct encoder *encoder, size_t n_tokens)
{
    size_t head_size = encoder->model->arch.head_size;
    const uint32_t *rows = distance_tables_get_rows(&encoder->distances);
    ptrdiff_t furthest = n_tokens > 0 ? (ptrdiff_t)n_tokens - 1 : 0;
    size_t n_floats = KERNEL_ATTENTION_SCRATCH_FLOATS(n_tokens, head_size);
    size_t n_rows;

    if (!rows)
        return n_floats;
    n_rows = rows[-furthest] - rows[furthest] + 1;
    return n_floats + KERNEL_POSITIONS_SCRATCH_FLOATS(n_tokens, head_size, n_rows);
}

enum { MAX_PIECES = 32, N_EXPERT_PIECES = 6 };

static void list_expert_pieces(struct encoder_context *context, size_t n_rows,
                               struct piece ret_pieces[N_EXPERT_PIECES])
{
    const struct arch *arch = &context->encoder->model->arch;
    size_t n_chosen = arch->n_experts ? n_rows * arch->n_chosen_experts : 0;
    const struct piece pieces[N_EXPERT_PIECES] = {
        {&context->chosen, n_chosen, 1},
        {&context->shares, n_chosen, 1},
        {&context->expert_rows, n_chosen, 1},
        {&context->expert_ends, 1, arch->n_experts},
        {&context->mixed, n_chosen, arch->hidden_size},
        {&context->gathered, arch->n_experts ? GEMM_MAX_ROWS : 0, arch->hidden_size},
    };

    memcpy(ret_pieces, pieces, sizeof pieces);
}

static size_t list_pieces(struct encoder_context *context, struct piece ret_pieces[MAX_PIECES])
{
    const struct encoder *encoder = context->encoder;
    const struct arch *arch = &encoder->model->arch;
    /* A block may begin at any row, and a product reads whole blocks. */
    size_t n_rows = context->max_tokens + GEMM_MAX_ROWS;
    size_t longest = encoder->model->max_tokens < context->max_tokens ? encoder->model->max_tokens
                                                                      : context->max_tokens;
    size_t hidden = arch->hidden_size;
    size_t qkv = arch_qkv_size(arch);
    size_t inner = arch->intermediate_size;
    size_t n_inner_rows = encoder->ways.by_product ? n_rows : GEMM_MAX_ROWS;
    size_t n_x_rows = arch->norm_place == NORM_AFTER ? n_rows : GEMM_MAX_ROWS;
    bool short_qkv = encoder->attention_type == KERNEL_BFLOAT16;
    bool is_short = encoder->dtype == ENCODER_BFLOAT16; /* in int8 an operand may hold any format */
    bool own = encoder->dtype != ENCODER_FLOAT32;
    bool own_x = own || arch->norm_place != NORM_AFTER;
    bool own_raw = plan_turns_heads(arch) && encoder->attention_type != KERNEL_FLOAT32;
    const struct piece pieces[] = {
        {&context->x, n_rows, hidden},
        {&context->x_operand.values, own_x ? n_x_rows : 0, columns_of(hidden, is_short)},
        {&context->x_operand.scales, n_x_rows, 1},
        {&context->x_operand.zeros, n_x_rows, 1},
        {&context->mid_operand.values, own_x ? n_rows : 0, columns_of(hidden, is_short)},
        {&context->mid_operand.scales, n_rows, 1},
        {&context->mid_operand.zeros, n_rows, 1},
        {&context->qkv, n_rows,
         larger(columns_of(qkv, short_qkv),
                encoder->ways.by_product ? columns_of(inner, is_short) : 0)},
        {&context->attended, n_rows, arch->query_size},
        {&context->attended_operand.values, own ? n_rows : 0,
         columns_of(arch->query_size, is_short)},
        {&context->attended_operand.scales, n_rows, 1},
        {&context->attended_operand.zeros, n_rows, 1},
        {&context->inner, own || !encoder->ways.by_product ? GEMM_MAX_ROWS : 0, inner},
        {&context->inner_operand.values, own && !encoder->ways.by_product ? GEMM_MAX_ROWS : 0,
         columns_of(inner, is_short)},
        {&context->inner_operand.scales, n_inner_rows, 1},
        {&context->inner_operand.zeros, n_inner_rows, 1},
        {&context->wide, arch->is_gated ? GEMM_MAX_ROWS : 0, 2 * inner},
        {&context->raw_qkv, own_raw ? GEMM_MAX_ROWS : 0, qkv},
        {&context->branch, arch->norm_place == NORM_AROUND ? GEMM_MAX_ROWS : 0, hidden},
        {&context->convolved, arch->convolution_width ? n_rows : 0, hidden},
        {&context->neighbours, GEMM_MAX_ROWS, arch->convolution_width * hidden},
        {&context->c, GEMM_MAX_ROWS, max_columns(encoder)},
        {&context->normed, arch->norm_place == NORM_AFTER ? 0 : GEMM_MAX_ROWS, hidden},
        {&context->embedded, encoder->embedding_projection.weights ? GEMM_MAX_ROWS : 0,
         arch->embedding_size},
        {&context->scratch, 1, scratch_floats(encoder, longest)},
    };

    _Static_assert(sizeof pieces / sizeof *pieces <= MAX_PIECES - N_EXPERT_PIECES,
                   "room for all pieces");
    memcpy(ret_pieces, pieces, sizeof pieces);
    list_expert_pieces(context, n_rows, &ret_pieces[sizeof pieces / sizeof *pieces]);
    return sizeof pieces / sizeof *pieces + N_EXPERT_PIECES;
}

static enum status take_memory(struct encoder_context *context)
{
    struct piece pieces[MAX_PIECES];
    size_t n_pieces = list_pieces(context, pieces);
    enum status status = take_pieces(&context->arena, pieces, n_pieces);

    if (!status) {
        share_qkv(context);
        alias_operands(context);
    }
    return status;
}

size_t encoder_context_len_bytes(const struct encoder *encoder, size_t max_tokens)
{
    struct encoder_context context = {.encoder = encoder, .max_tokens = max_tokens};
    struct piece pieces[MAX_PIECES];
    size_t n_pieces = list_pieces(&context, pieces);

    return plan_pieces(pieces, n_pieces);
}

enum status encoder_context_new(const struct encoder *encoder, size_t max_tokens,
                                struct encoder_context **ret_context)
{
    struct encoder_context *context = calloc(1, sizeof *context);
    enum status status;

    if (!context)
        return STATUS_NO_MEMORY;
    context->encoder = encoder;
    context->max_tokens = max_tokens;
    context->text_rows = calloc(max_tokens, sizeof *context->text_rows);
    context->positions = calloc(max_tokens + ARCH_MAX_CONVOLUTION, sizeof *context->positions);
    status = context->text_rows && context->positions ? take_memory(context) : STATUS_NO_MEMORY;
    if (!status)
        status = gemm_context_new(encoder->gemm, &context->gemm);
    if (status) {
        encoder_context_free(context);
        return status;
    }
    *ret_context = context;
    return STATUS_OK;
}

void encoder_context_free(struct encoder_context *context)
{
    if (!context)
        return;
    gemm_context_free(context->gemm);
    arena_release(&context->arena);
    free(context->text_rows);
    free(context->positions);
    free(context);
}
