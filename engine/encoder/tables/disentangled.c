/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/tables/disentangled.h"

#include "engine/base/memory.h"
#include "engine/base/parallel.h"
#include "engine/encoder/context.h"
#include "engine/model/model.h"

#include <math.h>
#include <string.h>

/* What distances are made into before they count: up to half of the buckets themselves, further
 * ones on a logarithmic scale. In float32, as torch computes it. */
static ptrdiff_t bucket_of(const struct arch *arch, ptrdiff_t distance)
{
    ptrdiff_t middle = (ptrdiff_t)arch->n_buckets / 2;
    ptrdiff_t n = distance < 0 ? -distance : distance;
    float range, part;

    if (arch->n_buckets == 0 || n <= middle)
        return distance;
    range = logf((float)((double)(arch->max_bucket_distance - 1) / (double)middle));
    part = logf((float)n / (float)middle) / range;
    n = (ptrdiff_t)ceilf(part * (float)(middle - 1)) + middle;
    return distance < 0 ? -n : n;
}

uint32_t disentangled_row(const struct arch *arch, ptrdiff_t distance)
{
    ptrdiff_t n = (ptrdiff_t)arch->n_distance_rows;
    ptrdiff_t row = n / 2 - bucket_of(arch, distance);

    return (uint32_t)(row < 0 ? 0 : row < n ? row : n - 1);
}

/* What the layers share. */
struct distances {
    struct encoder *encoder;
    float *rows; /* [n_distance_rows, hidden], normalised */
};

/* Rows of all heads into those of each head: table[n_heads, n_rows, head_size]. */
static void split_heads(const struct arch *arch, const float *projected, const float *bias,
                        float *table)
{
    for (size_t head = 0; head < arch->n_attention_heads; head++)
        for (size_t row = 0; row < arch->n_distance_rows; row++)
            for (size_t d = 0; d < arch->head_size; d++) {
                size_t column = head * arch->head_size + d;

                *table++ = projected[row * arch->query_size + column] + bias[column];
            }
}

/* table[n_heads, n_rows, head_size] = rows W^T + b, of weights [query, hidden] that are read once. */
static enum status project(const struct distances *distances, const struct linear *stored,
                           float **ret_table)
{
    const struct encoder *encoder = distances->encoder;
    const struct arch *arch = &encoder->model->arch;
    size_t n = arch->query_size, n_rows = arch->n_distance_rows;
    AUTO_FREE float *values = calloc(n * arch->hidden_size, sizeof *values);
    AUTO_FREE float *bias = calloc(n, sizeof *bias);
    AUTO_FREE float *projected = calloc(n_rows * n, sizeof *projected);
    struct gemm_context *context = NULL;
    struct gemm_weights *weights = NULL;
    enum status status = gemm_borrow(n, arch->hidden_size, &weights);

    *ret_table = memory_new_aligned(n_rows * n * sizeof **ret_table);
    if (!values || !bias || !projected || !*ret_table)
        status = STATUS_NO_MEMORY;
    if (!status)
        status = gemm_context_new(encoder->gemm, &context);
    if (!status) {
        layer_widen(&encoder->kernels, &stored->weight, 0, n * arch->hidden_size, values);
        tensor_widen(&stored->bias, 0, n, bias);
        weights->borrowed = values;
        status = gemm_multiply(context, weights, 0, 0, distances->rows, n_rows, projected);
    }
    if (!status)
        split_heads(arch, projected, bias, *ret_table);
    gemm_context_free(context);
    gemm_weights_free(weights);
    return status;
}

static enum status init_layer(void *user, size_t i)
{
    const struct distances *distances = user;
    const struct model *model = distances->encoder->model;
    struct layer *layer = &distances->encoder->layers[i];
    enum status status = STATUS_OK;

    if (model->arch.content_to_position)
        status = project(distances, &model->layers[i].key, &layer->position_keys);
    if (!status && model->arch.position_to_content)
        status = project(distances, &model->layers[i].query, &layer->position_queries);
    layer_forget_stored(&model->layers[i]);
    return status;
}

enum status disentangled_init(struct encoder *encoder, size_t n_threads)
{
    const struct model *model = encoder->model;
    const struct arch *arch = &model->arch;
    size_t n_values = arch->n_distance_rows * arch->hidden_size;
    AUTO_FREE float *rows = NULL;
    struct packed_norm norm = {0};
    struct distances distances = {.encoder = encoder};
    enum status status;

    if (!arch->is_disentangled)
        return STATUS_OK;
    distances.rows = rows = calloc(n_values, sizeof *rows);
    status = rows ? packed_norm_init(&norm, arch, &model->distance_norm, arch->hidden_size)
                  : STATUS_NO_MEMORY;
    if (!status) {
        tensor_widen(&model->distance_embeddings, 0, n_values, rows);
        packed_norm_apply(&encoder->kernels, &norm, rows, arch->n_distance_rows, arch->hidden_size);
        status = parallel_run(n_threads, arch->n_layers, init_layer, &distances);
    }
    packed_norm_release(&norm);
    return status;
}
