/* SPDX-License-Identifier: Apache-2.0 */
#include "server/evaluate/data/text_list.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

void text_item_release(struct text_item *item)
{
    free((char *)item->id.bytes);
}

void text_list_release(struct text_list *list)
{
    for (size_t i = 0; i < list->n_items; i++)
        text_item_release(&list->items[i]);
    free(list->items);
    *list = (struct text_list){0};
}

static enum status grow(struct text_list *list)
{
    size_t capacity = list->capacity > 0 ? 2 * list->capacity : FIRST_CAPACITY;
    struct text_item *items;

    if (list->n_items < list->capacity)
        return STATUS_OK;
    if (list->n_items >= TEXT_LIST_MAX_ITEMS)
        return STATUS_INVALID;
    items = realloc(list->items, capacity * sizeof *items);
    if (!items)
        return STATUS_NO_MEMORY;
    list->items = items;
    list->capacity = capacity;
    return STATUS_OK;
}

/* An empty slice may have no bytes. */
static void copy(char *to, struct slice from)
{
    if (from.len_bytes > 0)
        memcpy(to, from.bytes, from.len_bytes);
}

enum status text_list_add(struct text_list *list, struct slice id, struct slice text, size_t line)
{
    enum status status = grow(list);
    char *bytes;

    if (status)
        return status;
    bytes = malloc(id.len_bytes + text.len_bytes + 1);
    if (!bytes)
        return STATUS_NO_MEMORY;
    copy(bytes, id);
    copy(bytes + id.len_bytes, text);
    list->items[list->n_items++] = (struct text_item){
        .id = {bytes, id.len_bytes},
        .text = {bytes + id.len_bytes, text.len_bytes},
        .line = line,
    };
    return STATUS_OK;
}

int text_compare(struct slice a, struct slice b)
{
    size_t shorter = a.len_bytes < b.len_bytes ? a.len_bytes : b.len_bytes;
    int order = shorter > 0 ? memcmp(a.bytes, b.bytes, shorter) : 0;

    return order != 0 ? order : (a.len_bytes > b.len_bytes) - (a.len_bytes < b.len_bytes);
}

static int compare_ids(const void *a, const void *b)
{
    const struct text_item *x = a;
    const struct text_item *y = b;
    int order = text_compare(x->id, y->id);

    return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

const struct text_item *text_list_sort(struct text_list *list)
{
    if (list->n_items > 0)
        qsort(list->items, list->n_items, sizeof *list->items, compare_ids);
    for (size_t i = 1; i < list->n_items; i++) {
        if (text_compare(list->items[i - 1].id, list->items[i].id) == 0)
            return &list->items[i];
    }
    return NULL;
}

bool text_list_find(const struct text_list *list, struct slice id, size_t *ret_number)
{
    size_t low = 0;
    size_t high = list->n_items;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = text_compare(list->items[middle].id, id);

        if (order == 0) {
            *ret_number = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

struct entry {
    struct slice text;
    size_t number;
};

static int compare_texts(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    int order = text_compare(x->text, y->text);

    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

/* For each item the first one with its text; then the numbers that those have once the others are
 * gone. */
static void number_texts(struct text_list *list, const struct entry *entries, size_t *ret_numbers)
{
    size_t n_kept = 0;

    for (size_t i = 0; i < list->n_items; i++) {
        bool repeats = i > 0 && text_compare(entries[i - 1].text, entries[i].text) == 0;

        ret_numbers[entries[i].number] =
            repeats ? ret_numbers[entries[i - 1].number] : entries[i].number;
    }
    for (size_t i = 0; i < list->n_items; i++) {
        if (ret_numbers[i] != i) {
            ret_numbers[i] = ret_numbers[ret_numbers[i]];
            text_item_release(&list->items[i]);
            continue;
        }
        list->items[n_kept] = list->items[i];
        ret_numbers[i] = n_kept++;
    }
    list->n_items = n_kept;
}

enum status text_list_unite(struct text_list *list, size_t *ret_numbers)
{
    struct entry *entries = calloc(list->n_items + 1, sizeof *entries);

    if (!entries)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < list->n_items; i++)
        entries[i] = (struct entry){list->items[i].text, i};
    qsort(entries, list->n_items, sizeof *entries, compare_texts);
    number_texts(list, entries, ret_numbers);
    free(entries);
    return STATUS_OK;
}
