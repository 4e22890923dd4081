/* SPDX-License-Identifier: Apache-2.0 */

/* DESIGN
 *
 * A shape is a pair (n_in, n_out): a model has four or five. Each owns one primitive per block
 * height. The packed layout is what oneDNN asks for at the full height; the other heights are told
 * to take that layout, so one copy of the weights serves them all. (oneDNN takes one layout for all
 * heights up to 64 on AVX-512: 768 of 768 tried. A height whose primitive cannot be had that way is
 * left out.)
 *
 * oneDNN's OpenMP build fixes the number of threads when a primitive is described, so
 * single-threaded products need omp_set_num_threads(1) in the describing thread. Parallelism over a
 * pass is the workers', not oneDNN's.
 *
 * Scratchpads are ours, one per context, so primitives can be shared by all workers: oneDNN's own
 * are bound to the thread that made them.
 */
#include "engine/encoder/gemm.h"

#include "engine/encoder/gemm_dnnl.h"
#include "engine/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    N_HEIGHTS = GEMM_MOST_ROWS / GEMM_ROW_STEP,
    MOST_SHAPES = 8,
};

/* ---- shapes ---- */

/* One block height of one shape. */
struct block {
    dnnl_primitive_t primitive; /* NULL: this height is not used */
    dnnl_memory_desc_t src;     /* [height, n_in] */
    dnnl_memory_desc_t dst;     /* [height, n_out] */
    dnnl_memory_desc_t scratchpad;
};

struct shape {
    size_t n_in;
    size_t n_out;
    dnnl_memory_desc_t weights; /* packed [n_in, n_out] */
    size_t weights_len_bytes;
    char implementation[64];        /* oneDNN's name for it, "brg:avx512_core" */
    struct block blocks[N_HEIGHTS]; /* of GEMM_ROW_STEP, 2 GEMM_ROW_STEP ... GEMM_MOST_ROWS rows */
};

struct gemm {
    dnnl_engine_t engine;
    dnnl_stream_t stream; /* for packing */
    struct shape shapes[MOST_SHAPES];
    size_t n_shapes;
    size_t scratchpad_len_bytes; /* the most that any block needs */
    char name[96];
};

struct gemm_weights {
    const struct gemm *gemm;
    size_t shape; /* index */
    void *data;
};

static size_t block_height(size_t block)
{
    return (block + 1) * GEMM_ROW_STEP;
}

static void block_release(struct block *block)
{
    if (block->primitive)
        dnnl_primitive_destroy(block->primitive);
    description_free(&block->src);
    description_free(&block->dst);
    description_free(&block->scratchpad);
    *block = (struct block){0};
}

static void shape_release(struct shape *shape)
{
    for (size_t i = 0; i < N_HEIGHTS; i++)
        block_release(&shape->blocks[i]);
    description_free(&shape->weights);
    *shape = (struct shape){0};
}

/* Makes a block's primitive. With `any_weights` oneDNN picks the packed layout, and the shape takes
 * it over; a block that comes after must have the same implementation, or it gets no primitive. */
static dnnl_status_t block_init(struct gemm *gemm, struct shape *shape, size_t index,
                                bool any_weights)
{
    struct block *block = &shape->blocks[index];
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_memory_desc_t any = {0};
    const char *implementation = NULL;
    dnnl_status_t status;

    status = describe_matrix(&block->src, block_height(index), shape->n_in, dnnl_ab);
    if (!status)
        status = describe_matrix(&block->dst, block_height(index), shape->n_out, dnnl_ab);
    if (!status && any_weights)
        status = describe_matrix(&any, shape->n_in, shape->n_out, dnnl_format_tag_any);
    if (!status)
        status = dnnl_primitive_attr_create(&attr);
    if (!status)
        status = dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
    if (!status)
        status = describe_matmul(&pd, gemm->engine, &block->src,
                                 description_borrow(any_weights ? &any : &shape->weights),
                                 &block->dst, attr);
    if (!status && any_weights)
        status = description_copy(&shape->weights,
                                  dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0));
    if (!status)
        status = description_copy(&block->scratchpad,
                                  dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0));
    if (!status)
        status = dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &implementation);
    if (!status && any_weights)
        snprintf(shape->implementation, sizeof shape->implementation, "%s", implementation);
    if (!status && strcmp(shape->implementation, implementation) == 0)
        status = dnnl_primitive_create(&block->primitive, pd);
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    description_free(&any);
    return status;
}

