/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/byte_alphabet.h"
#include "engine/tokenizer/finish/finish.h"
#include "engine/tokenizer/unicode.h"

#include <string.h>

/* Whether the character at the beginning of text[len_bytes] is a space, as it is or as byte level
 * writes it; its bytes. */
static bool is_space(const char *text, size_t len_bytes, size_t *ret_n_bytes)
{
    uint32_t c;

    *ret_n_bytes = utf8_decode(text, len_bytes, &c);
    return c == byte_alphabet_char(' ') || (unicode_kind(c).flags & CODE_POINT_SPACE);
}

static size_t count_leading(const char *text, size_t len_bytes)
{
    size_t n = 0;
    size_t n_bytes;

    for (size_t pos = 0; pos < len_bytes && is_space(text + pos, len_bytes - pos, &n_bytes); n++)
        pos += n_bytes;
    return n;
}

static size_t count_trailing(const char *text, size_t len_bytes)
{
    size_t n = 0;

    while (len_bytes > 0) {
        size_t before = utf8_before(text, len_bytes);
        size_t ignored;

        if (!is_space(text + before, len_bytes - before, &ignored))
            break;
        len_bytes = before;
        n++;
    }
    return n;
}

/* The token as the text has it: with the white space that it has taken there ("  <mask>"), or else
 * as it is in the vocabulary. */
static const char *find_written(const char *text, const struct token_span *span, const char *token,
                                size_t *len_bytes)
{
    const char *slice = text + span->start;
    size_t slice_bytes = span->stop - span->start;
    size_t pos = 0;
    size_t n_bytes;

    while (pos < slice_bytes && is_space(slice + pos, slice_bytes - pos, &n_bytes))
        pos += n_bytes;
    if (slice_bytes - pos < *len_bytes || memcmp(slice + pos, token, *len_bytes) != 0)
        return token;
    *len_bytes = slice_bytes;
    return slice;
}

/* Each space is a character of the text, whichever it is. */
static void trim(const char *text, size_t leading, size_t trailing, struct token_span *span)
{
    size_t stop = span->stop;

    for (; leading > 0 && span->start < span->stop; leading--) {
        uint32_t c;

        span->start += utf8_decode(text + span->start, span->stop - span->start, &c);
    }
    for (; trailing > 0 && stop > 0; trailing--)
        stop = utf8_before(text, stop);
    if (trailing == 0)
        span->stop = stop > span->start ? stop : span->start;
}

void finish_trim(const struct finish *finish, const struct vocab *vocab, const char *text,
                 const int32_t *ids, struct token_span *spans, size_t n)
{
    for (size_t i = 0; i < n && finish->trims; i++) {
        size_t len_bytes = vocab->tokens[ids[i]].len_bytes;
        const char *written = find_written(text, &spans[i], vocab_text(vocab, ids[i]), &len_bytes);
        size_t leading = count_leading(written, len_bytes);

        /* A single one may have been put there. */
        if (leading == 1 && finish->has_prefix && (i == 0 || spans[i].start == 0))
            leading = 0;
        trim(text, leading, count_trailing(written, len_bytes), &spans[i]);
    }
}
