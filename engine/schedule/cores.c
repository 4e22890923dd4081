/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule/cores.h"

#include "engine/schedule/cgroup.h"

#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_CPUS = 4096,
    PATH_BYTES = 1024,
};

/* ---- affinity ---- */

static long read_topology(const char *root, int cpu, const char *name)
{
    char path[PATH_BYTES];
    char line[64];

    snprintf(path, sizeof path, "%s/sys/devices/system/cpu/cpu%d/topology/%s", root, cpu, name);
    return cgroup_read_line(line, sizeof line, path) ? strtol(line, NULL, 10) : -1;
}

/* CPUs that share package and core are one physical core's threads. */
static size_t count_cores(const char *root, const cpu_set_t *cpus, size_t set_bytes)
{
    struct {
        long package;
        long core;
    } *seen = calloc(MAX_CPUS, sizeof *seen);
    size_t n_seen = 0;
    size_t n_unknown = 0; /* CPUs whose core cannot be told count as one each */

    for (int cpu = 0; cpu < MAX_CPUS; cpu++) {
        long package;
        long core;
        bool known = false;

        if (!CPU_ISSET_S((size_t)cpu, set_bytes, cpus))
            continue;
        package = read_topology(root, cpu, "physical_package_id");
        core = read_topology(root, cpu, "core_id");
        if (core < 0 || !seen) {
            n_unknown++;
            continue;
        }
        for (size_t i = 0; i < n_seen && !known; i++)
            known = seen[i].package == package && seen[i].core == core;
        if (!known) {
            seen[n_seen].package = package;
            seen[n_seen].core = core;
            n_seen++;
        }
    }
    free(seen);
    return n_seen + n_unknown;
}

/* The calling thread's affinity mask, of CPU_ALLOC_SIZE(MAX_CPUS) bytes; NULL if it cannot be had.
 * The caller gives it to CPU_FREE. */
static cpu_set_t *new_affinity(void)
{
    cpu_set_t *cpus = CPU_ALLOC(MAX_CPUS);

    if (cpus && sched_getaffinity(0, CPU_ALLOC_SIZE(MAX_CPUS), cpus) == 0)
        return cpus;
    if (cpus)
        CPU_FREE(cpus);
    return NULL;
}

static size_t count_affine_cores(const char *root)
{
    cpu_set_t *cpus = new_affinity();
    size_t n_cores = 0;

    if (!cpus)
        return 1;
    n_cores = count_cores(root, cpus, CPU_ALLOC_SIZE(MAX_CPUS));
    CPU_FREE(cpus);
    return n_cores ? n_cores : 1;
}

/* Leaves only the i-th CPU, which is there, in the set. */
static void keep_one(cpu_set_t *cpus, size_t i)
{
    size_t set_bytes = CPU_ALLOC_SIZE(MAX_CPUS);
    size_t n_before = 0;

    for (size_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        if (CPU_ISSET_S(cpu, set_bytes, cpus) && n_before++ != i)
            CPU_CLR_S(cpu, set_bytes, cpus);
    }
}

void cores_bind(size_t i, size_t n_threads)
{
    size_t set_bytes = CPU_ALLOC_SIZE(MAX_CPUS);
    cpu_set_t *cpus = new_affinity();

    if (!cpus)
        return;
    if ((size_t)CPU_COUNT_S(set_bytes, cpus) == n_threads && i < n_threads) {
        keep_one(cpus, i);
        (void)sched_setaffinity(0, set_bytes, cpus); /* refused: it works, only slower */
    }
    CPU_FREE(cpus);
}

/* ---- quota ---- */

/* A group's own quota in CPUs; 0: none. */
static double quota_v2(const char *folder)
{
    char path[PATH_BYTES + 16];
    char line[64];
    char *space;

    snprintf(path, sizeof path, "%s/cpu.max", folder);
    if (!cgroup_read_line(line, sizeof line, path))
        return 0;
    space = strchr(line, ' ');
    if (!space || cgroup_positive_number(space + 1) == 0)
        return 0;
    return cgroup_positive_number(line) / cgroup_positive_number(space + 1);
}

static double quota_v1(const char *folder)
{
    char path[PATH_BYTES + 24];
    char quota[64];
    char period[64];

    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
    if (!cgroup_read_line(quota, sizeof quota, path))
        return 0;
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
    if (!cgroup_read_line(period, sizeof period, path) || cgroup_positive_number(period) == 0)
        return 0;
    return cgroup_positive_number(quota) / cgroup_positive_number(period);
}

size_t cores_count_usable(const char *root)
{
    size_t n_cores = count_affine_cores(root);
    double quota = cgroup_find_min(root, "cpu", quota_v2, quota_v1);

    if (quota > 0 && ceil(quota) < (double)n_cores)
        n_cores = (size_t)ceil(quota);
    return n_cores;
}
