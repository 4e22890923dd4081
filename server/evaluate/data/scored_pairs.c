/* SPDX-License-Identifier: Apache-2.0 */
#include "server/evaluate/data/dataset.h"
#include "server/evaluate/data/rows.h"

#include <stdlib.h>

static const struct table_column columns[] = {
    {.names = {"sentence1", "text1", "sentence_1"}},
    {.names = {"sentence2", "text2", "sentence_2"}},
    {.names = {"score", "label", "similarity_score"}, .is_number = true},
};

enum { MIN_PAIRS = 2 };

/* scores has room for as many as the list of texts. */
static enum status add_score(struct scored_pairs *pairs, double score, size_t *capacity)
{
    if (pairs->left.n_items >= *capacity) {
        size_t wanted = *capacity > 0 ? 2 * *capacity : 256;
        double *scores = realloc(pairs->scores, wanted * sizeof *scores);

        if (!scores)
            return STATUS_NO_MEMORY;
        pairs->scores = scores;
        *capacity = wanted;
    }
    pairs->scores[pairs->left.n_items] = score;
    return STATUS_OK;
}

struct filling {
    struct scored_pairs pairs;
    size_t capacity;
};

static enum status take(void *user, const struct table *table, const struct slice *fields,
                        struct error *error)
{
    const struct slice no_id = {0};
    struct filling *filling = user;
    struct scored_pairs *pairs = &filling->pairs;
    size_t line = reader_get_line(table_get_reader(table));
    double score;
    enum status status = table_read_number(table, fields[2], &score, error);

    if (!status)
        status = add_score(pairs, score, &filling->capacity);
    if (!status)
        status = text_list_add(&pairs->left, no_id, fields[0], line);
    if (!status)
        status = text_list_add(&pairs->right, no_id, fields[1], line);
    return status;
}

enum status scored_pairs_read(struct scored_pairs *ret_pairs, const char *path, struct error *error)
{
    struct filling filling = {0};
    enum status status = rows_read(path, columns, 3, take, &filling, error);

    if (!status && filling.pairs.left.n_items < MIN_PAIRS)
        status = error_set(error, STATUS_INVALID, "%s: holds %zu pairs, at least %d are wanted",
                           path, filling.pairs.left.n_items, MIN_PAIRS);
    if (status)
        scored_pairs_release(&filling.pairs);
    else
        *ret_pairs = filling.pairs;
    return status;
}

void scored_pairs_release(struct scored_pairs *pairs)
{
    text_list_release(&pairs->left);
    text_list_release(&pairs->right);
    free(pairs->scores);
    *pairs = (struct scored_pairs){0};
}
