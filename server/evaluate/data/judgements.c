/* SPDX-License-Identifier: Apache-2.0 */
#include "server/evaluate/data/judgements.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 256 };

void judgements_release(struct judgements *judgements)
{
    free(judgements->items);
    *judgements = (struct judgements){0};
}

enum status judgements_add(struct judgements *judgements, struct relevance relevance)
{
    if (judgements->n_items == judgements->capacity) {
        size_t capacity = judgements->capacity > 0 ? 2 * judgements->capacity : FIRST_CAPACITY;
        struct relevance *items;

        if (judgements->n_items >= JUDGEMENTS_MAX_ITEMS)
            return STATUS_INVALID;
        items = realloc(judgements->items, capacity * sizeof *items);
        if (!items)
            return STATUS_NO_MEMORY;
        judgements->items = items;
        judgements->capacity = capacity;
    }
    judgements->items[judgements->n_items++] = relevance;
    return STATUS_OK;
}

static int compare(const void *a, const void *b)
{
    const struct relevance *x = a;
    const struct relevance *y = b;

    if (x->query != y->query)
        return x->query < y->query ? -1 : 1;
    return (x->document > y->document) - (x->document < y->document);
}

static void sort_and_unite(struct judgements *judgements)
{
    struct relevance *items = judgements->items;
    size_t n_kept = 0;

    if (judgements->n_items > 0)
        qsort(items, judgements->n_items, sizeof *items, compare);
    for (size_t i = 0; i < judgements->n_items; i++) {
        if (n_kept == 0 || compare(&items[n_kept - 1], &items[i]) != 0)
            items[n_kept++] = items[i];
    }
    judgements->n_items = n_kept;
}

/* Numbers the queries that have judgements anew, in the same order, and drops the others. */
static void keep_judged_queries(struct judgements *judgements, struct text_list *queries)
{
    struct text_list judged = {.items = queries->items, .capacity = queries->capacity};
    size_t at = 0;

    for (size_t q = 0; q < queries->n_items; q++) {
        bool is_judged = at < judgements->n_items && judgements->items[at].query == q;

        for (; at < judgements->n_items && judgements->items[at].query == q; at++)
            judgements->items[at].query = judged.n_items;
        if (is_judged)
            judged.items[judged.n_items++] = queries->items[q];
        else
            text_item_release(&queries->items[q]);
    }
    *queries = judged;
}

/* What the corpus lacks has a number above those of documents: it counts, and is not kept. */
static void index_queries(const struct judgements *judgements, struct dataset *dataset)
{
    size_t n_kept = 0;
    size_t at = 0;

    for (size_t q = 0; q < dataset->queries.n_items; q++) {
        dataset->first[q] = n_kept;
        for (; at < judgements->n_items && judgements->items[at].query == q; at++) {
            dataset->n_relevant[q]++;
            if (judgements->items[at].document < dataset->documents.n_items)
                judgements->items[n_kept++] = judgements->items[at];
        }
    }
    dataset->first[dataset->queries.n_items] = n_kept;
}

enum status judgements_settle(struct judgements *judgements, struct dataset *dataset)
{
    sort_and_unite(judgements);
    keep_judged_queries(judgements, &dataset->queries);
    dataset->first = calloc(dataset->queries.n_items + 1, sizeof *dataset->first);
    dataset->n_relevant = calloc(dataset->queries.n_items + 1, sizeof *dataset->n_relevant);
    if (!dataset->first || !dataset->n_relevant)
        return STATUS_NO_MEMORY;
    index_queries(judgements, dataset);
    dataset->relevant = judgements->items;
    *judgements = (struct judgements){0};
    return STATUS_OK;
}
