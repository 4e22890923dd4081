/* SPDX-License-Identifier: Apache-2.0 */

/* The packed layout is what oneDNN asks for at the full height; the other heights are told to take
 * that layout, so one copy of the weights serves them all. (oneDNN takes one layout for all heights
 * up to 64 on AVX-512: 768 of 768 tried.)
 *
 * oneDNN's matmul has kernels for packed weights; their names begin with "brg". It takes them by
 * itself where the CPU has AVX-512. For AVX2, 3.x has them, but 3.7 packs so that no panel is a
 * stretch of the whole, and prefers a product that packs both sides again each time, in memory that
 * it allocates each time (on Zen 3 it is a third slower); 2.6 has no other product. A convolution
 * by 1 x 1 has a kernel for packed weights there too: over an image that is one pixel high, whose
 * pixels are the rows and whose channels, stored last, are the columns, it is the same product of
 * the same memory. On Zen 3, at 64 rows, it is 1.2 to 1.6 times as fast as 2.6's matmul for
 * MiniLM's products, and twice for bge-large's. It is bit for bit the same at all heights and
 * panels, which that product is not.
 *
 * Scratchpads are the caller's, so that primitives can be shared by all workers: oneDNN's own are
 * bound to the thread that made them. */
#include "engine/gemm/gemm_internal.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

size_t shape_block_height(size_t block)
{
    return (block + 1) * GEMM_ROW_STEP;
}

size_t shape_pick_block(const struct shape *shape, size_t n_rows)
{
    size_t block = n_rows >= GEMM_MAX_ROWS ? GEMM_N_HEIGHTS - 1 : (n_rows - 1) / GEMM_ROW_STEP;

    while (!shape->blocks[block].primitive)
        block++;
    return block;
}

static dnnl_data_type_t src_type(enum gemm_format format)
{
    static const dnnl_data_type_t types[] = {
        [GEMM_FLOAT32] = dnnl_f32, [GEMM_BFLOAT16] = dnnl_bf16, [GEMM_INT8] = dnnl_u8};

    return types[format];
}

static dnnl_data_type_t weights_type(enum gemm_format format)
{
    return format == GEMM_INT8 ? dnnl_s8 : src_type(format);
}

static dnnl_data_type_t dst_type(enum gemm_format format)
{
    return format == GEMM_INT8 ? dnnl_s32 : dnnl_f32;
}

void shape_drop_height(struct shape *shape, size_t index)
{
    struct shape_block *block = &shape->blocks[index];

    onednn_primitive_destroy(block->primitive);
    onednn_description_free(&block->src);
    onednn_description_free(&block->dst);
    onednn_description_free(&block->scratchpad);
    *block = (struct shape_block){0};
}

void shape_release(struct shape *shape)
{
    for (size_t i = 0; i < GEMM_N_HEIGHTS; i++)
        shape_drop_height(shape, i);
    onednn_description_free(&shape->weights);
    *shape = (struct shape){0};
}

/* Rows of numbers, one after another. */
static dnnl_status_t describe_rows(const struct shape *shape, size_t n_rows, size_t n_columns,
                                   dnnl_data_type_t type, dnnl_memory_desc_t *ret_md)
{
    const dnnl_dims_t matrix = {(dnnl_dim_t)n_rows, (dnnl_dim_t)n_columns};
    const dnnl_dims_t image = {1, (dnnl_dim_t)n_columns, 1, (dnnl_dim_t)n_rows};

    return shape->is_convolution ? onednn_describe_tensor(ret_md, 4, image, type, dnnl_nhwc)
                                 : onednn_describe_tensor(ret_md, 2, matrix, type, dnnl_ab);
}

static dnnl_status_t describe_weights(const struct shape *shape, bool plain,
                                      dnnl_memory_desc_t *ret_md)
{
    const dnnl_dims_t matrix = {(dnnl_dim_t)shape->n_in, (dnnl_dim_t)shape->n_out};
    const dnnl_dims_t filter = {(dnnl_dim_t)shape->n_out, (dnnl_dim_t)shape->n_in, 1, 1};
    dnnl_data_type_t type = weights_type(shape->format);

    if (shape->is_convolution)
        return onednn_describe_tensor(ret_md, 4, filter, type,
                                      plain ? dnnl_oihw : dnnl_format_tag_any);
    return onednn_describe_tensor(ret_md, 2, matrix, type, plain ? dnnl_ba : dnnl_format_tag_any);
}

dnnl_status_t shape_describe_plain(const struct shape *shape, dnnl_memory_desc_t *ret_md)
{
    return describe_weights(shape, true, ret_md);
}

/* Takes what is needed out of a primitive's description. With `any_weights` the shape takes over
 * the layout that oneDNN picked; a block that comes after must have the same implementation, or it
 * gets no primitive. */
