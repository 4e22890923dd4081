/* SPDX-License-Identifier: Apache-2.0 */

/* Tokens to be found in texts, gathered from all files of a folder before the first is added. For
 * this folder's files alone. */
#ifndef NESTD_ENGINE_TOKENIZER_READ_ADDED_LIST_H
#define NESTD_ENGINE_TOKENIZER_READ_ADDED_LIST_H

#include "engine/files/document.h"
#include "engine/tokenizer/pipeline.h"
#include "engine/tokenizer/trie.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A token as a file describes it. */
struct added_entry {
    const char *text; /* borrowed from its file */
    size_t len_bytes;
    int32_t id; /* what the file says, or VOCAB_NO_ID */
    bool special;
    bool takes_left;
    bool takes_right;
    bool is_word;
    bool normalized;
    char where[100]; /* for complaints: file and key */
};

/* Reads {"content": ..., "lstrip": ...}. What is absent stays as it is. */
MUST_CHECK enum status added_entry_read(const struct document *document, struct added_entry *entry,
                                        struct error *error);

/* Each text is there once. Zero it to begin. */
struct added_list {
    struct added_entry *entries; /* [n_entries] */
    size_t n_entries;
    size_t capacity;
    struct trie places; /* text -> index into entries */
};

void added_list_release(struct added_list *list);

/* The entry with that text, or NULL. */
struct added_entry *added_list_find(const struct added_list *list, const char *text,
                                    size_t len_bytes);

/* Appends it. Of two with one text the first stays, special if either is. STATUS_UNSUPPORTED where
 * both have an id and they differ in it, or in which form of a text they are looked for. */
MUST_CHECK enum status added_list_take(struct added_list *list, const struct added_entry *entry,
                                       struct error *error);

/* By ascending ids, which all must have. */
MUST_CHECK enum status added_list_sort(struct added_list *list);

/* Adds them to the vocabulary, where they are new, and to what is looked for in texts: special ones
 * only if `look_for_special`. The normaliser and the vocabulary are there already. */
MUST_CHECK enum status added_list_add(const struct added_list *list, struct tokenizer *tokenizer,
                                      bool look_for_special, struct error *error);

#endif
