/* SPDX-License-Identifier: Apache-2.0 */

/* How often the process was stopped because its cgroup's CPU quota was used up. Any thread. */
#ifndef NESTD_ENGINE_SCHEDULE_THROTTLING_H
#define NESTD_ENGINE_SCHEDULE_THROTTLING_H

#include <stdint.h>

struct throttling {
    uint64_t n_periods;   /* in which a group with a quota wanted to run */
    uint64_t n_throttled; /* of those, in which its quota did not last */
    uint64_t stopped_us;  /* summed over CPUs, as the kernel does */
};

/* From cpu.stat of the process's group and all above it (v1 and v2), added up; zeros where there is
 * no quota. `root` is put before /proc and /sys: "" except in tests. */
struct throttling throttling_read(const char *root);

#endif
