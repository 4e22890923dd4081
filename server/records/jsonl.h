/* SPDX-License-Identifier: Apache-2.0 */

/* JSON Lines: an object a line. One owner, one thread. */
#ifndef NESTD_SERVER_RECORDS_JSONL_H
#define NESTD_SERVER_RECORDS_JSONL_H

#include "server/records/reader.h"

#include <stdbool.h>

/* The next line's object, for the caller to json_decref; NULL after the last. Lines of nothing but
 * spaces are passed over. */
MUST_CHECK enum status jsonl_next(struct reader *reader, json_t **ret_object, struct error *error);

/* A member that is a text, borrowed from the object. Where there is none, or null: STATUS_INVALID
 * if it is required, else bytes is NULL. */
MUST_CHECK enum status jsonl_get_text(const struct reader *reader, const json_t *object,
                                      const char *key, bool required, struct slice *ret_text,
                                      struct error *error);

#endif
