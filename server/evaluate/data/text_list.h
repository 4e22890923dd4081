/* SPDX-License-Identifier: Apache-2.0 */

/* Texts with ids, as they were read from a file; a list owns what it holds. One owner. */
#ifndef NESTD_SERVER_EVALUATE_TEXT_LIST_H
#define NESTD_SERVER_EVALUATE_TEXT_LIST_H

#include "engine/engine.h"
#include "server/text/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct text_item {
    struct slice id;   /* empty where the file has none */
    struct slice text; /* behind the id, in the same memory */
    size_t line;       /* of the file, for complaints */
};

/* Zeroed: empty. */
struct text_list {
    struct text_item *items; /* [n_items] */
    size_t n_items;
    size_t capacity;
};

enum { TEXT_LIST_MAX_ITEMS = 10000000 };

void text_item_release(struct text_item *item); /* its memory: one that leaves its list */
void text_list_release(struct text_list *list);

/* Copies both. STATUS_NO_MEMORY, or STATUS_INVALID beyond TEXT_LIST_MAX_ITEMS. */
MUST_CHECK enum status text_list_add(struct text_list *list, struct slice id, struct slice text,
                                     size_t line);

/* Bytewise, as Python orders strings. */
int text_compare(struct slice a, struct slice b);

/* By ascending id. NULL, or an item whose id the one before it has too. */
const struct text_item *text_list_sort(struct text_list *list);

/* The number of the item of that id in a sorted list; false where there is none. */
bool text_list_find(const struct text_list *list, struct slice id, size_t *ret_number);

/* Leaves of equal texts only the first, and gives each old item the number of what is left of it:
 * ret_numbers[n_items before]. STATUS_NO_MEMORY. */
MUST_CHECK enum status text_list_unite(struct text_list *list, size_t *ret_numbers);

#endif
