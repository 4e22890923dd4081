/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/lowercase.h"

#include "engine/memory.h"
#include "engine/tokenizer/unicode.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum { CAPITAL_SIGMA = 0x3a3, FINAL_SIGMA = 0x3c2 };

/* Whether the next character of text[len_bytes] that is not ignorable is cased. */
static bool is_cased_next(const char *text, size_t len_bytes)
{
    for (size_t pos = 0; pos < len_bytes;) {
        uint32_t c;
        unsigned flags;

        pos += utf8_decode(text + pos, len_bytes - pos, &c);
        flags = unicode_kind(c).flags;
        if (!(flags & CODE_POINT_IGNORABLE))
            return flags & CODE_POINT_CASED;
    }
    return false;
}

enum status lowercase_text(const char *text, size_t len_bytes, char **ret_lower,
                           size_t *ret_len_bytes)
{
    bool is_cased_before = false;
    size_t most_bytes;
    size_t n = 0;
    char *lower;

    /* No small letters take more than 3 bytes for 2. */
    if (!size_add(len_bytes, len_bytes / 2 + MOST_UTF8_BYTES, &most_bytes))
        return STATUS_NO_MEMORY;
    lower = malloc(most_bytes);
    if (!lower)
        return STATUS_NO_MEMORY;
    for (size_t pos = 0; pos < len_bytes;) {
        uint32_t small[MOST_LOWER_CODE_POINTS];
        uint32_t c;
        unsigned flags;
        size_t n_small;

        pos += utf8_decode(text + pos, len_bytes - pos, &c);
        flags = unicode_kind(c).flags;
        n_small = unicode_lower(c, small);
        if (c == CAPITAL_SIGMA && is_cased_before && !is_cased_next(text + pos, len_bytes - pos))
            small[0] = FINAL_SIGMA;
        for (size_t i = 0; i < n_small; i++)
            n += utf8_encode(small[i], lower + n);
        if (!(flags & CODE_POINT_IGNORABLE))
            is_cased_before = flags & CODE_POINT_CASED;
    }
    *ret_lower = lower;
    *ret_len_bytes = n;
    return STATUS_OK;
}

/* The same place in both texts. */
struct place {
    size_t original;
    size_t lowered;
};

static struct place next_place(struct place place, const char *text, size_t len_bytes)
{
    uint32_t small[MOST_LOWER_CODE_POINTS];
    char bytes[MOST_UTF8_BYTES];
    uint32_t c;
    size_t n_small;

    place.original += utf8_decode(text + place.original, len_bytes - place.original, &c);
    n_small = unicode_lower(c, small);
    for (size_t i = 0; i < n_small; i++)
        place.lowered += utf8_encode(small[i], bytes);
    return place;
}

void lowercase_restore_spans(const char *text, size_t len_bytes, struct token_span *spans,
                             size_t n_spans)
{
    struct place start = {0};

    for (size_t i = 0; i < n_spans; i++) {
        struct place stop;

        if (spans[i].start == SIZE_MAX)
            continue;
        while (start.original < len_bytes) {
            struct place next = next_place(start, text, len_bytes);

            if (next.lowered > spans[i].start)
                break;
            start = next;
        }
        stop = start;
        while (stop.original < len_bytes && stop.lowered < spans[i].stop)
            stop = next_place(stop, text, len_bytes);
        spans[i] = (struct token_span){start.original, stop.original};
    }
}
