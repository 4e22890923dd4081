/* SPDX-License-Identifier: Apache-2.0 */

/* Folders of a hub's cache that are given in place of a model's. */
#ifndef NESTD_SERVER_HUB_FOLDER_H
#define NESTD_SERVER_HUB_FOLDER_H

#include "server/hub/path.h"

/* The folder of the model that `path` means: itself where it holds one, or the snapshot of a hub's
 * cache (source.h): that of the revision, or where that is NULL of main, or the only one. What is
 * neither is left as it is. INVALID for a cache of several models, or without that snapshot. */
MUST_CHECK enum status hub_folder_find(const char *path, const char *revision,
                                       struct hub_path *ret_folder, struct error *error);

#endif
