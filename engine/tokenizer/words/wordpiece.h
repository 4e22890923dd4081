/* SPDX-License-Identifier: Apache-2.0 */

/* WordPiece: a word as the longest pieces, from its beginning, that the vocabulary has. */
#ifndef NESTD_ENGINE_TOKENIZER_WORDS_WORDPIECE_H
#define NESTD_ENGINE_TOKENIZER_WORDS_WORDPIECE_H

#include "engine/tokenizer/words/words.h"

#include <stddef.h>
#include <stdint.h>

/* Bounds the work on one word, which grows with the square of its length in the worst vocabulary.
 * Every model seen says 100. */
enum { MAX_WORD_CHARS = 1000 };

/* What a model says besides its vocabulary. */
struct wordpiece_rules {
    const char *unknown; /* borrowed from the document */
    const char *prefix;  /* of tokens that continue a word ("##ing"); may be empty */
    size_t max_chars;    /* a longer word is unknown; at most MAX_WORD_CHARS */
};

/* Reads the rules of "model", or their absence. */
MUST_CHECK enum status wordpiece_read_rules(struct wordpiece_rules *ret_rules,
                                            const struct document *model, struct error *error);

/* Makes the model of rules and a vocabulary that is there already. STATUS_NO_MEMORY. */
MUST_CHECK enum status wordpiece_new(struct words *words, const struct vocab *vocab,
                                     const struct wordpiece_rules *rules, int32_t unknown_id);

#endif
