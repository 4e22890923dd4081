/* SPDX-License-Identifier: Apache-2.0 */

/* tokenizer.json's "pre_tokenizer": a chain of stages (stage.h) that cut a text into words, one file
 * each. For the tokenizer's own files. */
#ifndef NESTD_ENGINE_TOKENIZER_SPLIT_SPLIT_H
#define NESTD_ENGINE_TOKENIZER_SPLIT_SPLIT_H

#include "engine/files/document.h"
#include "engine/tokenizer/stage.h"

/* Appends what "pre_tokenizer" describes, by its "type". */
MUST_CHECK enum status split_read(struct chain *chain, const struct document *part,
                                  struct error *error);

/* BERT's: words end at white space, and punctuation characters are words of their own. */
MUST_CHECK enum status split_add_bert(struct chain *chain, struct error *error);

/* GPT-2's words. */
MUST_CHECK enum status split_add_gpt2(struct chain *chain, struct error *error);

/* Readers by type; `into` is a struct chain. "Split" is read by split_pattern_read, which leaves a
 * string to split_string_read. */
MUST_CHECK enum status split_bert_read(void *into, const struct document *part,
                                       struct error *error);
MUST_CHECK enum status split_byte_level_read(void *into, const struct document *part,
                                             struct error *error);
MUST_CHECK enum status split_char_read(void *into, const struct document *part,
                                       struct error *error);
MUST_CHECK enum status split_digits_read(void *into, const struct document *part,
                                         struct error *error);
MUST_CHECK enum status split_metaspace_read(void *into, const struct document *part,
                                            struct error *error);
MUST_CHECK enum status split_pattern_read(void *into, const struct document *part,
                                          struct error *error);
MUST_CHECK enum status split_punctuation_read(void *into, const struct document *part,
                                              struct error *error);
MUST_CHECK enum status split_string_read(void *into, const struct document *part,
                                         struct error *error);
MUST_CHECK enum status split_whitespace_read(void *into, const struct document *part,
                                             struct error *error);
MUST_CHECK enum status split_whitespace_split_read(void *into, const struct document *part,
                                                   struct error *error);

#endif
