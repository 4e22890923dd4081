/* SPDX-License-Identifier: Apache-2.0 */

/* A file that is written from its beginning to its end, and that is there under its name only once
 * it is whole: until then it is NAME.partial. What is no regular file, a pipe or "-" for stdout, is
 * written at once. One owner; but output_sync and output_write_at may run on another thread. */
#ifndef NESTD_SERVER_BULK_OUTPUT_H
#define NESTD_SERVER_BULK_OUTPUT_H

#include "engine/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct output;

/* Whether what stands at the path, or would, is written at once. */
bool output_is_stream(const char *path);

/* Opens NAME.partial, cut to its first keep_bytes. A file that another process writes is BUSY:
 * STATUS_OVERLOADED. IO (also one that has fewer), NO_MEMORY. */
MUST_CHECK enum status output_open(struct output **ret_output, const char *path,
                                   uint64_t keep_bytes, struct error *error);

/* Closes it, and leaves what was written. NULL is allowed. */
void output_close(struct output *output);

/* Bytes appended are written in blocks. IO names file and reason, such as a full disk; after that
 * nothing more is written. */
MUST_CHECK enum status output_append(struct output *output, const void *bytes, size_t len_bytes,
                                     struct error *error);
MUST_CHECK enum status output_flush(struct output *output, struct error *error);
uint64_t output_get_size(const struct output *output); /* with what is not flushed */

/* Has what was flushed on the disk, come what may. */
MUST_CHECK enum status output_sync(struct output *output, struct error *error);

/* Writes over what is flushed. */
MUST_CHECK enum status output_write_at(struct output *output, uint64_t offset, const void *bytes,
                                       size_t len_bytes, struct error *error);

/* Gives it its name; before, it was flushed and synced. */
MUST_CHECK enum status output_publish(struct output *output, struct error *error);

/* NAME with the ending, for the caller to free; NULL: no memory. */
char *output_name(const char *path, const char *ending);

/* A rename of a file lasts once its folder is on the disk. Where that cannot be had, nothing can be
 * done. */
void output_sync_folder(const char *path);

/* Writes a small file whole: a new one, synced, that takes the place of the old. */
MUST_CHECK enum status output_replace(const char *path, const void *bytes, size_t len_bytes,
                                      struct error *error);

#endif
