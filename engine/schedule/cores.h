/* SPDX-License-Identifier: Apache-2.0 */

/* Which processor cores this process may really use, and who is on which. Any thread. */
#ifndef NESTD_ENGINE_SCHEDULE_CORES_H
#define NESTD_ENGINE_SCHEDULE_CORES_H

#include <stddef.h>

/* The physical cores in the affinity mask, but no more than the cgroup's CPU quota (v1 and v2, of
 * this group or any above it) rounded up; at least 1. `root` is put before /proc and /sys: "" but
 * in tests. */
size_t cores_count_usable(const char *root);

/* Where there are as many threads as CPUs in the calling thread's affinity mask, keeps it, thread i
 * of n_threads, on the i-th of them; else does nothing. A helper that the kernel wakes on its
 * owner's CPU would take turns with it there while another idles, and the two wait for each other
 * in every step: a lone text of 1 ms took 12 in a quarter of all cases. */
void cores_bind(size_t i, size_t n_threads);

#endif
