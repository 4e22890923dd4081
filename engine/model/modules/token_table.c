/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/modules/token_table.h"

#include "engine/model/weights.h"

#include <string.h>

void token_table_get(const struct token_table *table, int32_t id, float *ret_row)
{
    size_t place =
        table->places.data ? (size_t)tensor_get_whole(&table->places, (size_t)id) : (size_t)id;

    tensor_widen(&table->rows, place * table->n_dims, table->n_dims, ret_row);
    if (table->factors.data) {
        float factor = tensor_get(&table->factors, (size_t)id);

        for (size_t i = 0; i < table->n_dims; i++)
            ret_row[i] *= factor;
    }
}

void token_table_pool(const struct token_table *table, const int32_t *ids, size_t n, double *sums,
                      float *row, float *ret_mean)
{
    size_t n_dims = table->n_dims;
    size_t n_counted = 0;

    for (size_t i = 0; i < n_dims; i++)
        sums[i] = 0;
    for (size_t i = 0; i < n; i++) {
        if (ids[i] == table->skipped_id)
            continue;
        n_counted++;
        token_table_get(table, ids[i], row);
        for (size_t j = 0; j < n_dims; j++)
            sums[j] += (double)row[j];
    }
    for (size_t i = 0; i < n_dims; i++)
        ret_mean[i] = (float)(sums[i] / (double)(n_counted ? n_counted : 1));
}

/* --- opening ---------------------------------------------------------------------------------- */

/* The first of the two names that is there. */
static enum status find_rows(struct token_table *table, struct error *error)
{
    enum status status =
        weights_find_any(table->weights, "embedding.weight", 2, &table->rows, error);

    if (!status && !table->rows.data)
        status = weights_find_any(table->weights, "embeddings", 2, &table->rows, error);
    if (!status && !table->rows.data)
        status = error_set(error, STATUS_INVALID,
                           "model.safetensors: has neither \"embedding.weight\" nor "
                           "\"embeddings\"");
    if (status)
        return status;
    if (table->rows.dtype == DTYPE_INT64 || table->rows.dims[0] == 0 ||
        table->rows.dims[0] > INT32_MAX || table->rows.dims[1] == 0 ||
        table->rows.dims[1] > TOKEN_TABLE_MAX_DIMS)
        return error_set(error, STATUS_UNSUPPORTED,
                         "model.safetensors: the embeddings are [%zu, %zu] of %s; rows of 1 to %d "
                         "numbers are served, of I8, F16, BF16 or F32",
                         table->rows.dims[0], table->rows.dims[1], dtype_name(table->rows.dtype),
                         TOKEN_TABLE_MAX_DIMS);
    table->n_ids = table->rows.dims[0];
    table->n_dims = table->rows.dims[1];
    return STATUS_OK;
}

static enum status find_places(struct token_table *table, struct error *error)
{
    enum status status = weights_find_any(table->weights, "mapping", 1, &table->places, error);

    if (status || !table->places.data)
        return status;
    if (table->places.dtype != DTYPE_INT64)
        return error_set(error, STATUS_UNSUPPORTED,
                         "model.safetensors: \"mapping\" is of %s; I64 is served",
                         dtype_name(table->places.dtype));
    table->n_ids = table->places.dims[0];
    for (size_t i = 0; i < table->n_ids; i++) {
        int64_t place = tensor_get_whole(&table->places, i);

        if (place < 0 || (uint64_t)place >= table->rows.dims[0])
            return error_set(error, STATUS_INVALID,
                             "model.safetensors: \"mapping\" gives token %zu row %lld of %zu", i,
                             (long long)place, table->rows.dims[0]);
    }
    return STATUS_OK;
}

static enum status find_factors(struct token_table *table, struct error *error)
{
    enum status status = weights_find_any(table->weights, "weights", 1, &table->factors, error);

    if (status || !table->factors.data)
        return status;
    if (table->factors.dtype == DTYPE_INT64 || table->factors.dims[0] != table->n_ids)
        return error_set(error, STATUS_INVALID,
                         "model.safetensors: \"weights\" has %zu of %s for %zu tokens",
                         table->factors.dims[0], dtype_name(table->factors.dtype), table->n_ids);
    return STATUS_OK;
}

enum status token_table_open(struct token_table *ret_table, const char *folder, const char *name,
                             struct error *error)
{
    static const char *const no_prefixes[] = {NULL};
    struct token_table table = {.skipped_id = -1};
    struct error fault = {{0}};
    enum status status = weights_open(&table.weights, folder, no_prefixes, "embeddings", error);

    if (status)
        return status;
    status = find_rows(&table, &fault);
    if (!status)
        status = find_places(&table, &fault);
    if (!status)
        status = find_factors(&table, &fault);
    if (status) {
        token_table_close(&table);
        return error_set(error, status, "%s%s%s", name, name[0] ? "/" : "", fault.text);
    }
    *ret_table = table;
    return STATUS_OK;
}

void token_table_close(struct token_table *table)
{
    weights_close(table->weights);
    *table = (struct token_table){.weights = NULL};
}
