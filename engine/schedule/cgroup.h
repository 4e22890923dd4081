/* SPDX-License-Identifier: Apache-2.0 */

/* What the control groups of this process, v1 and v2, allow it. Any thread. */
#ifndef NESTD_ENGINE_SCHEDULE_CGROUP_H
#define NESTD_ENGINE_SCHEDULE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

/* The least of a limit over the process's group and all above it; 0 where none has it. `controller`
 * is v1's name of what is limited; the functions read the limit of the group in one folder, or give
 * 0. `root` is put before /proc and /sys: "" except in tests. */
double cgroup_find_min(const char *root, const char *controller,
                       double (*read_v2)(const char *folder),
                       double (*read_v1)(const char *folder));

/* For such functions: the first line of a small file, without its end. False if it cannot be read.
 */
bool cgroup_read_line(char *ret_line, size_t size, const char *path);

/* A positive decimal number at the start of `text`; 0 if there is none ("max", "-1"). */
double cgroup_positive_number(const char *text);

#endif
