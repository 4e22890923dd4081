/* SPDX-License-Identifier: Apache-2.0 */
#include "server/fault.h"

#include <stdio.h>
#include <string.h>

enum { EXCERPT_MOST_BYTES = 40 };

/* How many of bytes[len_bytes], valid UTF-8 but for its end, are whole characters. */
static size_t whole_characters(const char *bytes, size_t len_bytes)
{
    size_t start = len_bytes; /* of the last character */
    unsigned char lead;
    size_t size;

    while (start > 0 && ((unsigned char)bytes[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0)
        return 0;
    start--;
    lead = (unsigned char)bytes[start];
    if (lead < 0x80)
        size = 1;
    else if (lead < 0xe0)
        size = 2;
    else if (lead < 0xf0)
        size = 3;
    else
        size = 4;
    return len_bytes - start >= size ? len_bytes : start;
}

/* The length of the character at the start of `bytes`, a NUL-terminated string; 0 if there is none.
 * By RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
static size_t character_size(const unsigned char *bytes)
{
    size_t size = bytes[0] < 0x80 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
    unsigned char least = 0x80;
    unsigned char most = 0xbf;

    if (size == 1)
        return 1;
    if (bytes[0] < 0xc2 || bytes[0] > 0xf4)
        return 0;
    if (bytes[0] == 0xe0)
        least = 0xa0;
    else if (bytes[0] == 0xf0)
        least = 0x90;
    else if (bytes[0] == 0xed)
        most = 0x9f;
    else if (bytes[0] == 0xf4)
        most = 0x8f;
    if (bytes[1] < least || bytes[1] > most)
        return 0;
    for (size_t i = 2; i < size; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    }
    return size;
}

/* Paths and names come from outside without a promise. */
static void replace_invalid(char *text)
{
    while (*text) {
        size_t size = character_size((const unsigned char *)text);

        if (size == 0)
            *text = '?';
        text += size ? size : 1;
    }
}

void fault_set_va(struct fault *ret_fault, enum problem problem, const char *param,
                  const char *format, va_list arguments)
{
    ret_fault->problem = problem;
    snprintf(ret_fault->param, sizeof(ret_fault->param), "%s", param ? param : "");
    vsnprintf(ret_fault->message, sizeof(ret_fault->message), format, arguments);
    ret_fault->message[whole_characters(ret_fault->message, strlen(ret_fault->message))] = '\0';
    replace_invalid(ret_fault->message);
}

bool fault_set(struct fault *ret_fault, enum problem problem, const char *param, const char *format,
               ...)
{
    va_list arguments;

    va_start(arguments, format);
    fault_set_va(ret_fault, problem, param, format, arguments);
    va_end(arguments);
    return false;
}

struct excerpt excerpt_of(struct slice slice)
{
    bool cut = slice.len_bytes > EXCERPT_MOST_BYTES;
    size_t n = cut ? whole_characters(slice.bytes, EXCERPT_MOST_BYTES) : slice.len_bytes;
    struct excerpt excerpt;

    for (size_t i = 0; i < n; i++)
        excerpt.text[i] = (unsigned char)slice.bytes[i] < 0x20 ? '?' : slice.bytes[i];
    memcpy(excerpt.text + n, cut ? "..." : "", cut ? 4 : 1);
    return excerpt;
}
