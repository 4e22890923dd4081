/* SPDX-License-Identifier: Apache-2.0 */

/* What the official tokenizer takes a code point for, its small letter, and UTF-8. Pure; any
 * thread. */
#ifndef NESTD_ENGINE_TOKENIZER_UNICODE_H
#define NESTD_ENGINE_TOKENIZER_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order of FLAGS in unicode_tables.py. */
enum code_point_flag {
    CODE_POINT_CONTROL = 1 << 0,     /* clean_text drops it */
    CODE_POINT_SPACE = 1 << 1,       /* it ends a word */
    CODE_POINT_PUNCTUATION = 1 << 2, /* it is a word of its own */
    CODE_POINT_MARK = 1 << 3,        /* strip_accents drops it */
    CODE_POINT_HAN = 1 << 4,         /* handle_chinese_chars puts spaces round it */
    CODE_POINT_DECOMPOSES = 1 << 5,  /* canonically, to something else */
    CODE_POINT_UPPER = 1 << 6,       /* its lower case is another */
    CODE_POINT_COMPATIBLE =
        1 << 7, /* its compatibility decomposition is another than the canonical */
    CODE_POINT_COMBINING = 1 << 8, /* StripAccents drops it */
    CODE_POINT_LETTER = 1 << 9,    /* \p{L} */
    CODE_POINT_NUMBER = 1 << 10,   /* \p{N} */
    CODE_POINT_WORD = 1 << 11,     /* \w */
    CODE_POINT_NUMERIC = 1 << 12   /* Digits splits it off */
};

struct code_point_kind {
    uint16_t flags;          /* enum code_point_flag */
    uint8_t combining_class; /* canonical; 0 begins a new sequence of marks */
};

struct code_point_kind unicode_kind(uint32_t c);

/* The small letter of `c`, which may be two code points (of U+0130 alone); how many. */
enum { MAX_LOWER_CODE_POINTS = 2 };
size_t unicode_lower(uint32_t c, uint32_t ret_lower[MAX_LOWER_CODE_POINTS]);

enum { MAX_UTF8_BYTES = 4 };

/* Strict: no surrogates, no longer forms than needed, nothing above U+10FFFF. */
bool utf8_is_valid(const char *text, size_t len_bytes);

/* How many bytes the code point at the beginning of text[len_bytes], valid and not empty, has. */
static inline size_t utf8_decode(const char *text, size_t len_bytes, uint32_t *ret_c)
{
    const unsigned char *s = (const unsigned char *)text;

    if (s[0] < 0x80) {
        *ret_c = s[0];
        return 1;
    }
    if (s[0] < 0xe0 && len_bytes >= 2) {
        *ret_c = (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu);
        return 2;
    }
    if (s[0] < 0xf0 && len_bytes >= 3) {
        *ret_c = (s[0] & 0x0fu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
        return 3;
    }
    if (len_bytes >= 4) {
        *ret_c = (s[0] & 0x07u) << 18 | (s[1] & 0x3fu) << 12 | (s[2] & 0x3fu) << 6 | (s[3] & 0x3fu);
        return 4;
    }
    *ret_c = 0xfffd;
    return 1;
}

/* How many bytes `c` has in UTF-8. */
static inline size_t utf8_bytes(uint32_t c)
{
    if (c < 0x80)
        return 1;
    if (c < 0x800)
        return 2;
    return c < 0x10000 ? 3 : 4;
}

/* Writes `c`, a code point that may stand in UTF-8; how many bytes. */
static inline size_t utf8_encode(uint32_t c, char ret_text[MAX_UTF8_BYTES])
{
    if (c < 0x80) {
        ret_text[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        ret_text[0] = (char)(0xc0 | c >> 6);
        ret_text[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        ret_text[0] = (char)(0xe0 | c >> 12);
        ret_text[1] = (char)(0x80 | (c >> 6 & 0x3f));
        ret_text[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    ret_text[0] = (char)(0xf0 | c >> 18);
    ret_text[1] = (char)(0x80 | (c >> 12 & 0x3f));
    ret_text[2] = (char)(0x80 | (c >> 6 & 0x3f));
    ret_text[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* Where the code point before byte `pos` of the valid `text` begins; pos > 0. */
static inline size_t utf8_before(const char *text, size_t pos)
{
    do
        pos--;
    while (pos > 0 && ((unsigned char)text[pos] & 0xc0) == 0x80);
    return pos;
}

#endif
