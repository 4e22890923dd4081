/* SPDX-License-Identifier: Apache-2.0 */

/* Opens and reads the files of a model folder. Any thread. */
#ifndef NESTD_ENGINE_FILES_FILE_H
#define NESTD_ENGINE_FILES_FILE_H

#include "engine/base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* "folder/name", for the caller to free; only `name` where `folder` is "", and `folder` where
 * `name` is. NULL when memory is short. */
char *path_join(const char *folder, const char *name);

/* What follows the last '/': borrowed from `path`. */
const char *path_last_part(const char *path);

/* Whether there is something of that name, be it a link that leads nowhere: opening it tells. */
bool file_exists(const char *path);

/* Opens a regular file for reading; anything else (a folder, a pipe) is STATUS_INVALID, and so is
 * what Git LFS leaves in a file's place. The caller closes *ret_fd. */
MUST_CHECK enum status file_open(const char *path, int *ret_fd, size_t *ret_len_bytes,
                                 struct error *error);

/* The bytes of a regular file, for the caller to free; one of more than max_bytes is
 * STATUS_INVALID. */
MUST_CHECK enum status file_read(const char *path, size_t max_bytes, char **ret_bytes,
                                 size_t *ret_len_bytes, struct error *error);

#endif
