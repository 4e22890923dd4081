/* SPDX-License-Identifier: Apache-2.0 */

/* The lock of a blob of the cache, as huggingface_hub takes it: flock on a file of its own, which
 * stays. It saves a second download and no more: where a file system's flock does nothing, two
 * that write the same blob write the same bytes to the same places, and both check them. */
#ifndef NESTD_SERVER_HUB_BLOB_LOCK_H
#define NESTD_SERVER_HUB_BLOB_LOCK_H

#include "engine/engine.h"

/* Opens the lock's file, whose folder must be there, and tries to take it. *ret_lock is -1 where
 * another process has it. */
MUST_CHECK enum status blob_lock_try(const char *path, int *ret_lock, struct error *error);

void blob_lock_release(int lock); /* below 0 is allowed */

#endif
