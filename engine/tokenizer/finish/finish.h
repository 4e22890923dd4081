/* SPDX-License-Identifier: Apache-2.0 */

/* tokenizer.json's "post_processor": which special tokens go around a text, or two. One file for
 * each kind. For the tokenizer's own files. */
#ifndef NESTD_ENGINE_TOKENIZER_FINISH_FINISH_H
#define NESTD_ENGINE_TOKENIZER_FINISH_FINISH_H

#include "engine/files/document.h"
#include "engine/tokenizer/tokenizer.h"
#include "engine/tokenizer/vocab.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_SPECIAL_TOKENS = 16, MAX_PAIR_PIECES = 2 * MAX_SPECIAL_TOKENS + 2 };

struct special_tokens {
    int32_t ids[MAX_SPECIAL_TOKENS];
    size_t n_ids;
};

/* A special token, or where one of two texts stands. */
enum { PIECE_FIRST_TEXT = -1, PIECE_SECOND_TEXT = -2 };
struct pair_piece {
    int32_t id;
    uint8_t type_id;
};

/* Zeroed: no special tokens; of two texts the second has type 1. */
struct finish {
    struct special_tokens first;             /* go before a text */
    struct special_tokens last;              /* go after it */
    struct pair_piece pair[MAX_PAIR_PIECES]; /* two texts, and what goes around them */
    size_t n_pair;
    bool trims;      /* places leave out the spaces at a token's ends */
    bool has_prefix; /* the first space of a text was put there */
};

/* Reads "post_processor" by its "type". The vocabulary, added tokens included, is there already. */
MUST_CHECK enum status finish_read(struct finish *finish, const struct vocab *vocab,
                                   const struct document *part, struct error *error);

/* Takes the spaces at their ends out of the places of n tokens of `text`, if it is one that trims. */
void finish_trim(const struct finish *finish, const struct vocab *vocab, const char *text,
                 const int32_t *ids, struct token_span *spans, size_t n);

/* What a reader gets. */
struct finish_target {
    struct finish *finish;
    const struct vocab *vocab;
    bool has_special; /* a part of the sequence has put special tokens there */
};

/* Readers by type; `into` is a struct finish_target. */
MUST_CHECK enum status finish_bert_read(void *into, const struct document *part,
                                        struct error *error);
MUST_CHECK enum status finish_byte_level_read(void *into, const struct document *part,
                                              struct error *error);
MUST_CHECK enum status finish_roberta_read(void *into, const struct document *part,
                                           struct error *error);
MUST_CHECK enum status finish_template_read(void *into, const struct document *part,
                                            struct error *error);

/* What two texts become, where one special token goes before a text and one after it: BERT's has
 * one between them, RoBERTa's two, and no second type. */
void finish_pair_bert(struct finish *finish);
void finish_pair_roberta(struct finish *finish);

/* For the readers: notes that special tokens are there. STATUS_UNSUPPORTED where they were already.
 */
MUST_CHECK enum status finish_begin(struct finish_target *target, const struct document *part,
                                    struct error *error);

/* Appends to what two texts become. */
MUST_CHECK enum status pair_add(struct finish *finish, int32_t id, size_t type_id,
                                const struct document *part, struct error *error);

/* Appends an id that must be in the vocabulary as `text`. */
MUST_CHECK enum status special_tokens_add(struct special_tokens *special, const struct vocab *vocab,
                                          const json_t *text, const json_t *id_value,
                                          const char *where, struct error *error);

#endif
