/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/tables/distance.h"

#include "engine/base/memory.h"
#include "engine/encoder/tables/disentangled.h"
#include "engine/kernels/kernels.h"
#include "engine/model/model.h"

#include <math.h>
#include <stdlib.h>

/* The bucket of a distance, key - query (Raffel et al., arXiv 1910.10683, as published with the
 * models): one half of the buckets each way, of which one half are of one distance each, and the
 * others grow to the last, which has all from max_distance on. In float32, as torch computes the
 * logarithms: at powers of two a rounding more would be another bucket. */
static size_t bucket_of(const struct arch *arch, ptrdiff_t distance)
{
    size_t n_each = arch->n_buckets / 2;
    size_t n_exact = n_each / 2;
    size_t first = distance > 0 ? n_each : 0;
    size_t n = (size_t)(distance < 0 ? -distance : distance);
    float log_of_range = (float)log((double)arch->max_bucket_distance / (double)n_exact);
    size_t bucket;

    if (n < n_exact)
        return first + n;
    bucket = n_exact +
             (size_t)(logf((float)n / (float)n_exact) / log_of_range * (float)(n_each - n_exact));
    return first + (bucket < n_each ? bucket : n_each - 1);
}

/* ALiBi's slopes: 2^(-8 i / n) for a power of two; for other numbers of heads those of the power
 * below, then every other one of twice that power. */
static double slope_of(size_t head, size_t n_heads)
{
    size_t power = 1;

    while (2 * power <= n_heads)
        power *= 2;
    if (head < power)
        return exp2(-8.0 * (double)(head + 1) / (double)power);
    return exp2(-8.0 * (double)(2 * (head - power) + 1) / (double)(2 * power));
}

static bool is_seen(const struct arch *arch, bool is_local, ptrdiff_t distance)
{
    ptrdiff_t window = (ptrdiff_t)arch->window;

    if (arch->is_causal && distance > 0)
        return false;
    return !is_local || (distance >= -window && distance <= window);
}

size_t distance_tables_kind(const struct arch *arch, size_t layer)
{
    return arch->has_layer_biases ? layer : arch->is_local[layer];
}

static size_t count_kinds(const struct arch *arch)
{
    return arch->has_layer_biases ? arch->n_layers : 1u + arch_has_local_layers(arch);
}

/* What is added after scaling. */
static double bias_of(const struct model *model, size_t kind, size_t head, ptrdiff_t distance)
{
    const struct arch *arch = &model->arch;
    size_t n_heads = arch->n_attention_heads;
    const struct tensor *learned =
        arch->has_layer_biases ? &model->layers[kind].score_bias : &model->score_bias;

    switch (arch->score_bias) {
    case SCORE_BIAS_NONE:
        break;
    case SCORE_BIAS_BUCKETS:
        return (double)tensor_get(learned, bucket_of(arch, distance) * n_heads + head);
    case SCORE_BIAS_LINEAR:
        return -slope_of(head, n_heads) * (double)(distance < 0 ? -distance : distance);
    }
    return 0;
}

static bool is_needed(const struct arch *arch)
{
    return arch_has_local_layers(arch) || arch->is_causal || arch->score_bias != SCORE_BIAS_NONE;
}

static void fill_table(const struct model *model, size_t kind, size_t head, size_t size,
                       float *table)
{
    const struct arch *arch = &model->arch;
    bool is_local = arch->has_layer_biases ? arch->is_local[kind] : kind > 0;

    for (size_t i = 0; i < size; i++) {
        ptrdiff_t distance = (ptrdiff_t)i - (ptrdiff_t)(size / 2);

        /* The kernels add it before they scale. */
        table[i] =
            is_seen(arch, is_local, distance)
                ? (float)(bias_of(model, kind, head, distance) / (double)arch->attention_scale)
                : -INFINITY;
    }
}

static enum status fill_rows(struct distance_tables *tables, const struct arch *arch)
{
    tables->rows = calloc(tables->size, sizeof *tables->rows);
    if (!tables->rows)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < tables->size; i++)
        tables->rows[i] = disentangled_row(arch, (ptrdiff_t)i - (ptrdiff_t)(tables->size / 2));
    return STATUS_OK;
}

enum status distance_tables_init(struct distance_tables *tables, const struct model *model)
{
    const struct arch *arch = &model->arch;
    size_t n_tables;

    *tables = (struct distance_tables){.n_heads = 1};
    tables->size = 2 * (model->max_tokens + KERNEL_BIAS_MARGIN) + 1;
    if (arch->is_disentangled)
        return fill_rows(tables, arch);
    if (!is_needed(arch))
        return STATUS_OK;
    if (arch->score_bias != SCORE_BIAS_NONE)
        tables->n_heads = arch->n_attention_heads;
    n_tables = tables->n_heads * count_kinds(arch);
    tables->values = calloc(n_tables * tables->size, sizeof *tables->values);
    if (!tables->values)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n_tables; i++)
        fill_table(model, i / tables->n_heads, i % tables->n_heads, tables->size,
                   tables->values + i * tables->size);
    return STATUS_OK;
}

void distance_tables_release(struct distance_tables *tables)
{
    free(tables->values);
    free(tables->rows);
}

const float *distance_tables_get(const struct distance_tables *tables, size_t kind, size_t head)
{
    size_t table = kind * tables->n_heads + (tables->n_heads > 1 ? head : 0);

    return tables->values ? tables->values + table * tables->size + tables->size / 2 : NULL;
}

const uint32_t *distance_tables_get_rows(const struct distance_tables *tables)
{
    return tables->rows ? tables->rows + tables->size / 2 : NULL;
}
