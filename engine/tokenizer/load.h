/* SPDX-License-Identifier: Apache-2.0 */

/* Reads a tokenizer from the files of a model folder. For this folder's files alone. */
#ifndef NESTD_ENGINE_TOKENIZER_LOAD_H
#define NESTD_ENGINE_TOKENIZER_LOAD_H

#include "engine/model/document.h"
#include "engine/tokenizer/encode.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A token to be found in texts, as a file describes it. */
struct added_entry {
    const char *text; /* borrowed */
    size_t len_bytes;
    int32_t id; /* what the file says, or VOCAB_NO_ID */
    bool special;
    bool takes_left;
    bool takes_right;
    bool normalized;
    char where[100]; /* for complaints: file and key */
};

/* Reads {"content": ..., "lstrip": ...}. What is absent stays as it is. */
MUST_CHECK enum status load_added_entry(const struct document *document, struct added_entry *entry,
                                        struct error *error);

/* Adds it to the vocabulary, where it is new, and to what is looked for in texts. The normaliser
 * and the vocabulary are there already. */
MUST_CHECK enum status load_add(struct tokenizer *tokenizer, const struct added_entry *entry,
                                struct error *error);

/* strip_accents as it is written: true, false, or null for "as lowercase says". `value` may be
 * NULL: absent. */
MUST_CHECK enum status load_strip_accents(struct normalizer *normalizer, const json_t *value,
                                          const char *file, struct error *error);

/* The whole tokenizer from tokenizer.json, opened as `document`. */
MUST_CHECK enum status load_json(struct tokenizer *tokenizer, const char *folder,
                                 const struct document *document, struct error *error);

/* The whole tokenizer from vocab.txt, tokenizer_config.json and special_tokens_map.json. */
MUST_CHECK enum status load_vocab(struct tokenizer *tokenizer, const char *folder,
                                  struct error *error);

/* Adds a token to a vocabulary, with a complaint where that cannot be. */
MUST_CHECK enum status load_token(struct vocab *vocab, const char *text, size_t len_bytes,
                                  int32_t id, const char *file, struct error *error);

#endif
