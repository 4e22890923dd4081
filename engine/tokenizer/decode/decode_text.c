/* SPDX-License-Identifier: Apache-2.0 */

/* The official tokenizer decodes a token at a time: the prefix comes off or a space goes before it,
 * then the token is cleaned up by itself. So a space is taken out before the token "." and not
 * within "a ' s", which are three tokens. */
#include "engine/tokenizer/decode/decode_text.h"

#include "engine/tokenizer/encode.h"
#include "engine/tokenizer/tokenizer.h"

#include <stdlib.h>
#include <string.h>

/* One clean-up: every `old` of a token becomes `new`, which is never longer. */
struct replacement {
    const char *old;
    const char *new;
};

/* In the official order, each on what the one before left. */
static const struct replacement replacements[] = {
    {" .", "."},   {" ?", "?"},     {" !", "!"},     {" ,", ","},
    {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},   {" do not", " don't"},
    {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
};

void decoder_init_bert(struct decoder *decoder)
{
    *decoder = (struct decoder){
        .joins_pieces = true, .cleans_up = true, .prefix = "##", .prefix_bytes = 2};
}

/* In place; the new length. */
static size_t replace_all(char *text, size_t len_bytes, const struct replacement *replacement)
{
    size_t old_bytes = strlen(replacement->old);
    size_t new_bytes = strlen(replacement->new);
    size_t from = 0;
    size_t to = 0;

    while (from < len_bytes) {
        if (len_bytes - from < old_bytes || memcmp(text + from, replacement->old, old_bytes) != 0) {
            text[to++] = text[from++];
            continue;
        }
        memcpy(text + to, replacement->new, new_bytes);
        to += new_bytes;
        from += old_bytes;
    }
    return to;
}

/* Writes one token, at most a byte longer than it is; the byte after it. */
static char *write_token(const struct decoder *decoder, const char *token, size_t len_bytes,
                         bool is_first, char *to)
{
    size_t prefix_bytes = decoder->prefix_bytes;
    char *start = to;

    if (!is_first && decoder->joins_pieces && len_bytes >= prefix_bytes &&
        memcmp(token, decoder->prefix, prefix_bytes) == 0) {
        token += prefix_bytes;
        len_bytes -= prefix_bytes;
    } else if (!is_first) {
        *to++ = ' ';
    }
    memcpy(to, token, len_bytes);
    len_bytes += (size_t)(to - start);
    if (decoder->cleans_up)
        for (size_t i = 0; i < sizeof replacements / sizeof *replacements; i++)
            len_bytes = replace_all(start, len_bytes, &replacements[i]);
    return start + len_bytes;
}

/* Of an id without a token nothing is said, nor of a special one that is to be left out. */
static bool is_said(const struct tokenizer *tokenizer, int32_t id, bool skip_special)
{
    return vocab_knows(&tokenizer->vocab, id) &&
           !(skip_special && tokenizer->vocab.tokens[id].special);
}

enum status tokenizer_decode(const struct tokenizer *tokenizer, const int32_t *ids, size_t n_ids,
                             bool skip_special, char **ret_text, size_t *ret_len_bytes)
{
    size_t max_bytes = 1; /* malloc(0) may be NULL */
    bool is_first = true;
    char *text;
    char *to;

    for (size_t i = 0; i < n_ids; i++) {
        if (ids[i] < 0 || (size_t)ids[i] >= tokenizer->vocab.n_ids)
            return STATUS_INVALID;
        if (is_said(tokenizer, ids[i], skip_special) &&
            __builtin_add_overflow(max_bytes, tokenizer->vocab.tokens[ids[i]].len_bytes + 1ul,
                                   &max_bytes))
            return STATUS_NO_MEMORY;
    }
    text = malloc(max_bytes);
    if (!text)
        return STATUS_NO_MEMORY;
    to = text;
    for (size_t i = 0; i < n_ids; i++) {
        if (!is_said(tokenizer, ids[i], skip_special))
            continue;
        to = write_token(&tokenizer->decoder, vocab_text(&tokenizer->vocab, ids[i]),
                         tokenizer->vocab.tokens[ids[i]].len_bytes, is_first, to);
        is_first = false;
    }
    *ret_text = text;
    *ret_len_bytes = (size_t)(to - text);
    return STATUS_OK;
}
