/* SPDX-License-Identifier: Apache-2.0 */

/* A loaded tokenizer's parts, and the way of a text through them. For this folder's files alone. */
#ifndef NESTD_ENGINE_TOKENIZER_ENCODE_H
#define NESTD_ENGINE_TOKENIZER_ENCODE_H

#include "engine/tokenizer/added.h"
#include "engine/tokenizer/decode/decode_text.h"
#include "engine/tokenizer/normalize/normalize.h"
#include "engine/tokenizer/output.h"
#include "engine/tokenizer/tokenizer.h"
#include "engine/tokenizer/vocab.h"
#include "engine/tokenizer/words/wordpiece.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_SPECIAL_TOKENS = 16 };

struct special_tokens {
    int32_t ids[MAX_SPECIAL_TOKENS];
    size_t n_ids;
};

/* What a byte of text is without looking at others. */
enum byte_kind {
    BYTE_OTHER, /* look closer: not ASCII, or an added token may begin with it */
    BYTE_WORD,
    BYTE_SPACE,
    BYTE_PUNCTUATION,
    BYTE_DROPPED
};

struct tokenizer {
    struct vocab vocab;
    struct normalizer normalizer;
    struct wordpiece wordpiece;
    struct added_tokens raw;        /* looked for in the text as it stands */
    struct added_tokens normalized; /* looked for in the normalised text */
    struct special_tokens first;    /* go before a text */
    struct special_tokens last;     /* go after it */
    bool truncates_start;           /* where a text is too long and nobody says which end goes */
    struct decoder decoder;         /* the way back */
    uint8_t byte_kinds[256];        /* enum byte_kind */
    char byte_lower[128];
};

/* Fills byte_kinds and byte_lower from the other parts. */
void encode_prepare(struct tokenizer *tokenizer);

/* Puts the tokens of text[len_bytes], valid UTF-8, until the output wants no more. */
void encode_text(const struct tokenizer *tokenizer, const char *text, size_t len_bytes,
                 struct output *output);

#endif
