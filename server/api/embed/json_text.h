/* SPDX-License-Identifier: Apache-2.0 */

/* Questions about a JSON text that json_scan.h has read. Pure; any thread. */
#ifndef NESTD_SERVER_API_EMBED_JSON_TEXT_H
#define NESTD_SERVER_API_EMBED_JSON_TEXT_H

#include "server/text/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* Where a byte stands: both count from 1; a column is a character. */
struct json_place {
    size_t line;
    size_t column;
};
struct json_place json_find_place(struct slice text, size_t position);

/* Whether two keys mean the same: what stands between the quotes of each, with escapes or without;
 * both are valid. */
bool json_same_key(struct slice left, struct slice right);

#endif
