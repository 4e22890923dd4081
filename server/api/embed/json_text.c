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

int32_t json_read_hex(const char *at, const char *end)
{
    int32_t value = 0;

    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = at[i];

        if (c >= '0' && c <= '9')
            value = value * 16 + (c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            value = value * 16 + ((c | 0x20) - 'a' + 10);
        else
            return -1;
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

/* Of the escape at *at, which is passed; what it stands for. */
static char *put_escape(const char **at, char *to)
{
    static const char letters[] = "bfnrt";
    static const char meant[] = "\b\f\n\r\t";
    char c = (*at)[1];
    const char *letter = strchr(letters, c);
    uint32_t unit;

    if (c != 'u') {
        *to++ = letter ? meant[letter - letters] : c;
        *at += 2;
        return to;
    }
    unit = (uint32_t)json_read_hex(*at + 2, *at + 6);
    *at += 6;
    if (unit >= 0xd800 && unit < 0xdc00) {
        unit = 0x10000 + ((unit - 0xd800) << 10) +
               ((uint32_t)json_read_hex(*at + 2, *at + 6) - 0xdc00);
        *at += 6;
    }
    return put_utf8(to, unit);
}

size_t json_unescape(struct slice text, char *ret_bytes)
{
    const char *at = text.bytes;
    const char *end = text.bytes + text.len_bytes;
    char *to = ret_bytes;

    while (at < end) {
        if (*at == '\\')
            to = put_escape(&at, to);
        else
            *to++ = *at++;
    }
    return (size_t)(to - ret_bytes);
}
