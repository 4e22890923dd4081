/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/vector/pooling.h"

#include <math.h>
#include <string.h>

/* Columns summed together: a cache line of floats, so that each line of `tokens` is read once. */
enum { BLOCK = 16 };

static const char *const mode_names[N_POOLING_MODES] = {
    [POOLING_CLS] = "cls",
    [POOLING_MAX] = "max",
    [POOLING_MEAN] = "mean",
    [POOLING_MEAN_SQRT_LEN] = "mean_sqrt_len_tokens",
    [POOLING_WEIGHTED_MEAN] = "weightedmean",
    [POOLING_LAST_TOKEN] = "lasttoken",
};

size_t pooling_count(const struct pooling *pooling)
{
    return pooling->n_modes;
}

const char *pooling_mode_name(enum pooling_mode mode)
{
    return mode_names[mode];
}

bool pooling_mode_parse(const char *name, enum pooling_mode *ret_mode)
{
    for (unsigned mode = 0; mode < N_POOLING_MODES; mode++) {
        if (strcmp(name, mode_names[mode]) == 0) {
            *ret_mode = (enum pooling_mode)mode;
            return true;
        }
    }
    return false;
}

/* Token vectors of one text, from the first that counts. */
struct rows {
    const float *values; /* [n, hidden_size] */
    size_t n;
    size_t first_position; /* of row 0 in the whole text */
    size_t hidden_size;
};

static void pool_max(const struct rows *rows, float *ret_vector)
{
    size_t hidden_size = rows->hidden_size;

    memcpy(ret_vector, rows->values, hidden_size * sizeof *ret_vector);
    for (size_t row = 1; row < rows->n; row++) {
        const float *values = rows->values + row * hidden_size;

        for (size_t i = 0; i < hidden_size; i++) {
            /* A NaN must come out, for vector_is_finite to see it. */
            if (values[i] > ret_vector[i] || isnan(values[i]))
                ret_vector[i] = values[i];
        }
    }
}

/* The sum of rows, each times 1 or times its position from 1, over `divisor`. */
static void pool_sum(const struct rows *rows, bool weighted, double divisor, float *ret_vector)
{
    size_t hidden_size = rows->hidden_size;

    for (size_t start = 0; start < hidden_size; start += BLOCK) {
        size_t n = hidden_size - start < BLOCK ? hidden_size - start : BLOCK;
        double sums[BLOCK] = {0};

        for (size_t row = 0; row < rows->n; row++) {
            const float *values = rows->values + row * hidden_size + start;
            double weight = weighted ? (double)(rows->first_position + row + 1) : 1.0;

            for (size_t i = 0; i < n; i++)
                sums[i] += weight * (double)values[i];
        }
        for (size_t i = 0; i < n; i++)
            ret_vector[start + i] = (float)(sums[i] / divisor);
    }
}

static void pool(enum pooling_mode mode, const struct rows *rows, float *ret_vector)
{
    size_t hidden_size = rows->hidden_size;
    double n = (double)rows->n;
    double first = (double)rows->first_position;

    switch (mode) {
    case POOLING_CLS:
        memcpy(ret_vector, rows->values, hidden_size * sizeof *ret_vector);
        break;
    case POOLING_MAX:
        pool_max(rows, ret_vector);
        break;
    case POOLING_MEAN:
        pool_sum(rows, false, n, ret_vector);
        break;
    case POOLING_MEAN_SQRT_LEN:
        pool_sum(rows, false, sqrt(n), ret_vector);
        break;
    case POOLING_WEIGHTED_MEAN: /* first + 1, ... first + n add up to this */
        pool_sum(rows, true, n * first + n * (n + 1) / 2, ret_vector);
        break;
    case POOLING_LAST_TOKEN:
        memcpy(ret_vector, rows->values + (rows->n - 1) * hidden_size,
               hidden_size * sizeof *ret_vector);
        break;
    case N_POOLING_MODES:
        break;
    }
}

void pooling_apply(const struct pooling *pooling, const float *tokens, size_t n_tokens,
                   size_t n_skipped, size_t hidden_size, float *ret_vector)
{
    const struct rows rows = {
        .values = tokens + n_skipped * hidden_size,
        .n = n_tokens - n_skipped,
        .first_position = n_skipped,
        .hidden_size = hidden_size,
    };

    for (size_t i = 0; i < pooling->n_modes; i++)
        pool(pooling->order[i], &rows, ret_vector + i * hidden_size);
}
