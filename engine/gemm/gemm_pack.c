/* SPDX-License-Identifier: Apache-2.0 */

/* Packing weights: rounded or quantised into a format, then reordered into the layout that oneDNN's
 * kernels read.
 *
 * That layout keeps blocks of columns one after another, so a panel of columns is a stretch of the
 * packed weights, and panels need no copy of their own. Whether that is so, and whether every
 * height and every panel gives the same bits, is not taken on trust: prove_shape() multiplies and
 * compares. */
#include "engine/gemm/gemm.h"

#include "engine/base/memory.h"
#include "engine/gemm/gemm_internal.h"
#include "engine/kernels/bfloat16.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { PANEL_COLUMNS = 64 }; /* a panel is whole blocks of oneDNN's layout */

/* ---- formats ---- */

/* To the nearest whole number, for |x| < 2^22: the sum has no room for a fraction. Vectorises where
 * rintf does not. */
static float round_to_whole(float x)
{
    const float shifter = 12582912.0f; /* 1.5 x 2^23 */

    return (x + shifter) - shifter;
}

/* One output channel: symmetric, with the largest weight at 127. A channel that is not finite keeps
 * a scale that is not, so that its products are not. */
static void quantise_channel(const float *weights, size_t n_in, int8_t *ret_q, float *ret_scale,
                             int32_t *ret_sum)
{
    float max = 0;
    float factor;
    int32_t sum = 0;

    for (size_t i = 0; i < n_in; i++)
        max = weights[i] > max ? weights[i] : -weights[i] > max ? -weights[i] : max;
    for (size_t i = 0; i < n_in; i++)
        if (weights[i] - weights[i] != 0)
            max = INFINITY;
    factor = max > 0 && isfinite(127 / max) ? 127 / max : 0;
    for (size_t i = 0; i < n_in; i++)
        ret_q[i] = (int8_t)round_to_whole(factor > 0 ? weights[i] * factor : 0);
    for (size_t i = 0; i < n_in; i++)
        sum += ret_q[i];
    *ret_scale = factor > 0 ? max / 127 : max;
    *ret_sum = sum;
}

/* The weights in their format, still [n_out, n_in]; NULL if memory is short. */
static void *convert(const float *weights, struct gemm_weights *packed)
{
    size_t n = packed->n_out * packed->n_in;
    void *converted = malloc(n * gemm_element_bytes(packed->format));

    if (!converted || (packed->format == GEMM_INT8 && (!packed->scales || !packed->sums))) {
        free(converted);
        return NULL;
    }
    if (packed->format == GEMM_BFLOAT16) {
        for (size_t i = 0; i < n; i++)
            ((uint16_t *)converted)[i] = bfloat16_round(weights[i]);
    } else {
        for (size_t i = 0; i < packed->n_out; i++)
            quantise_channel(weights + i * packed->n_in, packed->n_in,
                             (int8_t *)converted + i * packed->n_in, &packed->scales[i],
                             &packed->sums[i]);
    }
    return converted;
}

/* Reorders [n_out, n_in] weights of the shape's type into its layout. */
static dnnl_status_t reorder(struct gemm *gemm, const struct shape *shape, const void *weights,
                             void *packed)
{
    dnnl_memory_desc_t plain = {0};
    dnnl_memory_t from = NULL;
    dnnl_memory_t to = NULL;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_t primitive = NULL;
    dnnl_stream_t stream = NULL;
    dnnl_status_t status = shape_describe_plain(shape, &plain);

    if (!status)
        status = onednn_memory_create(&from, &plain, gemm->engine, (void *)(uintptr_t)weights);
    if (!status)
        status = onednn_memory_create(&to, &shape->weights, gemm->engine, packed);
    if (!status)
        status = onednn_reorder_describe(&pd, gemm->engine, &plain, &shape->weights);
    if (!status)
        status = onednn_primitive_create(&primitive, pd);
    if (!status)
        status = onednn_stream_create(&stream, gemm->engine);
    if (!status) {
        const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};

        status = onednn_execute(primitive, stream, 2, arguments);
    }
    onednn_stream_destroy(stream);
    onednn_primitive_destroy(primitive);
    onednn_primitive_desc_destroy(pd);
    onednn_memory_destroy(to);
    onednn_memory_destroy(from);
    onednn_description_free(&plain);
    return status;
}

