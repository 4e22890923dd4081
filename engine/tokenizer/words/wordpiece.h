/* SPDX-License-Identifier: Apache-2.0 */

/* WordPiece: a word as the longest pieces, from its beginning, that the vocabulary has. */
#ifndef NESTD_ENGINE_TOKENIZER_WORDS_WORDPIECE_H
#define NESTD_ENGINE_TOKENIZER_WORDS_WORDPIECE_H

#include "engine/tokenizer/vocab.h"

#include <stddef.h>
#include <stdint.h>

/* Bounds the work on one word, which grows with the square of its length in the worst vocabulary.
 * Every model seen says 100. */
enum { MAX_WORD_CHARS = 1000 };

struct wordpiece {
    int32_t unknown_id;
    size_t max_chars;      /* a longer word is unknown; at most MAX_WORD_CHARS */
    bool is_continued;     /* whether any token continues a word */
    uint32_t continuation; /* where those that do ("##ing") begin in vocab.words */
};

/* One piece of a word: it ends before byte `stop` of it. */
struct piece {
    int32_t id;
    uint32_t stop;
};

/* `prefix` is how tokens begin that continue a word; it may be empty. */
void wordpiece_init(struct wordpiece *wordpiece, const struct vocab *vocab, const char *prefix,
                    size_t prefix_bytes);

/* Splits word[len_bytes] of at most max_chars code points into pieces[max_chars]; how many. 0 if
 * the vocabulary cannot spell it. */
size_t wordpiece_split(const struct wordpiece *wordpiece, const struct vocab *vocab,
                       const char *word, size_t len_bytes, struct piece *pieces);

#endif
