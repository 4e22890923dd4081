/* SPDX-License-Identifier: Apache-2.0 */
#include "server/text/utf8.h"

size_t utf8_character_size(const char *bytes, size_t len_bytes)
{
    unsigned char lead = len_bytes > 0 ? (unsigned char)bytes[0] : 0xff;
    size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    unsigned char min = 0x80; /* of the second byte */
    unsigned char max = 0xbf;

    if (size == 1)
        return 1;
    if (lead < 0xc2 || lead > 0xf4 || size > len_bytes)
        return 0;
    if (lead == 0xe0)
        min = 0xa0;
    else if (lead == 0xf0)
        min = 0x90;
    else if (lead == 0xed)
        max = 0x9f;
    else if (lead == 0xf4)
        max = 0x8f;
    if ((unsigned char)bytes[1] < min || (unsigned char)bytes[1] > max)
        return 0;
    for (size_t i = 2; i < size; i++) {
        if (((unsigned char)bytes[i] & 0xc0) != 0x80)
            return 0;
    }
    return size;
}

size_t utf8_measure_valid(const char *bytes, size_t len_bytes)
{
    size_t at = 0;
    size_t size;

    while (at < len_bytes && (size = utf8_character_size(bytes + at, len_bytes - at)) > 0)
        at += size;
    return at;
}
