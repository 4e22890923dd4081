/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/read/added_list.h"

#include "engine/base/memory.h"
#include "engine/tokenizer/unicode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_ENTRIES = 16 };

enum status added_entry_read(const struct document *document, struct added_entry *entry,
                             struct error *error)
{
    const json_t *content = json_object_get(document->root, "content");
    enum status status;

    if (!json_is_string(content))
        return error_set(error, STATUS_INVALID, "%s: \"content\" must be a text", document->name);
    entry->text = json_string_value(content);
    entry->len_bytes = json_string_length(content);
    snprintf(entry->where, sizeof entry->where, "%.99s", document->name);
    status = document_get_bool(document, "special", &entry->special, error);
    if (!status)
        status = document_get_bool(document, "lstrip", &entry->takes_left, error);
    if (!status)
        status = document_get_bool(document, "rstrip", &entry->takes_right, error);
    if (!status)
        status = document_get_bool(document, "normalized", &entry->normalized, error);
    if (!status)
        status = document_get_bool(document, "single_word", &entry->is_word, error);
    return status;
}

/* --- the list --------------------------------------------------------------------------------- */

void added_list_release(struct added_list *list)
{
    if (!list)
        return;
    free(list->entries);
    trie_release(&list->places);
    *list = (struct added_list){0};
}

struct added_entry *added_list_find(const struct added_list *list, const char *text,
                                    size_t len_bytes)
{
    int32_t place = trie_find(&list->places, text, len_bytes);

    return place == TRIE_NO_VALUE ? NULL : &list->entries[place];
}

static enum status append(struct added_list *list, const struct added_entry *entry)
{
    if (list->n_entries == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : MIN_ENTRIES;
        struct added_entry *entries = reallocarray(list->entries, capacity, sizeof *entries);

        if (!entries)
            return STATUS_NO_MEMORY;
        list->entries = entries;
        list->capacity = capacity;
    }
    list->entries[list->n_entries] = *entry;
    return trie_add(&list->places, entry->text, entry->len_bytes, (int32_t)list->n_entries++);
}

enum status added_list_take(struct added_list *list, const struct added_entry *entry,
                            struct error *error)
{
    struct added_entry *known = added_list_find(list, entry->text, entry->len_bytes);

    if (!known)
        return append(list, entry);
    if (known->id != VOCAB_NO_ID && entry->id != VOCAB_NO_ID &&
        (known->id != entry->id || known->normalized != entry->normalized))
        return error_set(
            error, STATUS_UNSUPPORTED,
            "%s: the token \"%.100s\" has another id or \"normalized\" than %s gives it",
            entry->where, entry->text, known->where);
    known->special |= entry->special;
    return STATUS_OK;
}

static int compare_ids(const void *left, const void *right)
{
    int32_t a = ((const struct added_entry *)left)->id;
    int32_t b = ((const struct added_entry *)right)->id;

    return (a > b) - (a < b);
}

enum status added_list_sort(struct added_list *list)
{
    enum status status = STATUS_OK;

    if (list->n_entries == 0)
        return STATUS_OK;
    qsort(list->entries, list->n_entries, sizeof *list->entries, compare_ids);
    for (size_t i = 0; i < list->n_entries && !status; i++) {
        const struct added_entry *entry = &list->entries[i];

        status = trie_add(&list->places, entry->text, entry->len_bytes, (int32_t)i);
    }
    return status;
}

/* --- adding ----------------------------------------------------------------------------------- */

/* A text that is being normalised, for a token that is looked for in normalised texts. */
struct pattern {
    char bytes[MAX_ADDED_BYTES];
    size_t n_bytes;
    bool too_long;
};

static bool pattern_take(struct stage *stage, const struct normal_char *normal)
{
    struct pattern *pattern = stage->user;

    if (pattern->n_bytes + MAX_UTF8_BYTES > MAX_ADDED_BYTES) {
        pattern->too_long = true;
        return false;
    }
    pattern->n_bytes += utf8_encode(normal->c, pattern->bytes + pattern->n_bytes);
    return true;
}

