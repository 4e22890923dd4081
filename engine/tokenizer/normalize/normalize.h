/* SPDX-License-Identifier: Apache-2.0 */

/* BERT's normalisation: control characters dropped, spaces round Han characters, accents stripped,
 * small letters; each if asked. Knows which bytes of the text each character came from. */
#ifndef NESTD_ENGINE_TOKENIZER_NORMALIZE_NORMALIZE_H
#define NESTD_ENGINE_TOKENIZER_NORMALIZE_NORMALIZE_H

#include "engine/tokenizer/added.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The flags of the official BertNormalizer. */
struct normalizer {
    bool clean_text;
    bool split_han; /* handle_chinese_chars */
    bool strip_accents;
    bool lowercase;
};

/* What is normalised: a text up to the first token of `stop_at` in it. Valid UTF-8. */
struct normalize_text {
    const char *text;
    size_t len_bytes;
    const struct added_tokens *stop_at;
};

/* A character of the normalised text, and the bytes [start, stop) that it stands for. */
struct normal_char {
    uint32_t c;
    unsigned flags; /* enum code_point_flag */
    size_t start;
    size_t stop;
};

/* Takes the characters one by one; false ends it. */
struct normal_sink {
    bool (*take)(void *user, const struct normal_char *normal);
    void *user;
};

/* Normalises the character at *pos, which is below len_bytes and not the beginning of an added
 * token, and the marks after it that must be put in order with its own; moves *pos behind them.
 * Allocates nothing, however many marks there are. False if the sink ended it. */
bool normalize_next(const struct normalizer *normalizer, const struct normalize_text *text,
                    size_t *pos, const struct normal_sink *sink);

#endif
