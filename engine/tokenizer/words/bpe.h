/* SPDX-License-Identifier: Apache-2.0 */

/* What a BPE model is made of, for the files that read it and that use it. */
#ifndef NESTD_ENGINE_TOKENIZER_WORDS_BPE_H
#define NESTD_ENGINE_TOKENIZER_WORDS_BPE_H

#include "engine/tokenizer/words/byte_tokens.h"
#include "engine/tokenizer/words/merges.h"
#include "engine/tokenizer/words/words.h"

#include <stdbool.h>
#include <stdint.h>

enum { N_DIRECT_CHARS = 0x180 };

struct bpe {
    struct merges merges;
    int32_t char_ids[N_DIRECT_CHARS]; /* the tokens of the first characters, or VOCAB_NO_ID */
    struct byte_tokens bytes;         /* byte_fallback */
    int32_t unknown_id;               /* VOCAB_NO_ID: unknown characters are dropped */
    bool fuses_unknown;
    bool ignores_merges; /* where a word is a token, that is it */
};

/* How a word becomes tokens. */
bool bpe_split(const struct words *words, struct word *word);

#endif
