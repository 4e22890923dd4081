/* SPDX-License-Identifier: Apache-2.0 */

/* tokenizer.json's "model": what a word is made of, one file for each kind. For the tokenizer's own
 * files. */
#ifndef NESTD_ENGINE_TOKENIZER_WORDS_WORDS_H
#define NESTD_ENGINE_TOKENIZER_WORDS_WORDS_H

#include "engine/files/document.h"
#include "engine/tokenizer/vocab.h"
#include "engine/tokenizer/word.h"

#include <stdbool.h>

struct words;

struct words_type {
    /* Puts the tokens of a word, which has a character at least, by word_put(). False to stop: the
     * output wants no more, or there is no memory. */
    bool (*split)(const struct words *words, struct word *word);
    void (*release)(struct words *words); /* frees `model` */
};

/* Zero it to begin. Read-only once loaded. */
struct words {
    const struct words_type *type;
    const struct vocab *vocab; /* borrowed */
    void *model;               /* the type's own */
    size_t max_chars;          /* the rest of a longer word does not matter */
    /* A word may be cut before this character where another stands before it, since no token goes
     * across; 0: none is known. Keeps words short where nothing else splits a text. */
    uint32_t cuts_before;
    bool cuts_not_after[128]; /* but not after these characters */
};

void words_release(struct words *words);

/* Reads "model" by its "type", and its vocabulary into `vocab`, which is still empty and whose
 * address stays the same. */
MUST_CHECK enum status words_read(struct words *words, struct vocab *vocab,
                                  const struct document *model, struct error *error);

/* What a reader gets. */
struct words_target {
    struct words *words;
    struct vocab *vocab;
};

/* Readers by type; `into` is a struct words_target. */
MUST_CHECK enum status bpe_read(void *into, const struct document *model, struct error *error);
MUST_CHECK enum status word_level_read(void *into, const struct document *model,
                                       struct error *error);
MUST_CHECK enum status unigram_read(void *into, const struct document *model, struct error *error);
MUST_CHECK enum status wordpiece_read(void *into, const struct document *model,
                                      struct error *error);

/* Adds a token to a vocabulary, with a complaint where that cannot be. */
MUST_CHECK enum status words_add(struct vocab *vocab, const char *text, size_t len_bytes,
                                 int32_t id, const char *file, struct error *error);

/* The id of the unknown token, "unk_token". STATUS_INVALID where "vocab" does not have it. */
MUST_CHECK enum status words_find_unknown(const struct vocab *vocab, const char *unknown,
                                          const struct document *model, int32_t *ret_id,
                                          struct error *error);

/* Reads {"the": 5, ...}. */
MUST_CHECK enum status words_read_vocab(struct vocab *vocab, const struct document *model,
                                        struct error *error);

#endif
