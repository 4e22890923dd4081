/* SPDX-License-Identifier: Apache-2.0 */

/* How the folder's tokens are put together to a text again. For this folder's files alone; what
 * others call is tokenizer_decode. */
#ifndef NESTD_ENGINE_TOKENIZER_DECODE_DECODE_TEXT_H
#define NESTD_ENGINE_TOKENIZER_DECODE_DECODE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum { MAX_PREFIX_BYTES = 32 };

/* Zeroed: a space between any two tokens, and no more. */
struct decoder {
    bool joins_pieces; /* a token that begins with `prefix` goes on where the last one ended */
    bool cleans_up;    /* no space before a full stop, "'s" and the like */
    char prefix[MAX_PREFIX_BYTES];
    size_t prefix_bytes; /* 0: every token goes on so */
};

/* "##", and clean: what a folder with a vocab.txt means. */
void decoder_init_bert(struct decoder *decoder);

#endif
