/* SPDX-License-Identifier: Apache-2.0 */

/* GPT-2's way to write any bytes as printable characters: 188 bytes as themselves, the others as
 * U+0100 and on. */
#ifndef NESTD_ENGINE_TOKENIZER_BYTE_ALPHABET_H
#define NESTD_ENGINE_TOKENIZER_BYTE_ALPHABET_H

#include <stdbool.h>
#include <stdint.h>

enum { BYTE_ALPHABET_END = 0x144 }; /* all its characters are below */

static inline bool byte_alphabet_keeps(unsigned byte)
{
    return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte != 0xad);
}

/* The character that a byte is written as. */
static inline uint32_t byte_alphabet_char(unsigned byte)
{
    if (byte_alphabet_keeps(byte))
        return byte;
    if (byte <= 0x20)
        return 0x100 + byte;
    return byte == 0xad ? 0x143 : 0x121 + (byte - 0x7f);
}

/* The byte that a character stands for; -1 for a character of no byte. */
static inline int byte_alphabet_byte(uint32_t c)
{
    if (c < 0x100)
        return byte_alphabet_keeps(c) ? (int)c : -1;
    if (c <= 0x120)
        return (int)(c - 0x100);
    if (c <= 0x142)
        return (int)(c - 0x121 + 0x7f);
    return c == 0x143 ? 0xad : -1;
}

#endif