static enum status fill(struct gemm *gemm, const float *weights, struct gemm_weights *packed)
{
    const struct shape *shape = &gemm->shapes[packed->shapes[0]];
    AUTO_FREE void *converted = NULL;

    packed->len_bytes = shape->weights_len_bytes;
    packed->data = memory_new_aligned(packed->len_bytes);
    if (!packed->data)
        return STATUS_NO_MEMORY;
    if (shape->multiply_float32) {
        kernel_float32_pack(weights, packed->n_out, packed->n_in, packed->data);
        return STATUS_OK;
    }
    if (packed->format == GEMM_FLOAT32)
        return status_of(reorder(gemm, shape, weights, packed->data));
    if (packed->format == GEMM_INT8) {
        packed->scales = memory_new_aligned(packed->n_out * sizeof *packed->scales);
        packed->sums = memory_new_aligned(packed->n_out * sizeof *packed->sums);
    }
    converted = convert(weights, packed);
    if (!converted)
        return STATUS_NO_MEMORY;
    if (!shape->multiply_int8)
        return status_of(reorder(gemm, shape, converted, packed->data));
    kernel_int8_pack(converted, packed->n_out, packed->n_in, packed->data);
    return STATUS_OK;
}

/* ---- shapes ---- */

static enum status add_shape(struct gemm *gemm, enum gemm_format format, size_t n_out, size_t n_in,
                             size_t *ret_index)
{
    struct shape *shape = &gemm->shapes[gemm->n_shapes];
    dnnl_status_t status = dnnl_success;
    size_t max;

    if (gemm->n_shapes == GEMM_MAX_SHAPES)
        return STATUS_INTERNAL;
    if (format == GEMM_FLOAT32 && gemm->multiply_float32)
        shape_init_float32(shape, gemm->multiply_float32, n_out, n_in);
    else if (format == GEMM_INT8 && gemm->multiply_int8)
        shape_init_int8(shape, gemm->multiply_int8, n_out, n_in);
    else
        status = shape_init(shape, gemm->engine, format, n_out, n_in);
    if (status) {
        shape_release(shape);
        return status_of(status);
    }
    max = shape_scratchpad_bytes(shape);
    if (gemm->scratchpad_len_bytes < max)
        gemm->scratchpad_len_bytes = max;
    *ret_index = gemm->n_shapes++;
    return STATUS_OK;
}

/* A trial's rows repeat after so many, which have no factor in common with GEMM_ROW_STEP: so each
 * of them has been at every place in a block, and in every row of a kernel's tiles. */
enum { N_TRIAL_ROWS = 7 };

/* Numbers of both signs and many magnitudes, the same each time. */
static void fill_trial(enum gemm_format format, char *a, size_t n_in)
{
    size_t row_bytes = n_in * gemm_element_bytes(format);
    uint32_t state = 1;

    for (size_t i = 0; i < N_TRIAL_ROWS * n_in; i++) {
        float value;

        state = state * 1664525u + 1013904223u;
        value = (float)((double)state / 4294967296.0 - 0.5) * (float)(1 + i % 7);
        if (format == GEMM_FLOAT32)
            ((float *)(void *)a)[i] = value;
        else if (format == GEMM_BFLOAT16)
            ((uint16_t *)(void *)a)[i] = bfloat16_round(value);
        else
            ((uint8_t *)a)[i] = (uint8_t)(state >> 24);
    }
    for (size_t row = N_TRIAL_ROWS; row < GEMM_MAX_ROWS; row++)
        memcpy(a + row * row_bytes, a + (row - N_TRIAL_ROWS) * row_bytes, row_bytes);
}

