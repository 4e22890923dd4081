/* SPDX-License-Identifier: Apache-2.0 */

/* Folders of a hub's cache that are given in place of a model's. */
#ifndef NESTD_SERVER_HUB_FOLDER_H
#define NESTD_SERVER_HUB_FOLDER_H

#include "server/hub/path.h"

/* The folder of the model that `path` means: itself where it holds one, or the snapshot of a hub's
 * cache, as source.h has it. What is neither is left as it is. INVALID for a cache of several
 * models, or one without that revision. */
MUST_CHECK enum status hub_folder_find(const char *path, const char *revision,
                                       struct hub_path *ret_folder, struct error *error);

/* NAME where the path is .../models--ORG--NAME/snapshots/COMMIT; else false. */
bool hub_folder_get_name(const char *path, struct hub_path *ret_name);

#endif