/* ---- contexts: one worker's handles on the shared primitives ---- */

struct block_memory {
    dnnl_memory_t src;
    dnnl_memory_t dst;
    dnnl_memory_t scratchpad;
};

struct shape_memory {
    dnnl_memory_t weights;
    struct block_memory blocks[N_HEIGHTS];
};

struct gemm_context {
    const struct gemm *gemm;
    dnnl_stream_t stream;
    void *scratchpad;
    struct shape_memory shapes[MOST_SHAPES];
};

static void memory_release(dnnl_memory_t memory)
{
    if (memory)
        dnnl_memory_destroy(memory);
}

void gemm_context_free(struct gemm_context *context)
{
    if (!context)
        return;
    for (size_t i = 0; i < MOST_SHAPES; i++) {
        memory_release(context->shapes[i].weights);
        for (size_t j = 0; j < N_HEIGHTS; j++) {
            memory_release(context->shapes[i].blocks[j].src);
            memory_release(context->shapes[i].blocks[j].dst);
            memory_release(context->shapes[i].blocks[j].scratchpad);
        }
    }
    if (context->stream)
        dnnl_stream_destroy(context->stream);
    free(context->scratchpad);
    free(context);
}

static dnnl_status_t shape_memory_init(struct gemm_context *context, size_t index)
{
    const struct shape *shape = &context->gemm->shapes[index];
    struct shape_memory *memory = &context->shapes[index];
    dnnl_engine_t engine = context->gemm->engine;
    dnnl_status_t status =
        dnnl_memory_create(&memory->weights, description_borrow(&shape->weights), engine, NULL);

    for (size_t i = 0; i < N_HEIGHTS && !status; i++) {
        const struct block *block = &shape->blocks[i];

        if (!block->primitive)
            continue;
        status = dnnl_memory_create(&memory->blocks[i].src, description_borrow(&block->src), engine,
                                    NULL);
        if (!status)
            status = dnnl_memory_create(&memory->blocks[i].dst, description_borrow(&block->dst),
                                        engine, NULL);
        if (!status)
            status = dnnl_memory_create(&memory->blocks[i].scratchpad,
                                        description_borrow(&block->scratchpad), engine,
                                        context->scratchpad);
    }
    return status;
}

enum status gemm_context_new(const struct gemm *gemm, struct gemm_context **ret_context)
{
    struct gemm_context *context = calloc(1, sizeof *context);
    dnnl_status_t status;

    if (!context)
        return STATUS_NO_MEMORY;
    context->gemm = gemm;
    context->scratchpad = memory_new_aligned(gemm->scratchpad_len_bytes);
    status = context->scratchpad
                 ? dnnl_stream_create(&context->stream, gemm->engine, dnnl_stream_default_flags)
                 : dnnl_out_of_memory;
    for (size_t i = 0; i < gemm->n_shapes && !status; i++)
        status = shape_memory_init(context, i);
    if (status) {
        gemm_context_free(context);
        return status_of(status);
    }
    *ret_context = context;
    return STATUS_OK;
}

/* One block: rows [0, height) of a and c. */
static dnnl_status_t block_multiply(struct gemm_context *context, size_t shape, size_t block,
                                    const float *a, float *c)
{
    const struct shape_memory *memory = &context->shapes[shape];
    const struct block_memory *handles = &memory->blocks[block];
    const dnnl_exec_arg_t arguments[] = {
        {DNNL_ARG_SRC, handles->src},
        {DNNL_ARG_WEIGHTS, memory->weights},
        {DNNL_ARG_DST, handles->dst},
        {DNNL_ARG_SCRATCHPAD, handles->scratchpad},
    };
    /* oneDNN's handles are not const, but a source is only read. */
    dnnl_status_t status = dnnl_memory_set_data_handle(handles->src, (void *)(uintptr_t)a);

    if (!status)
        status = dnnl_memory_set_data_handle(handles->dst, c);
    if (!status)
        status = dnnl_primitive_execute(context->gemm->shapes[shape].blocks[block].primitive,
                                        context->stream, sizeof arguments / sizeof *arguments,
                                        arguments);
    if (!status)
        status = dnnl_stream_wait(context->stream);
    return status;
}

