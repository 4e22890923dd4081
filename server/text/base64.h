/* SPDX-License-Identifier: Apache-2.0 */

/* Base64 of RFC 4648 section 4: the standard alphabet, padded, no line breaks. Any thread; nothing
 * can fail. */
#ifndef NESTD_SERVER_TEXT_BASE64_H
#define NESTD_SERVER_TEXT_BASE64_H

#include <stddef.h>

/* The characters that `len_bytes` bytes become; len_bytes is at most half of SIZE_MAX. */
static inline size_t base64_length(size_t len_bytes)
{
    return (len_bytes / 3 + (len_bytes % 3 != 0)) * 4;
}

/* Writes base64_length(len_bytes) characters, without a terminating NUL. Returns the byte after
 * them. */
char *base64_write(char *to, const void *bytes, size_t len_bytes);

#endif
