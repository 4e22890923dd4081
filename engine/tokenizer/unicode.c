/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/unicode.h"

struct lower_run {
    uint32_t first;
    uint32_t last;
    uint32_t step;
    int32_t delta;
};

#include "engine/tokenizer/unicode_tables.inc"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

struct code_point_kind unicode_kind(uint32_t c)
{
    uint32_t key = c << 8 | 0xff;
    size_t low = 0; /* runs[low] begins at c or before it, runs[high] after it */
    size_t high = LENGTH(runs);

    if (c < 0x10000) {
        low = pages[c >> 8];
        high = pages[(c >> 8) + 1] + 1u;
    }
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (runs[middle] <= key)
            low = middle;
        else
            high = middle;
    }
    return kinds[runs[low] & 0xff];
}

size_t unicode_lower(uint32_t c, uint32_t ret_lower[MAX_LOWER_CODE_POINTS])
{
    size_t low = 0;
    size_t high = LENGTH(lower_runs);

    if (c == 0x130) {
        ret_lower[0] = 'i';
        ret_lower[1] = 0x307;
        return 2;
    }
    ret_lower[0] = c;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct lower_run *run = &lower_runs[middle];

        if (c < run->first) {
            high = middle;
        } else if (c > run->last) {
            low = middle + 1;
        } else {
            if ((c - run->first) % run->step == 0)
                ret_lower[0] = c + (uint32_t)run->delta;
            break;
        }
    }
    return 1;
}

/* How many bytes a sequence that begins with `first` has; 0 where none may begin so. */
static size_t sequence_bytes(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2)
        return 0;
    if (first < 0xe0)
        return 2;
    if (first < 0xf0)
        return 3;
    return first < 0xf5 ? 4 : 0;
}

bool utf8_is_valid(const char *text, size_t len_bytes)
{
    static const uint32_t min[] = {0, 0, 0x80, 0x800, 0x10000};

    for (size_t pos = 0; pos < len_bytes;) {
        size_t n = sequence_bytes((unsigned char)text[pos]);
        uint32_t c;

        if (n == 0 || n > len_bytes - pos)
            return false;
        for (size_t i = 1; i < n; i++)
            if (((unsigned char)text[pos + i] & 0xc0) != 0x80)
                return false;
        utf8_decode(text + pos, n, &c);
        if (c < min[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
            return false;
        pos += n;
    }
    return true;
}
