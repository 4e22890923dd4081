/* SPDX-License-Identifier: Apache-2.0 */

/* The packed layout is what oneDNN asks for at the full height; the other heights are told to take
 * that layout, so one copy of the weights serves them all. (oneDNN takes one layout for all heights
 * up to 64 on AVX-512: 768 of 768 tried.)
 *
 * oneDNN's matmul has kernels for packed weights (their names begin with "brg") where the CPU has
 * AVX-512; before 3.0 it has none for AVX2, and falls to a product that packs both sides anew each
 * time. A convolution by 1 x 1 has one: over an image that is one pixel high, whose pixels are the
 * rows and whose channels, stored last, are the columns, it is the same product of the same memory.
 * On Zen 3, at 64 rows, it is 1.2 to 1.6 times as fast for MiniLM's products, and twice for
 * bge-large's. It is bit for bit the same at all heights and panels, which that product is not.
 *
 * Scratchpads are the caller's, so that primitives can be shared by all workers: oneDNN's own are
 * bound to the thread that made them. */
#include "engine/encoder/gemm_internal.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

size_t shape_block_height(size_t block)
{
    return (block + 1) * GEMM_ROW_STEP;
}

size_t shape_pick_block(const struct shape *shape, size_t n_rows)
{
    size_t block = n_rows >= GEMM_MOST_ROWS ? GEMM_N_HEIGHTS - 1 : (n_rows - 1) / GEMM_ROW_STEP;

    while (!shape->blocks[block].primitive)
        block++;
    return block;
}

dnnl_data_type_t shape_src_type(enum gemm_format format)
{
    static const dnnl_data_type_t types[] = {
        [GEMM_FLOAT32] = dnnl_f32, [GEMM_BFLOAT16] = dnnl_bf16, [GEMM_INT8] = dnnl_u8};

    return types[format];
}

static dnnl_data_type_t weights_type(enum gemm_format format)
{
    return format == GEMM_INT8 ? dnnl_s8 : shape_src_type(format);
}

static dnnl_data_type_t dst_type(enum gemm_format format)
{
    return format == GEMM_INT8 ? dnnl_s32 : dnnl_f32;
}

size_t shape_src_size_bytes(enum gemm_format format)
{
    static const size_t sizes[] = {[GEMM_FLOAT32] = 4, [GEMM_BFLOAT16] = 2, [GEMM_INT8] = 1};

    return sizes[format];
}

void shape_drop_height(struct shape *shape, size_t index)
{
    struct shape_block *block = &shape->blocks[index];

    if (block->primitive)
        dnnl_primitive_destroy(block->primitive);
    description_free(&block->src);
    description_free(&block->dst);
    description_free(&block->scratchpad);
    *block = (struct shape_block){0};
}

void shape_release(struct shape *shape)
{
    for (size_t i = 0; i < GEMM_N_HEIGHTS; i++)
        shape_drop_height(shape, i);
    description_free(&shape->weights);
    *shape = (struct shape){0};
}

/* Rows of numbers, one after another. */
static dnnl_status_t describe_rows(const struct shape *shape, size_t n_rows, size_t n_columns,
                                   dnnl_data_type_t type, dnnl_memory_desc_t *ret_md)
{
    const dnnl_dims_t matrix = {(dnnl_dim_t)n_rows, (dnnl_dim_t)n_columns};
    const dnnl_dims_t image = {1, (dnnl_dim_t)n_columns, 1, (dnnl_dim_t)n_rows};

    return shape->is_convolution ? describe_tensor(ret_md, 4, image, type, dnnl_nhwc)
                                 : describe_tensor(ret_md, 2, matrix, type, dnnl_ab);
}

static dnnl_status_t describe_weights(const struct shape *shape, bool plain,
                                      dnnl_memory_desc_t *ret_md)
{
    const dnnl_dims_t matrix = {(dnnl_dim_t)shape->n_in, (dnnl_dim_t)shape->n_out};
    const dnnl_dims_t filter = {(dnnl_dim_t)shape->n_out, (dnnl_dim_t)shape->n_in, 1, 1};
    dnnl_data_type_t type = weights_type(shape->format);

    if (shape->is_convolution)
        return describe_tensor(ret_md, 4, filter, type, plain ? dnnl_oihw : dnnl_format_tag_any);
    return describe_tensor(ret_md, 2, matrix, type, plain ? dnnl_ba : dnnl_format_tag_any);
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
    const char *implementation = NULL;
    dnnl_status_t status =
        dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, (void *)&implementation);

    if (!status && any_weights)
        status = description_copy(&shape->weights,
                                  dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0));
    if (!status)
        status = description_copy(&block->scratchpad,
                                  dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0));
    if (status)
        return status;
    block->scratchpad_len_bytes = dnnl_memory_desc_get_size(description_borrow(&block->scratchpad));
    if (any_weights)
        snprintf(shape->implementation, sizeof shape->implementation, "%s", implementation);
    if (strcmp(shape->implementation, implementation) != 0)
        return dnnl_unimplemented;
    return dnnl_primitive_create(&block->primitive, pd);
}

