/* SPDX-License-Identifier: Apache-2.0 */

/* Reads a tokenizer from the files of a model folder. For this folder's files alone. */
#ifndef NESTD_ENGINE_TOKENIZER_READ_LOAD_H
#define NESTD_ENGINE_TOKENIZER_READ_LOAD_H

#include "engine/model/tokenizer_config.h"
#include "engine/tokenizer/encode.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* tokenizer.json's vocabulary alone. */
MUST_CHECK enum status load_json_words(struct vocab *vocab, const struct document *json,
                                       struct error *error);

/* Whether the rest of tokenizer.json says what BERT's constructor has made: some releases of
 * transformers follow the one, some the other. */
MUST_CHECK enum status load_json_check(struct tokenizer *tokenizer, const struct document *json,
                                       struct error *error);

/* The whole tokenizer from tokenizer.json, opened as `json`; with small letters before all else
 * where `lowercase`. */
MUST_CHECK enum status load_json(struct tokenizer *tokenizer, const char *folder,
                                 const struct tokenizer_config *config, bool lowercase,
                                 const struct document *json, struct error *error);

/* The words of vocab.txt. */
MUST_CHECK enum status load_vocab_words(struct vocab *vocab, const char *folder,
                                        struct error *error);

/* Adds a token to a vocabulary, with a complaint where that cannot be. */
MUST_CHECK enum status load_token(struct vocab *vocab, const char *text, size_t len_bytes,
                                  int32_t id, const char *file, struct error *error);

#endif
