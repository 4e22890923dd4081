/* SPDX-License-Identifier: Apache-2.0 */

/* Parallelism over a pass is the workers', not oneDNN's. Its OpenMP build fixes the number of
 * threads of most primitives when they are described, but that of "gemm:jit" when it runs: so both
 * the describing and the multiplying threads use omp_set_num_threads(1). */
#include "engine/gemm/gemm.h"

#include "engine/base/memory.h"
#include "engine/gemm/gemm_internal.h"
#include "engine/gemm/product_memory.h"

/* ---- contexts: one worker's handles on the shared primitives ---- */

struct block_memory {
    dnnl_memory_t src;
    dnnl_memory_t dst;
    dnnl_memory_t scratchpad;
};

struct shape_memory {
    dnnl_memory_t weights;
    struct block_memory blocks[GEMM_N_HEIGHTS];
};

struct gemm_context {
    const struct gemm *gemm;
    dnnl_stream_t stream;
    void *scratchpad;
    struct product_memory *memory;
    struct shape_memory *shapes; /* [gemm->n_shapes] */
};

static void shape_memory_release(struct shape_memory *memory)
{
    onednn_memory_destroy(memory->weights);
    for (size_t i = 0; i < GEMM_N_HEIGHTS; i++) {
        onednn_memory_destroy(memory->blocks[i].src);
        onednn_memory_destroy(memory->blocks[i].dst);
        onednn_memory_destroy(memory->blocks[i].scratchpad);
    }
}

void gemm_context_free(struct gemm_context *context)
{
    if (!context)
        return;
    for (size_t i = 0; context->shapes && i < context->gemm->n_shapes; i++)
        shape_memory_release(&context->shapes[i]);
    onednn_stream_destroy(context->stream);
    product_memory_free(context->memory);
    free(context->shapes);
    free(context->scratchpad);
    free(context);
}

