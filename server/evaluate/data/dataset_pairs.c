/* SPDX-License-Identifier: Apache-2.0 */
#include "server/evaluate/data/judgements.h"

#include "server/evaluate/data/rows.h"

#include <stdlib.h>

static const struct table_column pair_columns[] = {
    {.names = {"question", "query", "anchor", "sentence1", "pergunta"}},
    {.names = {"answer", "positive", "document", "passage", "sentence2", "resposta"}},
};

/* The rows of a file of pairs. */
struct pairing {
    struct text_list left;
    struct text_list right;
};

static void pairing_release(struct pairing *pairing)
{
    text_list_release(&pairing->left);
    text_list_release(&pairing->right);
}

static enum status take_pair(void *user, const struct table *table, const struct slice *fields,
                             struct error *error)
{
    const struct slice no_id = {0};
    struct pairing *pairing = user;
    size_t line = reader_get_line(table_get_reader(table));
    enum status status = text_list_add(&pairing->left, no_id, fields[0], line);

    (void)error;
    return status ? status : text_list_add(&pairing->right, no_id, fields[1], line);
}

static enum status add_judgements(struct judgements *judgements, const size_t *queries,
                                  const size_t *documents, size_t n_pairs)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < n_pairs && !status; i++)
        status = judgements_add(judgements, (struct relevance){queries[i], documents[i]});
    return status;
}

/* Takes what both lists hold. */
static enum status unite(struct pairing *pairing, struct dataset *ret_dataset)
{
    size_t n_pairs = pairing->left.n_items;
    size_t *queries = calloc(n_pairs, sizeof *queries);
    size_t *documents = calloc(n_pairs, sizeof *documents);
    struct judgements judgements = {0};
    enum status status = queries && documents ? STATUS_OK : STATUS_NO_MEMORY;

    if (!status)
        status = text_list_unite(&pairing->left, queries);
    if (!status)
        status = text_list_unite(&pairing->right, documents);
    if (!status)
        status = add_judgements(&judgements, queries, documents, n_pairs);
    if (!status) {
        ret_dataset->queries = pairing->left;
        ret_dataset->documents = pairing->right;
        *pairing = (struct pairing){0};
        status = judgements_settle(&judgements, ret_dataset);
    }
    judgements_release(&judgements);
    free(queries);
    free(documents);
    return status;
}

enum status dataset_read_pairs(struct dataset *ret_dataset, const char *path, struct error *error)
{
    struct dataset dataset = {0};
    struct pairing pairing = {0};
    enum status status = rows_read(path, pair_columns, 2, take_pair, &pairing, error);

    if (!status && pairing.left.n_items == 0)
        status = error_set(error, STATUS_INVALID, "%s: holds no pairs", path);
    if (!status) {
        status = unite(&pairing, &dataset);
        if (status)
            (void)error_set(error, status, "%s: not enough memory for all of it", path);
    }
    pairing_release(&pairing);
    if (status)
        dataset_release(&dataset);
    else
        *ret_dataset = dataset;
    return status;
}