/* The lowest block that holds n_rows. The full height is always there. */
static size_t pick_block(const struct shape *shape, size_t n_rows)
{
    size_t block = n_rows >= GEMM_MOST_ROWS ? N_HEIGHTS - 1 : (n_rows - 1) / GEMM_ROW_STEP;

    while (!shape->blocks[block].primitive)
        block++;
    return block;
}

enum status gemm_multiply(struct gemm_context *context, const struct gemm_weights *packed,
                          const float *a, size_t n_rows, float *c)
{
    const struct shape *shape = &context->gemm->shapes[packed->shape];
    dnnl_status_t status =
        dnnl_memory_set_data_handle(context->shapes[packed->shape].weights, packed->data);

    for (size_t row = 0; row < n_rows && !status; row += GEMM_MOST_ROWS)
        status = block_multiply(context, packed->shape, pick_block(shape, n_rows - row),
                                a + row * shape->n_in, c + row * shape->n_out);
    return status_of(status);
}

/* ---- packing ---- */

/* Fills `values` with numbers of both signs and many magnitudes, the same each time. */
static void fill_trial(float *values, size_t n)
{
    uint32_t state = 1;

    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = (float)((double)state / 4294967296.0 - 0.5) * (float)(1 + i % 7);
    }
}

/* Multiplies the last rows of a full block at every lower height as well and gives up the heights
 * whose bits differ. */
static enum status check_heights(struct gemm *gemm, const struct gemm_weights *packed)
{
    struct shape *shape = &gemm->shapes[packed->shape];
    AUTO_FREE float *a = memory_new_aligned(GEMM_MOST_ROWS * shape->n_in * sizeof(float));
    AUTO_FREE float *whole = memory_new_aligned(GEMM_MOST_ROWS * shape->n_out * sizeof(float));
    AUTO_FREE float *part = memory_new_aligned(GEMM_MOST_ROWS * shape->n_out * sizeof(float));
    struct gemm_context *context = NULL;
    enum status status = a && whole && part ? gemm_context_new(gemm, &context) : STATUS_NO_MEMORY;

    if (!status) {
        fill_trial(a, GEMM_MOST_ROWS * shape->n_in);
        status = gemm_multiply(context, packed, a, GEMM_MOST_ROWS, whole);
    }
    for (size_t i = 0; i < N_HEIGHTS - 1 && !status; i++) {
        size_t first_row = GEMM_MOST_ROWS - block_height(i);

        if (!shape->blocks[i].primitive)
            continue;
        status =
            status_of(block_multiply(context, packed->shape, i, a + first_row * shape->n_in, part));
        if (memcmp(part, whole + first_row * shape->n_out,
                   block_height(i) * shape->n_out * sizeof(float)))
            block_release(&shape->blocks[i]);
    }
    gemm_context_free(context);
    return status;
}

static dnnl_status_t shape_init(struct gemm *gemm, struct shape *shape, size_t n_out, size_t n_in)
{
    dnnl_status_t status;

    *shape = (struct shape){.n_in = n_in, .n_out = n_out};
    status = block_init(gemm, shape, N_HEIGHTS - 1, true);
    if (status)
        return status;
    shape->weights_len_bytes = dnnl_memory_desc_get_size(description_borrow(&shape->weights));
    for (size_t i = 0; i < N_HEIGHTS; i++) {
        size_t len_bytes;

        if (i < N_HEIGHTS - 1 && block_init(gemm, shape, i, false)) {
            block_release(&shape->blocks[i]);
            continue;
        }
        len_bytes = dnnl_memory_desc_get_size(description_borrow(&shape->blocks[i].scratchpad));
        if (len_bytes > gemm->scratchpad_len_bytes)
            gemm->scratchpad_len_bytes = len_bytes;
    }
    return dnnl_success;
}

/* The index of the shape, made if it is new. */
static enum status find_shape(struct gemm *gemm, size_t n_out, size_t n_in, size_t *ret_index,
                              bool *ret_new)
{
    dnnl_status_t status;

    for (size_t i = 0; i < gemm->n_shapes; i++) {
        if (gemm->shapes[i].n_in == n_in && gemm->shapes[i].n_out == n_out) {
            *ret_index = i;
            *ret_new = false;
            return STATUS_OK;
        }
    }
    if (gemm->n_shapes == MOST_SHAPES)
        return STATUS_INTERNAL;
    status = shape_init(gemm, &gemm->shapes[gemm->n_shapes], n_out, n_in);
    if (status) {
        shape_release(&gemm->shapes[gemm->n_shapes]);
        return status_of(status);
    }
    if (!gemm->name[0])
        snprintf(gemm->name, sizeof gemm->name, "oneDNN %d.%d.%d %s", dnnl_version()->major,
                 dnnl_version()->minor, dnnl_version()->patch,
                 gemm->shapes[gemm->n_shapes].implementation);
    *ret_index = gemm->n_shapes++;
    *ret_new = true;
    return STATUS_OK;
}

