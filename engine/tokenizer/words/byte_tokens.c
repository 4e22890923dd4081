/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/words/byte_tokens.h"

#include <stdio.h>
#include <string.h>

void byte_tokens_find(struct byte_tokens *ret_tokens, const struct vocab *vocab)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        char text[8];

        snprintf(text, sizeof text, "<0x%02X>", byte);
        ret_tokens->ids[byte] = trie_find(&vocab->words, text, strlen(text));
    }
}

void byte_tokens_clear(struct byte_tokens *ret_tokens)
{
    for (unsigned byte = 0; byte < 256; byte++)
        ret_tokens->ids[byte] = VOCAB_NO_ID;
}

bool byte_tokens_cover(const struct byte_tokens *tokens, const struct word *word, size_t start,
                       size_t stop)
{
    for (size_t i = start; i < stop; i++)
        if (tokens->ids[(unsigned char)word->bytes[i]] == VOCAB_NO_ID)
            return false;
    return true;
}