static dnnl_status_t block_take(struct shape *shape, struct shape_block *block,
                                const_dnnl_primitive_desc_t pd, bool any_weights)
{
    const char *implementation = onednn_implementation(pd);
    dnnl_status_t status = dnnl_success;

    if (any_weights)
        status =
            onednn_description_copy(&shape->weights, onednn_query_md(pd, dnnl_query_weights_md));
    if (!status)
        status = onednn_description_copy(&block->scratchpad,
                                         onednn_query_md(pd, dnnl_query_scratchpad_md));
    if (status)
        return status;
    block->scratchpad_len_bytes = onednn_description_bytes(&block->scratchpad);
    if (any_weights)
        snprintf(shape->implementation, sizeof shape->implementation, "%s", implementation);
    if (strcmp(shape->implementation, implementation) != 0)
        return dnnl_unimplemented;
    return onednn_primitive_create(&block->primitive, pd);
}

/* By the implementation whose name starts with `name`; with the weights' layout as the shape has
 * it, or as oneDNN likes it. */
static dnnl_status_t block_init(struct shape *shape, dnnl_engine_t engine, size_t index,
                                bool any_weights, const char *name)
{
    struct shape_block *block = &shape->blocks[index];
    size_t height = shape_block_height(index);
    dnnl_memory_desc_t any = {0};
    const struct onednn_product product = {
        .is_convolution = shape->is_convolution,
        .src = &block->src,
        .weights = any_weights ? &any : &shape->weights,
        .dst = &block->dst,
    };
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t status =
        describe_rows(shape, height, shape->n_in, src_type(shape->format), &block->src);

    if (!status)
        status = describe_rows(shape, height, shape->n_out, dst_type(shape->format), &block->dst);
    if (!status && any_weights)
        status = describe_weights(shape, false, &any);
    if (!status)
        status = onednn_product_describe(&pd, engine, &product, name);
    if (!status)
        status = block_take(shape, block, pd, any_weights);
    onednn_primitive_desc_destroy(pd);
    onednn_description_free(&any);
    return status;
}

void shape_init_float32(struct shape *ret_shape, kernel_multiply_float32 *multiply, size_t n_out,
                        size_t n_in)
{
    *ret_shape = (struct shape){
        .format = GEMM_FLOAT32,
        .multiply_float32 = multiply,
        .n_in = n_in,
        .n_out = n_out,
        .weights_len_bytes = kernel_float32_packed_bytes(n_out, n_in),
        .implementation = "multiply_float32",
    };
}

void shape_init_int8(struct shape *ret_shape, kernel_multiply_int8 *multiply, size_t n_out,
                     size_t n_in)
{
    *ret_shape = (struct shape){
        .format = GEMM_INT8,
        .multiply_int8 = multiply,
        .n_in = n_in,
        .n_out = n_out,
        .weights_len_bytes = kernel_int8_packed_bytes(n_out, n_in),
        .implementation = "multiply_int8",
    };
}

bool shape_is_own(const struct shape *shape)
{
    return shape->multiply_float32 || shape->multiply_int8;
}

size_t shape_scratchpad_bytes(const struct shape *shape)
{
    size_t max = shape->multiply_int8 ? KERNEL_INT8_SCRATCH * sizeof(int16_t) : 0;

    for (size_t i = 0; i < GEMM_N_HEIGHTS; i++)
        if (shape->blocks[i].scratchpad_len_bytes > max)
            max = shape->blocks[i].scratchpad_len_bytes;
    return max;
}

/* The full height, by the first of these that oneDNN has. */
static dnnl_status_t full_height_init(struct shape *shape, dnnl_engine_t engine)
{
    static const struct {
        bool is_convolution;
        const char *name;
        const char *but; /* not one whose name holds this */
    } kinds[] = {{false, "brg", ":avx2"}, {true, "jit_1x1", NULL}, {false, "", NULL}};
    const struct shape empty = *shape;
    dnnl_status_t status = dnnl_unimplemented;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && status == dnnl_unimplemented; i++) {
        if (kinds[i].is_convolution && shape->format != GEMM_FLOAT32)
            continue;
        shape_release(shape);
        *shape = empty;
        shape->is_convolution = kinds[i].is_convolution;
        status = block_init(shape, engine, GEMM_N_HEIGHTS - 1, true, kinds[i].name);
        if (!status && kinds[i].but && strstr(shape->implementation, kinds[i].but))
            status = dnnl_unimplemented;
    }
    return status;
}

dnnl_status_t shape_init(struct shape *ret_shape, dnnl_engine_t engine, enum gemm_format format,
                         size_t n_out, size_t n_in)
{
    dnnl_status_t status;

    *ret_shape = (struct shape){.format = format, .n_in = n_in, .n_out = n_out};
    status = full_height_init(ret_shape, engine);
    if (status)
        return status;
    ret_shape->weights_len_bytes = onednn_description_bytes(&ret_shape->weights);
    for (size_t i = 0; i < GEMM_N_HEIGHTS - 1; i++) {
        status = block_init(ret_shape, engine, i, false, ret_shape->implementation);
        if (status == dnnl_out_of_memory)
            return status;
        if (status)
            shape_drop_height(ret_shape, i);
    }
    return dnnl_success;
}
