/* SPDX-License-Identifier: Apache-2.0 */

/* How many physical cores this process may really use. Any thread. */
#ifndef NESTD_ENGINE_SCHEDULE_CORES_H
#define NESTD_ENGINE_SCHEDULE_CORES_H

#include <stddef.h>

/* The physical cores in the affinity mask, but no more than the cgroup's CPU quota (v1 and v2, of
 * this group or any above it) rounded up; at least 1. `root` is put before /proc and /sys: "" but
 * in tests. */
size_t cores_count_usable(const char *root);

#endif