static dnnl_status_t block_init(struct shape *shape, dnnl_engine_t engine, size_t index,
                                bool any_weights)
{
    struct shape_block *block = &shape->blocks[index];
    size_t height = shape_block_height(index);
    dnnl_status_t (*describe_product)(dnnl_primitive_desc_t *, dnnl_engine_t,
                                      const dnnl_memory_desc_t *, description_view,
                                      const dnnl_memory_desc_t *, const_dnnl_primitive_attr_t) =
        shape->is_convolution ? describe_convolution : describe_matmul;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_memory_desc_t any = {0};
    dnnl_status_t status =
        describe_rows(shape, height, shape->n_in, shape_src_type(shape->format), &block->src);

    if (!status)
        status = describe_rows(shape, height, shape->n_out, dst_type(shape->format), &block->dst);
    if (!status && any_weights)
        status = describe_weights(shape, false, &any);
    if (!status)
        status = dnnl_primitive_attr_create(&attr);
    if (!status)
        status = dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
    if (!status)
        status = describe_product(&pd, engine, &block->src,
                                  description_borrow(any_weights ? &any : &shape->weights),
                                  &block->dst, attr);
    if (!status)
        status = block_take(shape, block, pd, any_weights);
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    description_free(&any);
    return status;
}

void shape_init_int8(struct shape *ret_shape, kernel_multiply_int8 *multiply, size_t n_out,
                     size_t n_in)
{
    *ret_shape = (struct shape){
        .format = GEMM_INT8,
        .multiply = multiply,
        .n_in = n_in,
        .n_out = n_out,
        .weights_len_bytes = kernel_int8_packed_bytes(n_out, n_in),
        .implementation = "multiply_int8",
    };
}

size_t shape_scratchpad_bytes(const struct shape *shape)
{
    size_t most = shape->multiply ? KERNEL_INT8_SCRATCH * sizeof(int16_t) : 0;

    for (size_t i = 0; i < GEMM_N_HEIGHTS; i++)
        if (shape->blocks[i].scratchpad_len_bytes > most)
            most = shape->blocks[i].scratchpad_len_bytes;
    return most;
}

static bool is_named(const struct shape *shape, const char *start)
{
    return strncmp(shape->implementation, start, strlen(start)) == 0;
}

/* Makes the shape a convolution, if oneDNN has a kernel for packed weights then. */
static void try_convolution(struct shape *shape, dnnl_engine_t engine)
{
    struct shape convolution = {
        .format = shape->format,
        .is_convolution = true,
        .n_in = shape->n_in,
        .n_out = shape->n_out,
    };

    if (block_init(&convolution, engine, GEMM_N_HEIGHTS - 1, true) ||
        !is_named(&convolution, "jit_1x1")) {
        shape_release(&convolution);
        return;
    }
    shape_release(shape);
    *shape = convolution;
}

dnnl_status_t shape_init(struct shape *ret_shape, dnnl_engine_t engine, enum gemm_format format,
                         size_t n_out, size_t n_in)
{
    dnnl_status_t status;

    *ret_shape = (struct shape){.format = format, .n_in = n_in, .n_out = n_out};
    status = block_init(ret_shape, engine, GEMM_N_HEIGHTS - 1, true);
    if (status)
        return status;
    if (format == GEMM_FLOAT32 && !is_named(ret_shape, "brg"))
        try_convolution(ret_shape, engine);
    ret_shape->weights_len_bytes =
        dnnl_memory_desc_get_size(description_borrow(&ret_shape->weights));
    for (size_t i = 0; i < GEMM_N_HEIGHTS - 1; i++)
        if (block_init(ret_shape, engine, i, false))
            shape_drop_height(ret_shape, i);
    return dnnl_success;
}