/* What a shape's trial has. */
struct trial {
    struct gemm_context *context;
    const struct gemm_weights *packed;
    char *a;     /* [GEMM_MAX_ROWS, n_in] */
    char *whole; /* [GEMM_MAX_ROWS, n_out] of 4 bytes: C of the whole at the full height, of which
                    the first N_TRIAL_ROWS are what all others must be */
    char *part;  /* the same, of a panel */
};

/* Whether the first n_rows of trial->part, a panel of 2^split, have the bits of the trial's first
 * rows. */
static bool has_same_bits(const struct trial *trial, size_t split, size_t panel, size_t n_rows)
{
    size_t row_bytes = trial->packed->n_out * 4;
    size_t width_bytes = row_bytes >> split;

    for (size_t row = 0; row < n_rows; row++)
        if (memcmp(trial->part + row * width_bytes,
                   trial->whole + row % N_TRIAL_ROWS * row_bytes + panel * width_bytes,
                   width_bytes))
            return false;
    return true;
}

/* Whether every panel of a split gives the same bits at this height. */
static bool height_keeps_bits(const struct trial *trial, size_t split, size_t block)
{
    const struct gemm_weights *packed = trial->packed;

    for (size_t panel = 0; panel < (size_t)1 << split; panel++)
        if (gemm_block_multiply(trial->context, packed->shapes[split], block,
                                (const char *)packed->data + panel * (packed->len_bytes >> split),
                                trial->a, trial->part) ||
            !has_same_bits(trial, split, panel, shape_block_height(block)))
            return false;
    return true;
}

/* Drops the heights of a split that change bits; false if the split itself does. */
static bool prove_split(struct gemm *gemm, const struct trial *trial, size_t split)
{
    struct shape *shape = &gemm->shapes[trial->packed->shapes[split]];

    if (!height_keeps_bits(trial, split, GEMM_N_HEIGHTS - 1))
        return false;
    for (size_t i = 0; i < GEMM_N_HEIGHTS - 1; i++)
        if (shape->blocks[i].primitive && !height_keeps_bits(trial, split, i))
            shape_drop_height(shape, i);
    return true;
}

/* Finds out which heights and splits of newly packed weights can be used. */
static enum status prove_shape(struct gemm *gemm, struct gemm_weights *packed)
{
    size_t row_bytes = packed->n_in * gemm_element_bytes(packed->format);
    AUTO_FREE char *a = memory_new_aligned(GEMM_MAX_ROWS * row_bytes);
    AUTO_FREE char *whole = memory_new_aligned(GEMM_MAX_ROWS * packed->n_out * 4);
    AUTO_FREE char *part = memory_new_aligned(GEMM_MAX_ROWS * packed->n_out * 4);
    struct trial trial = {.packed = packed, .a = a, .whole = whole, .part = part};
    enum status status =
        a && whole && part ? gemm_context_new(gemm, &trial.context) : STATUS_NO_MEMORY;

    if (status)
        return status;
    fill_trial(packed->format, a, packed->n_in);
    status = gemm_multiply(trial.context, packed, 0, 0, a, GEMM_MAX_ROWS, whole);
    for (size_t split = 0; split < packed->n_splits && !status; split++)
        if (!prove_split(gemm, &trial, split))
            packed->n_splits = split;
    gemm_context_free(trial.context);
    if (!status && packed->n_splits == 0)
        status = STATUS_INTERNAL;
    return status;
}

/* The shape of these weights, if some like them were packed before. */
static const struct shape *find_shape(const struct gemm *gemm, const struct gemm_weights *packed)
{
    for (size_t i = 0; i < gemm->n_shapes; i++) {
        const struct shape *shape = &gemm->shapes[i];

        if (shape->n_splits && shape->format == packed->format && shape->n_in == packed->n_in &&
            shape->n_out == packed->n_out)
            return shape;
    }
    return NULL;
}

