/* SPDX-License-Identifier: Apache-2.0 */

/* UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. Pure; any thread. */
#ifndef NESTD_SERVER_TEXT_UTF8_H
#define NESTD_SERVER_TEXT_UTF8_H

#include <stddef.h>

/* The length of the character at the start of bytes[len_bytes], 1 to 4; 0 if it is not valid. */
size_t utf8_character_size(const char *bytes, size_t len_bytes);

/* How many bytes from the start on are valid characters; len_bytes if all are. */
size_t utf8_measure_valid(const char *bytes, size_t len_bytes);

#endif
