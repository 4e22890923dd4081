/* SPDX-License-Identifier: Apache-2.0 */

/* How much memory this process may still take. Any thread. */
#ifndef NESTD_ENGINE_SCHEDULE_MEMORY_LEFT_H
#define NESTD_ENGINE_SCHEDULE_MEMORY_LEFT_H

#include <stddef.h>

/* What the machine has available, but no more than the cgroup's limit (v1 and v2, of this group or
 * any above it) leaves beside what the process holds. 0: unknown, or there is none.
 * `root` is put before /proc and /sys: "" except in tests. */
size_t memory_left(const char *root);

#endif
