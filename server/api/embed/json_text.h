/* SPDX-License-Identifier: Apache-2.0 */

/* Questions about a JSON text that json_scan.h has read. Pure; any thread. */
#ifndef NESTD_SERVER_API_EMBED_JSON_TEXT_H
#define NESTD_SERVER_API_EMBED_JSON_TEXT_H

#include "server/text/slice.h"

#include <stddef.h>

/* Where a byte stands: both count from 1; a column is a character. */
struct json_place {
    size_t line;
    size_t column;
};
struct json_place json_find_place(struct slice text, size_t position);

/* Writes what stands between the quotes of a valid text as what its escapes stand for: at most as
 * many bytes as it has. Returns how many. */
size_t json_unescape(struct slice text, char *ret_bytes);

#endif
