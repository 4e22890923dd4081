/* SPDX-License-Identifier: Apache-2.0 */

/* The lines of a batch file, JSON objects, that are of a shard. One owner, one thread. */
#ifndef NESTD_SERVER_BULK_REQUESTS_H
#define NESTD_SERVER_BULK_REQUESTS_H

#include "server/bulk/source.h"
#include "server/records/jsonl.h"

struct requests;

/* Of the setup the path and the shard count. The path must outlive them. */
MUST_CHECK enum status requests_open(struct requests **ret_requests,
                                     const struct source_setup *setup, struct error *error);
void requests_free(struct requests *requests); /* NULL is allowed */

/* The next line's object, for the caller to json_decref; NULL after the last. INVALID, with file and
 * line: that line is none, and the next call goes on after it. IO, NO_MEMORY. */
MUST_CHECK enum status requests_next(struct requests *requests, json_t **ret_object,
                                     struct error *error);

size_t requests_get_number(const struct requests *requests); /* in the file, from 0, of the last */
size_t requests_count(const struct requests *requests);      /* of this shard, so far */
uint32_t requests_get_digest(const struct requests *requests); /* of all of those */
const struct reader *requests_get_reader(const struct requests *requests);

#endif
