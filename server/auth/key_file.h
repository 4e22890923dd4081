/* SPDX-License-Identifier: Apache-2.0 */

/* The text of a file of API keys. Pure; for api_keys.
 *
 *     # a comment, and blank lines, are skipped
 *     KEY
 *     KEY 2027-01-31T12:00:00Z      refused from then on (UTC)
 *
 * Spaces and tabs may surround each word; lines may end as on Windows. */
#ifndef NESTD_SERVER_AUTH_KEY_FILE_H
#define NESTD_SERVER_AUTH_KEY_FILE_H

#include "server/auth/key_list.h"

#include <stddef.h>

/* Adds the keys to *list. The error names the line, as "NAME:3: ...", and never a key. On failure
 * some keys may have been added. */
MUST_CHECK enum status key_file_parse(const char *name, const char *text, size_t len_bytes,
                                      struct key_list *list, struct error *error);

#endif
