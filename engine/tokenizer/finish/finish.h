/* SPDX-License-Identifier: Apache-2.0 */

/* tokenizer.json's "post_processor": which special tokens go around a text. One file for each kind.
 * For the tokenizer's own files. */
#ifndef NESTD_ENGINE_TOKENIZER_FINISH_FINISH_H
#define NESTD_ENGINE_TOKENIZER_FINISH_FINISH_H

#include "engine/files/document.h"
#include "engine/tokenizer/vocab.h"

#include <stddef.h>
#include <stdint.h>

enum { MAX_SPECIAL_TOKENS = 16 };

struct special_tokens {
    int32_t ids[MAX_SPECIAL_TOKENS];
    size_t n_ids;
};

/* Zeroed: no special tokens. */
struct finish {
    struct special_tokens first; /* go before a text */
    struct special_tokens last;  /* go after it */
};

/* Reads "post_processor" by its "type". The vocabulary, added tokens included, is there already. */
MUST_CHECK enum status finish_read(struct finish *finish, const struct vocab *vocab,
                                   const struct document *part, struct error *error);

/* What a reader gets. */
struct finish_target {
    struct finish *finish;
    const struct vocab *vocab;
};

/* Readers by type; `into` is a struct finish_target. */
MUST_CHECK enum status finish_bert_read(void *into, const struct document *part,
                                        struct error *error);
MUST_CHECK enum status finish_template_read(void *into, const struct document *part,
                                            struct error *error);

/* Appends an id that must be in the vocabulary as `text`. */
MUST_CHECK enum status special_tokens_add(struct special_tokens *special, const struct vocab *vocab,
                                          const json_t *text, const json_t *id_value,
                                          const char *where, struct error *error);

#endif
