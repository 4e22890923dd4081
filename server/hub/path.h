/* SPDX-License-Identifier: Apache-2.0 */

/* Paths of the hub's cache, and the folders above them. Any thread. */
#ifndef NESTD_SERVER_HUB_PATH_H
#define NESTD_SERVER_HUB_PATH_H

#include "engine/engine.h"

#include <stdbool.h>

struct hub_path {
    char text[4096];
};

/* INVALID where it would be longer than a path may be. */
MUST_CHECK enum status hub_path_print(struct hub_path *ret_path, struct error *error,
                                      const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool hub_path_exists(const char *path); /* what a link leads to */
bool hub_path_is_folder(const char *path);

/* Makes the folders above the path that are not there. */
MUST_CHECK enum status hub_path_make_folders(const char *path, struct error *error);

/* Gives a file its final name. OK too where another process has done so: two that write the same
 * file, in containers or where locks do nothing, write it under one temporary name. */
MUST_CHECK enum status hub_path_rename(const char *from, const char *to, struct error *error);

/* A failure to write in the cache, by errno: what to do about a full disk, a cache that may not be
 * written, and the like. */
enum status hub_path_refuse_write(const char *path, int reason, struct error *error);

#endif
