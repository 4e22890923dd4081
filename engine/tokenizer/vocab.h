/* SPDX-License-Identifier: Apache-2.0 */

/* Tokens and their ids. Filled while a folder is loaded, read-only after. Ids may have gaps: an id
 * that a vocab.txt gives to a token anew leaves the old one without any. */
#ifndef NESTD_ENGINE_TOKENIZER_VOCAB_H
#define NESTD_ENGINE_TOKENIZER_VOCAB_H

#include "engine/base/status.h"
#include "engine/tokenizer/trie.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_VOCAB_IDS = 1 << 22, VOCAB_NO_ID = TRIE_NO_VALUE };

struct vocab_token {
    uint32_t start; /* of its text, which ends with U+0000, in vocab.text */
    uint32_t len_bytes;
    bool known; /* false: no token has this id */
    bool special;
};

/* Zero it to begin. */
struct vocab {
    struct trie words;          /* what WordPiece finds */
    struct trie added;          /* tokens that were added to those, which it does not find */
    struct vocab_token *tokens; /* [n_ids] */
    char *text;
    size_t n_ids;    /* the largest id of a token with a text, and one */
    size_t n_tokens; /* in `words` */
    size_t n_added;  /* in `added` */
    size_t token_capacity;
    size_t text_bytes;
    size_t text_capacity;
};

void vocab_release(struct vocab *vocab);

/* STATUS_NO_MEMORY; STATUS_INVALID where the id is another token's or not below MAX_VOCAB_IDS, or
 * where the vocabulary becomes too large. A text that is there already moves to the new id. */
MUST_CHECK enum status vocab_add(struct vocab *vocab, const char *text, size_t len_bytes,
                                 int32_t id);

/* The same for a token that was added to the vocabulary; neither text nor id may be there yet. */
MUST_CHECK enum status vocab_add_added(struct vocab *vocab, const char *text, size_t len_bytes,
                                       int32_t id);

/* Gives a known id another text for vocab_text; the token is still found by its own. */
MUST_CHECK enum status vocab_set_shown(struct vocab *vocab, int32_t id, const char *text,
                                       size_t len_bytes);

/* VOCAB_NO_ID where no token, added ones included, has this text, or it is empty: no text becomes an
 * empty token, so its id may be beyond n_ids. */
int32_t vocab_find(const struct vocab *vocab, const char *text, size_t len_bytes);

static inline bool vocab_knows(const struct vocab *vocab, int32_t id)
{
    return id >= 0 && (size_t)id < vocab->n_ids && vocab->tokens[id].known;
}

/* The text of a known id, borrowed. */
static inline const char *vocab_text(const struct vocab *vocab, int32_t id)
{
    return vocab->text + vocab->tokens[id].start;
}

#endif
