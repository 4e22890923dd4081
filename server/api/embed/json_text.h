/* SPDX-License-Identifier: Apache-2.0 */

/* Reading parts of a JSON text. Pure; any thread. */
#ifndef NESTD_SERVER_API_EMBED_JSON_TEXT_H
#define NESTD_SERVER_API_EMBED_JSON_TEXT_H

#include "server/text/slice.h"

#include <stddef.h>
#include <stdint.h>

/* The place of a byte: both count from 1; a column is a character. */
struct json_place {
    size_t line;
    size_t column;
};
struct json_place json_find_place(struct slice text, size_t position);

/* The value of the four hexadecimal digits at the start of at..end, or -1. */
int32_t json_read_hex(const char *at, const char *end);

/* Decodes the escapes of a valid text, given without its quotes. Writes at most as many bytes as it
 * has, and returns how many. */
size_t json_unescape(struct slice text, char *ret_bytes);

#endif