/* Reorders [n_out, n_in] weights into the shape's layout. */
static dnnl_status_t reorder(struct gemm *gemm, const struct shape *shape, const float *weights,
                             void *packed)
{
    dnnl_memory_desc_t plain = {0};
    dnnl_memory_t from = NULL;
    dnnl_memory_t to = NULL;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_t primitive = NULL;
    /* The matrix [n_in, n_out], whose columns lie one after another. */
    dnnl_status_t status = describe_matrix(&plain, shape->n_in, shape->n_out, dnnl_ba);

    if (!status)
        status = dnnl_memory_create(&from, description_borrow(&plain), gemm->engine,
                                    (void *)(uintptr_t)weights);
    if (!status)
        status = dnnl_memory_create(&to, description_borrow(&shape->weights), gemm->engine, packed);
    if (!status)
        status = dnnl_reorder_primitive_desc_create(&pd, description_borrow(&plain), gemm->engine,
                                                    description_borrow(&shape->weights),
                                                    gemm->engine, NULL);
    if (!status)
        status = dnnl_primitive_create(&primitive, pd);
    if (!status) {
        const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};

        status = dnnl_primitive_execute(primitive, gemm->stream, 2, arguments);
    }
    if (!status)
        status = dnnl_stream_wait(gemm->stream);
    if (primitive)
        dnnl_primitive_destroy(primitive);
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    memory_release(to);
    memory_release(from);
    description_free(&plain);
    return status;
}

enum status gemm_pack(struct gemm *gemm, const float *weights, size_t n_out, size_t n_in,
                      struct gemm_weights **ret_packed, struct error *error)
{
    struct gemm_weights *packed = calloc(1, sizeof *packed);
    bool new_shape = false;
    enum status status;

    if (!packed)
        return error_set(error, STATUS_NO_MEMORY, "out of memory while packing weights");
    use_one_thread();
    packed->gemm = gemm;
    status = find_shape(gemm, n_out, n_in, &packed->shape, &new_shape);
    if (!status) {
        packed->data = memory_new_aligned(gemm->shapes[packed->shape].weights_len_bytes);
        status = packed->data
                     ? status_of(reorder(gemm, &gemm->shapes[packed->shape], weights, packed->data))
                     : STATUS_NO_MEMORY;
    }
    if (!status && new_shape)
        status = check_heights(gemm, packed);
    if (status) {
        gemm_weights_free(packed);
        return error_set(error, status, "oneDNN cannot pack weights of %zu x %zu: %s", n_out, n_in,
                         status == STATUS_NO_MEMORY ? "out of memory" : "it refused the product");
    }
    *ret_packed = packed;
    return STATUS_OK;
}

void gemm_weights_free(struct gemm_weights *packed)
{
    if (!packed)
        return;
    free(packed->data);
    free(packed);
}

enum status gemm_open(struct gemm **ret_gemm, struct error *error)
{
    struct gemm *gemm = calloc(1, sizeof *gemm);
    dnnl_status_t status;

    if (!gemm)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    use_one_thread();
    status = dnnl_engine_create(&gemm->engine, dnnl_cpu, 0);
    if (!status)
        status = dnnl_stream_create(&gemm->stream, gemm->engine, dnnl_stream_default_flags);
    if (status) {
        gemm_close(gemm);
        return error_set(error, status_of(status), "oneDNN cannot be started on this CPU");
    }
    *ret_gemm = gemm;
    return STATUS_OK;
}

void gemm_close(struct gemm *gemm)
{
    if (!gemm)
        return;
    for (size_t i = 0; i < gemm->n_shapes; i++)
        shape_release(&gemm->shapes[i]);
    if (gemm->stream)
        dnnl_stream_destroy(gemm->stream);
    if (gemm->engine)
        dnnl_engine_destroy(gemm->engine);
    free(gemm);
}

const char *gemm_name(const struct gemm *gemm)
{
    return gemm->name;
}
