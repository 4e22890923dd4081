/* SPDX-License-Identifier: Apache-2.0 */

/* The tokens "<0x00>" to "<0xFF>", for bytes that a vocabulary has no other token for. */
#ifndef NESTD_ENGINE_TOKENIZER_WORDS_BYTE_TOKENS_H
#define NESTD_ENGINE_TOKENIZER_WORDS_BYTE_TOKENS_H

#include "engine/tokenizer/vocab.h"
#include "engine/tokenizer/word.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct byte_tokens {
    int32_t ids[256]; /* VOCAB_NO_ID: there is none */
};

void byte_tokens_find(struct byte_tokens *ret_tokens, const struct vocab *vocab);

/* None at all. */
void byte_tokens_clear(struct byte_tokens *ret_tokens);

/* Whether all bytes [start, stop) of a word have one. */
bool byte_tokens_cover(const struct byte_tokens *tokens, const struct word *word, size_t start,
                       size_t stop);

#endif
