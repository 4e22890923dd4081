/* SPDX-License-Identifier: Apache-2.0 */

/* What may be a model's name on the hub, a revision of it, and the path of one of its files. All
 * three become parts of paths and addresses, so nothing is taken that could lead elsewhere. Pure. */
#ifndef NESTD_SERVER_HUB_NAME_H
#define NESTD_SERVER_HUB_NAME_H

#include <stdbool.h>

#define HUB_DEFAULT_REVISION "main"

enum {
    HUB_NAME_MAX_BYTES = 2 * 96 + 1,
    HUB_REVISION_MAX_BYTES = 255,
    HUB_PATH_MAX_BYTES = 1024,
    HUB_COMMIT_BYTES = 40,
};

/* "ORG/NAME", of letters, digits, '.', '_' and '-', as the hub allows them. */
bool hub_name_is_valid(const char *name);

/* A branch, a tag or a commit: "main", "v1.0", "refs/pr/1". */
bool hub_revision_is_valid(const char *revision);

/* A commit's whole hash. Such a revision never changes. */
bool hub_revision_is_commit(const char *revision);

/* A file's path within its model: relative, of parts that are neither empty nor "." nor "..",
 * without control characters and backslashes. */
bool hub_path_is_valid(const char *path);

#endif
