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
