/* SPDX-License-Identifier: Apache-2.0 */

#include "server/text/base64.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz"
                               "0123456789+/";

static char *write_four(char *to, uint32_t bits)
{
    to[0] = alphabet[bits >> 18 & 63];
    to[1] = alphabet[bits >> 12 & 63];
    to[2] = alphabet[bits >> 6 & 63];
    to[3] = alphabet[bits & 63];
    return to + 4;
}

char *base64_write(char *to, const void *bytes, size_t len_bytes)
{
    const unsigned char *from = bytes;

    for (size_t n_whole = len_bytes / 3; n_whole > 0; n_whole--, from += 3)
        to = write_four(to, (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2]);

    switch (len_bytes % 3) {
    case 1:
        to = write_four(to, (uint32_t)from[0] << 16);
        to[-2] = '=';
        to[-1] = '=';
        break;
    case 2:
        to = write_four(to, (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8);
        to[-1] = '=';
        break;
    }
    return to;
}

size_t base64_count_bytes(const char *text, size_t len)
{
    size_t n_padding = 0;

    while (n_padding < 2 && n_padding < len && text[len - 1 - n_padding] == '=')
        n_padding++;
    return len / 4 * 3 - n_padding;
}

/* 0 to 63; 64 for a character that is not in the alphabet. */
static uint32_t read_one(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a' + 26);
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0' + 52);
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

bool base64_read(void *to, size_t len_bytes, const char *text, size_t len)
{
    unsigned char *bytes = to;
    size_t n_written = 0;

    if (len % 4 != 0 || (len > 0 && base64_count_bytes(text, len) != len_bytes) ||
        (len == 0 && len_bytes > 0))
        return false;
    for (size_t i = 0; i < len; i += 4) {
        uint32_t bits = 0;

        for (size_t j = 0; j < 4; j++) {
            const bool is_padding = text[i + j] == '=' && n_written + j > len_bytes;
            const uint32_t one = is_padding ? 0 : read_one(text[i + j]);

            if (one > 63)
                return false;
            bits = bits << 6 | one;
        }
        for (int shift = 16; shift >= 0 && n_written < len_bytes; shift -= 8)
            bytes[n_written++] = (unsigned char)(bits >> shift);
    }
    return true;
}
