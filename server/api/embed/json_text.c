/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/embed/json_text.h"

#include <stdint.h>

struct json_place json_find_place(struct slice text, size_t position)
{
    struct json_place place = {1, 1};

    for (size_t i = 0; i < position; i++) {
        if (text.bytes[i] == '\n') {
            place.line++;
            place.column = 1;
        } else if (((unsigned char)text.bytes[i] & 0xc0) != 0x80) {
            place.column++;
        }
    }
    return place;
}

static uint32_t read_hex(const char *at)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)at[i];

        value = value * 16 + (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

static char *put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *to++ = (char)(0xe0 | c >> 12);
        } else {
            *to++ = (char)(0xf0 | c >> 18);
            *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        }
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (c & 0x3f));
    return to;
}

/* A key that is read byte by byte, its escapes as what they stand for. */
struct reader {
    const char *at;
    const char *end;
    char bytes[4]; /* of the escape at hand: those from first to n are still to be given */
    size_t first;
    size_t n;
};

static void read_escape(struct reader *reader)
{
    static const char letters[] = "bfnrt";
    static const char meant[] = "\b\f\n\r\t";
    char c = reader->at[1];
    const char *letter = strchr(letters, c);
    uint32_t unit;

    reader->first = 0;
    if (c != 'u') {
        reader->bytes[0] = letter ? meant[letter - letters] : c;
        reader->n = 1;
        reader->at += 2;
        return;
    }
    unit = read_hex(reader->at + 2);
    reader->at += 6;
    if (unit >= 0xd800 && unit < 0xdc00) {
        unit = 0x10000 + ((unit - 0xd800) << 10) + (read_hex(reader->at + 2) - 0xdc00);
        reader->at += 6;
    }
    reader->n = (size_t)(put_utf8(reader->bytes, unit) - reader->bytes);
}

/* The next byte, or -1 at the end. */
static int read_byte(struct reader *reader)
{
    if (reader->first == reader->n) {
        if (reader->at == reader->end)
            return -1;
        if (*reader->at != '\\')
            return (unsigned char)*reader->at++;
        read_escape(reader);
    }
    return (unsigned char)reader->bytes[reader->first++];
}

bool json_same_key(struct slice left, struct slice right)
{
    struct reader a = {.at = left.bytes, .end = left.bytes + left.len_bytes};
    struct reader b = {.at = right.bytes, .end = right.bytes + right.len_bytes};
    int byte;

    if (!memchr(left.bytes, '\\', left.len_bytes) && !memchr(right.bytes, '\\', right.len_bytes))
        return left.len_bytes == right.len_bytes &&
               memcmp(left.bytes, right.bytes, left.len_bytes) == 0;
    do {
        byte = read_byte(&a);
        if (byte != read_byte(&b))
            return false;
    } while (byte >= 0);
    return true;
}
