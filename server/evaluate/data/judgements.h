/* SPDX-License-Identifier: Apache-2.0 */

/* What is relevant to what, while it is read; then a data set's. For dataset_*.c. */
#ifndef NESTD_SERVER_EVALUATE_JUDGEMENTS_H
#define NESTD_SERVER_EVALUATE_JUDGEMENTS_H

#include "server/evaluate/data/dataset.h"

/* Zeroed: empty. */
struct judgements {
    struct relevance *items; /* [n_items] */
    size_t n_items;
    size_t capacity;
};

enum { JUDGEMENTS_MAX_ITEMS = 100000000 };

void judgements_release(struct judgements *judgements);

/* STATUS_NO_MEMORY, or STATUS_INVALID beyond JUDGEMENTS_MAX_ITEMS. */
MUST_CHECK enum status judgements_add(struct judgements *judgements, struct relevance relevance);

/* Takes the judgements into the data set, and of its queries leaves those that have one. A pair that
 * was judged twice counts once. Numbers from the documents' count on are documents that the corpus
 * lacks. STATUS_NO_MEMORY. */
MUST_CHECK enum status judgements_settle(struct judgements *judgements, struct dataset *dataset);

#endif