static dnnl_status_t shape_memory_init(struct gemm_context *context, size_t index)
{
    const struct shape *shape = &context->gemm->shapes[index];
    struct shape_memory *memory = &context->shapes[index];
    dnnl_engine_t engine = context->gemm->engine;
    dnnl_status_t status;

    if (shape_is_own(shape))
        return dnnl_success;
    status = onednn_memory_create(&memory->weights, &shape->weights, engine, NULL);
    for (size_t i = 0; i < GEMM_N_HEIGHTS && !status; i++) {
        const struct shape_block *block = &shape->blocks[i];

        if (!block->primitive)
            continue;
        status = onednn_memory_create(&memory->blocks[i].src, &block->src, engine, NULL);
        if (!status)
            status = onednn_memory_create(&memory->blocks[i].dst, &block->dst, engine, NULL);
        if (!status)
            status = onednn_memory_create(&memory->blocks[i].scratchpad, &block->scratchpad, engine,
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
    context->shapes = calloc(gemm->n_shapes + 1, sizeof *context->shapes);
    context->scratchpad = memory_new_aligned(gemm->scratchpad_len_bytes);
    context->memory = product_memory_new();
    status = context->scratchpad && context->shapes && context->memory
                 ? onednn_stream_create(&context->stream, gemm->engine)
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

/* ---- products ---- */

dnnl_status_t gemm_block_multiply(struct gemm_context *context, size_t shape, size_t block,
                                  const void *weights, const void *a, void *c)
{
    const struct shape_memory *memory = &context->shapes[shape];
    const struct block_memory *handles = &memory->blocks[block];
    const dnnl_exec_arg_t arguments[] = {
        {DNNL_ARG_SRC, handles->src},
        {DNNL_ARG_WEIGHTS, memory->weights},
        {DNNL_ARG_DST, handles->dst},
        {DNNL_ARG_SCRATCHPAD, handles->scratchpad},
    };
    dnnl_status_t status;

    product_memory_lend(context->memory);
    /* oneDNN's handles are not const, but sources are only read. */
    status = onednn_memory_set(memory->weights, (void *)(uintptr_t)weights);
    if (!status)
        status = onednn_memory_set(handles->src, (void *)(uintptr_t)a);
    if (!status)
        status = onednn_memory_set(handles->dst, c);
    if (!status)
        status = onednn_execute(context->gemm->shapes[shape].blocks[block].primitive,
                                context->stream, sizeof arguments / sizeof *arguments, arguments);
    product_memory_return();
    return status;
}

_Static_assert((int)KERNEL_FLOAT32_ROWS == (int)GEMM_MAX_ROWS, "our kernels take a block");
_Static_assert((int)KERNEL_INT8_ROWS == (int)GEMM_MAX_ROWS, "our kernels take a block");

/* By our own kernel. */
static void multiply_rows(struct gemm_context *context, const struct shape *shape,
                          const void *weights, const void *a, size_t n_rows, void *c)
{
    const size_t n_in = shape->n_in, n_out = shape->n_out;

    for (size_t row = 0; row < n_rows; row += GEMM_MAX_ROWS) {
        size_t n = n_rows - row < GEMM_MAX_ROWS ? n_rows - row : GEMM_MAX_ROWS;

        if (shape->multiply_int8)
            shape->multiply_int8((const uint8_t *)a + row * n_in, n, weights, n_out, n_in,
                                 context->scratchpad, (int32_t *)c + row * n_out);
        else
            shape->multiply_float32((const float *)a + row * n_in, n, weights, n_out, n_in,
                                    (float *)c + row * n_out);
    }
}

enum status gemm_multiply(struct gemm_context *context, const struct gemm_weights *packed,
                          size_t split, size_t panel, const void *a, size_t n_rows, void *c)
{
    size_t index = packed->shapes[split];
    const struct shape *shape = &context->gemm->shapes[index];
    const char *weights = (const char *)packed->data + panel * (packed->len_bytes >> split);
    size_t a_row_bytes = shape->n_in * gemm_element_bytes(shape->format);
    size_t c_row_bytes = shape->n_out * sizeof(float); /* an int32 is as large */
    dnnl_status_t status = dnnl_success;

    onednn_use_one_thread();
    if (packed->borrowed)
        return status_of(gemm_multiply_borrowed(packed, a, n_rows, c));
    if (shape_is_own(shape)) {
        multiply_rows(context, shape, weights, a, n_rows, c);
        return STATUS_OK;
    }
    for (size_t row = 0; row < n_rows && !status; row += GEMM_MAX_ROWS)
        status =
            gemm_block_multiply(context, index, shape_pick_block(shape, n_rows - row), weights,
                                (const char *)a + row * a_row_bytes, (char *)c + row * c_row_bytes);
    return status_of(status);
}

/* ---- life ---- */

size_t gemm_element_bytes(enum gemm_format format)
{
    static const size_t sizes[] = {[GEMM_FLOAT32] = 4, [GEMM_BFLOAT16] = 2, [GEMM_INT8] = 1};

    return sizes[format];
}

enum status gemm_open(const struct kernels *kernels, struct gemm **ret_gemm, struct error *error)
{
    struct gemm *gemm = calloc(1, sizeof *gemm);
    dnnl_status_t status = dnnl_out_of_memory;

    if (!gemm)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    onednn_use_one_thread();
    gemm->multiply_float32 = kernels->multiply_float32;
    gemm->multiply_int8 = kernels->multiply_int8;
    pthread_mutex_init(&gemm->mutex, NULL);
    gemm->shapes = calloc(GEMM_MAX_SHAPES, sizeof *gemm->shapes);
    if (gemm->shapes)
        status = onednn_engine_create(&gemm->engine);
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
    onednn_engine_destroy(gemm->engine);
    pthread_mutex_destroy(&gemm->mutex);
    free(gemm->shapes);
    free(gemm);
}

const char *gemm_name(const struct gemm *gemm)
{
    return gemm->name;
}
