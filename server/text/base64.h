/* SPDX-License-Identifier: Apache-2.0 */

/* Base64 of RFC 4648 section 4: the standard alphabet, padded, no line breaks. Any thread; nothing
 * can fail. */
#ifndef NESTD_SERVER_TEXT_BASE64_H
#define NESTD_SERVER_TEXT_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* The characters that `len_bytes` bytes become; len_bytes is at most half of SIZE_MAX. */
static inline size_t base64_length(size_t len_bytes)
{
    return (len_bytes / 3 + (len_bytes % 3 != 0)) * 4;
}

/* Writes base64_length(len_bytes) characters, without a terminating NUL. Returns the byte after
 * them. */
char *base64_write(char *to, const void *bytes, size_t len_bytes);

/* How many bytes text[len], a whole number of fours, stands for, if it is base64. */
size_t base64_count_bytes(const char *text, size_t len);

/* Reads text[len], which must stand for just len_bytes bytes. False where it does not: another
 * length, another alphabet, padding elsewhere than at the end. */
bool base64_read(void *to, size_t len_bytes, const char *text, size_t len);

#endif
