/* SPDX-License-Identifier: Apache-2.0 */

/* Tokens that are found in a text before it is split into words, such as a literal "[MASK]".
 * Filled while a folder is loaded, read-only after. */
#ifndef NESTD_ENGINE_TOKENIZER_ADDED_H
#define NESTD_ENGINE_TOKENIZER_ADDED_H

#include "engine/base/status.h"
#include "engine/tokenizer/trie.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A longer one is refused: looking for them costs up to this many steps a byte of text. */
enum { MAX_ADDED_BYTES = 256 };

struct added_token {
    int32_t id;
    bool takes_left;  /* lstrip: the white space before it is part of it */
    bool takes_right; /* rstrip */
    bool is_word;     /* single_word: not where a character of a word is beside it */
};

/* Zero it to begin. */
struct added_tokens {
    struct trie trie; /* text -> index into tokens */
    struct added_token *tokens;
    size_t n_tokens;
    bool starts[256]; /* the bytes that they begin with */
    bool any_takes_left;
    bool any_takes_right;
    bool any_starts_with_space;
};

void added_tokens_release(struct added_tokens *added);

/* STATUS_NO_MEMORY; STATUS_INVALID where the text is empty, over MAX_ADDED_BYTES or there already.
 */
MUST_CHECK enum status added_tokens_add(struct added_tokens *added, const char *text,
                                        size_t len_bytes, struct added_token token);

/* The longest token that text[len_bytes] begins with, borrowed; NULL where there is none. */
const struct added_token *added_tokens_match(const struct added_tokens *added, const char *text,
                                             size_t len_bytes, size_t *ret_len_bytes);

#endif