static void name(struct gemm *gemm, const struct shape *shape)
{
    const dnnl_version_t *version = onednn_version();

    if (shape_is_own(shape))
        snprintf(gemm->name, sizeof gemm->name, "%s", shape->implementation);
    else
        snprintf(gemm->name, sizeof gemm->name, "oneDNN %d.%d.%d %s", version->major,
                 version->minor, version->patch, shape->implementation);
}

static size_t panel_columns(const struct shape *shape)
{
    if (shape->multiply_float32)
        return KERNEL_FLOAT32_WIDTH;
    return shape->multiply_int8 ? KERNEL_INT8_WIDTH : PANEL_COLUMNS;
}

/* Makes the shapes of new weights: of the whole, and of the panels that could be stretches of it.
 */
static enum status add_shapes(struct gemm *gemm, struct gemm_weights *packed)
{
    enum status status =
        add_shape(gemm, packed->format, packed->n_out, packed->n_in, &packed->shapes[0]);

    if (status)
        return status;
    if (!gemm->name[0])
        name(gemm, &gemm->shapes[packed->shapes[0]]);
    for (packed->n_splits = 1; packed->n_splits <= GEMM_MAX_SPLIT; packed->n_splits++) {
        size_t split = packed->n_splits;
        const struct shape *whole = &gemm->shapes[packed->shapes[0]];
        const struct shape *panel;

        if (packed->n_out % (panel_columns(whole) << split))
            break;
        status = add_shape(gemm, packed->format, packed->n_out >> split, packed->n_in,
                           &packed->shapes[split]);
        if (status == STATUS_NO_MEMORY)
            return status;
        if (status)
            break;
        panel = &gemm->shapes[packed->shapes[split]];
        if (panel->weights_len_bytes << split != whole->weights_len_bytes)
            break;
    }
    return STATUS_OK;
}

/* The first weights of a shape: others wait until it is proved. */
static enum status pack_first(struct gemm *gemm, const float *weights, struct gemm_weights *packed)
{
    enum status status = add_shapes(gemm, packed);
    struct shape *shape = &gemm->shapes[packed->shapes[0]];

    if (!status)
        status = fill(gemm, weights, packed);
    if (!status && !shape_is_own(shape))
        status = prove_shape(gemm, packed);
    if (status)
        return status;
    shape->n_splits = packed->n_splits;
    memcpy(shape->splits, packed->shapes, sizeof packed->shapes);
    return STATUS_OK;
}

static enum status pack(struct gemm *gemm, const float *weights, struct gemm_weights *packed)
{
    const struct shape *known;
    enum status status = STATUS_OK;

    pthread_mutex_lock(&gemm->mutex);
    known = find_shape(gemm, packed);
    if (known) {
        packed->n_splits = known->n_splits;
        memcpy(packed->shapes, known->splits, sizeof packed->shapes);
    } else {
        status = pack_first(gemm, weights, packed);
    }
    pthread_mutex_unlock(&gemm->mutex);
    return known ? fill(gemm, weights, packed) : status;
}

enum status gemm_pack(struct gemm *gemm, enum gemm_format format, const float *weights,
                      size_t n_out, size_t n_in, struct gemm_weights **ret_packed,
                      struct error *error)
{
    struct gemm_weights *packed = calloc(1, sizeof *packed);
    enum status status = STATUS_NO_MEMORY;

    if (format == GEMM_INT8 && n_in > GEMM_INT8_MAX_IN) {
        free(packed);
        return error_set(error, STATUS_UNSUPPORTED,
                         "int8 cannot multiply weights of %zu x %zu: the sum of more than %d "
                         "products may not fit 32 bits; float32 and bfloat16 can",
                         n_out, n_in, GEMM_INT8_MAX_IN);
    }
    onednn_use_one_thread();
    if (packed) {
        *packed = (struct gemm_weights){.format = format, .n_out = n_out, .n_in = n_in};
        status = pack(gemm, weights, packed);
    }
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
    free(packed->sums);
    free(packed->scales);
    free(packed->data);
    free(packed);
}
