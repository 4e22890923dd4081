/* SPDX-License-Identifier: Apache-2.0 */

/* What the control groups of this process, v1 and v2, allow it. Any thread. */
#ifndef NESTD_ENGINE_SCHEDULE_CGROUP_H
#define NESTD_ENGINE_SCHEDULE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

/* Visits the folders of the process's group and of all above it that can be seen, in the hierarchies
 * of v2 and of v1 with that controller. `root` is put before /proc and /sys: "" except in tests. */
typedef void cgroup_visit(void *user, const char *folder);
void cgroup_walk(const char *root, const char *controller, cgroup_visit *visit_v2,
                 cgroup_visit *visit_v1, void *user);

/* The least of a limit over the process's group and all above it; 0 where none has it. `controller`
 * is v1's name of what is limited; the functions read the limit of the group in one folder, or give
 * 0. */
double cgroup_find_min(const char *root, const char *controller,
                       double (*read_v2)(const char *folder),
                       double (*read_v1)(const char *folder));

/* For such functions: the first line of a small file, without its end. False if it cannot be read.
 */
bool cgroup_read_line(char *ret_line, size_t size, const char *path);

/* A positive decimal number at the start of `text`; 0 if there is none ("max", "-1"). */
double cgroup_positive_number(const char *text);

#endif