static bool pattern_end(struct stage *stage)
{
    (void)stage;
    return true;
}

static enum status pattern_normalize(struct pattern *pattern, const struct chain *normalizer,
                                     const char *text, size_t len_bytes)
{
    static const struct stage_type type = {pattern_take, pattern_end, .ascii_is_separate = true};
    enum status status = STATUS_OK;
    struct stage last = {.type = &type, .status = &status, .user = pattern};

    (void)chain_run(normalizer, text, len_bytes, &last);
    return status;
}

/* Adds it to what is looked for. */
static enum status look_for(struct tokenizer *tokenizer, const struct added_entry *entry,
                            int32_t id, struct error *error)
{
    const struct added_token token = {id, entry->takes_left, entry->takes_right, entry->is_word};
    struct added_tokens *added = &tokenizer->raw;
    struct pattern pattern = {.n_bytes = 0};
    const char *text = entry->text;
    size_t len_bytes = entry->len_bytes;
    enum status status;

    if (entry->normalized) {
        status = pattern_normalize(&pattern, &tokenizer->normalizer, text, len_bytes);
        if (status)
            return status;
        added = &tokenizer->normalized;
        text = pattern.bytes;
        len_bytes = pattern.n_bytes;
    }
    if (pattern.too_long || len_bytes > MAX_ADDED_BYTES)
        return error_set(error, STATUS_UNSUPPORTED, "%s: a token of %zu bytes is not supported",
                         entry->where, entry->len_bytes);
    status = added_tokens_add(added, text, len_bytes, token);
    if (status == STATUS_INVALID)
        status = error_set(error, status, "%s: the token \"%.100s\" is empty or there twice",
                           entry->where, entry->text);
    if (!status && added->any_takes_right && added->any_starts_with_space)
        status = error_set(error, STATUS_UNSUPPORTED,
                           "%s: \"rstrip\" beside a token that begins with white space is not "
                           "supported",
                           entry->where);
    /* Officially such a token is also shown, and decoded, in its normal form. */
    if (!status && entry->normalized)
        status = vocab_set_shown(&tokenizer->vocab, id, text, len_bytes);
    return status;
}

static enum status add(struct tokenizer *tokenizer, const struct added_entry *entry,
                       bool is_looked_for, struct error *error)
{
    struct vocab *vocab = &tokenizer->vocab;
    int32_t id = vocab_find(vocab, entry->text, entry->len_bytes);
    bool is_new = id == VOCAB_NO_ID;
    enum status status;

    if (entry->len_bytes == 0)
        return error_set(error, STATUS_INVALID, "%s: the token \"\" is empty", entry->where);
    /* New tokens are numbered on from the vocabulary's size, whatever the file says. */
    if (is_new)
        id = (int32_t)(vocab->n_tokens + vocab->n_added);
    if (entry->id != VOCAB_NO_ID && entry->id != id)
        return error_set(error, STATUS_INVALID, "%s: the token \"%.100s\" has the id %d, not %d",
                         entry->where, entry->text, id, entry->id);
    if (is_new) {
        status = vocab_add_added(vocab, entry->text, entry->len_bytes, id);
        if (status == STATUS_INVALID)
            return error_set(error, status, "%s: the id %d of the token \"%.100s\" is taken",
                             entry->where, id, entry->text);
        if (status)
            return status;
    }
    vocab->tokens[id].special = entry->special;
    return is_looked_for ? look_for(tokenizer, entry, id, error) : STATUS_OK;
}

enum status added_list_add(const struct added_list *list, struct tokenizer *tokenizer,
                           bool look_for_special, struct error *error)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < list->n_entries && !status; i++) {
        const struct added_entry *entry = &list->entries[i];

        status = add(tokenizer, entry, look_for_special || !entry->special, error);
    }
    return status;
}
