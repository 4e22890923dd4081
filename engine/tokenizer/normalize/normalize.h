/* SPDX-License-Identifier: Apache-2.0 */

/* tokenizer.json's "normalizer": a chain of stages (stage.h), one file each. For the tokenizer's
 * own files. */
#ifndef NESTD_ENGINE_TOKENIZER_NORMALIZE_NORMALIZE_H
#define NESTD_ENGINE_TOKENIZER_NORMALIZE_NORMALIZE_H

#include "engine/files/document.h"
#include "engine/tokenizer/stage.h"

#include <stdbool.h>

/* The flags of the official BertNormalizer. */
struct bert_normalizer {
    bool clean_text;
    bool split_han; /* handle_chinese_chars */
    bool strip_accents;
    bool lowercase;
};

/* Appends what "normalizer" describes, by its "type". */
MUST_CHECK enum status normalize_read(struct chain *chain, const struct document *part,
                                      struct error *error);

/* Append stages. */
MUST_CHECK enum status normalize_add_bert(struct chain *chain, struct bert_normalizer bert,
                                          struct error *error);
MUST_CHECK enum status normalize_add_clean(struct chain *chain, bool clean_text, bool split_han,
                                           struct error *error);
MUST_CHECK enum status normalize_add_decompose(struct chain *chain, struct error *error);
MUST_CHECK enum status normalize_add_fold(struct chain *chain, bool strip_accents, bool lowercase,
                                          struct error *error);

/* Readers by type; `into` is a struct chain. */
MUST_CHECK enum status normalize_bert_read(void *into, const struct document *part,
                                           struct error *error);
MUST_CHECK enum status normalize_lowercase_read(void *into, const struct document *part,
                                                struct error *error);
MUST_CHECK enum status normalize_nfc_read(void *into, const struct document *part,
                                          struct error *error);
MUST_CHECK enum status normalize_nfd_read(void *into, const struct document *part,
                                          struct error *error);
MUST_CHECK enum status normalize_nfkc_read(void *into, const struct document *part,
                                           struct error *error);
MUST_CHECK enum status normalize_nfkd_read(void *into, const struct document *part,
                                           struct error *error);
MUST_CHECK enum status normalize_nmt_read(void *into, const struct document *part,
                                          struct error *error);
MUST_CHECK enum status normalize_precompiled_read(void *into, const struct document *part,
                                                  struct error *error);
MUST_CHECK enum status normalize_prepend_read(void *into, const struct document *part,
                                              struct error *error);
MUST_CHECK enum status normalize_replace_read(void *into, const struct document *part,
                                              struct error *error);
MUST_CHECK enum status normalize_strip_read(void *into, const struct document *part,
                                            struct error *error);
MUST_CHECK enum status normalize_strip_accents_read(void *into, const struct document *part,
                                                    struct error *error);

#endif
