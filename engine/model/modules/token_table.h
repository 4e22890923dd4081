/* SPDX-License-Identifier: Apache-2.0 */

/* A static embedding: a table with a row for each token, and a text's vector is the mean of its
 * tokens' rows. Stored by sentence-transformers as "embedding.weight", and by model2vec as
 * "embeddings", where a token's row may be another's ("mapping") and has a weight ("weights").
 * The rows stay mapped, as stored. Read-only once open; any thread. */
#ifndef NESTD_ENGINE_MODEL_MODULES_TOKEN_TABLE_H
#define NESTD_ENGINE_MODEL_MODULES_TOKEN_TABLE_H

#include "engine/base/status.h"
#include "engine/files/tensor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weights;

/* Texts are looked up whole by sentence-transformers; a bound there must be (promise 3). */
enum { TOKEN_TABLE_MAX_TOKENS = 1 << 16, TOKEN_TABLE_MAX_DIMS = 1 << 16 };

struct token_table {
    struct weights *weights; /* private; NULL: there is no table */
    struct tensor rows;      /* [n_rows, n_dims] */
    struct tensor places;    /* [n_ids] of int64: each token's row; NULL data: that of its id */
    struct tensor factors;   /* [n_ids]: each row times this; NULL data: times 1 */
    size_t n_ids;
    size_t n_dims;
    int32_t skipped_id; /* counts for nothing in a mean; -1: all count */
};

/* Opens the weights in `folder`, which complaints call `name`: its path in the model folder. */
MUST_CHECK enum status token_table_open(struct token_table *ret_table, const char *folder,
                                        const char *name, struct error *error);
void token_table_close(struct token_table *table);

/* The row of a token, id < n_ids: [n_dims]. */
void token_table_get(const struct token_table *table, int32_t id, float *ret_row);

/* The mean of those of ids[n] that count, zeros where there is none: ret_mean, row: [n_dims]; sums:
 * [n_dims], in double, in order. */
void token_table_pool(const struct token_table *table, const int32_t *ids, size_t n, double *sums,
                      float *row, float *ret_mean);

#endif
