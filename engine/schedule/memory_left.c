/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule/memory_left.h"

#include "engine/schedule/cgroup.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 1024 };

static double read_limit(const char *folder, const char *name)
{
    char path[PATH_BYTES + 32];
    char line[64];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return cgroup_read_line(line, sizeof line, path) ? cgroup_positive_number(line) : 0;
}

static double limit_v2(const char *folder)
{
    return read_limit(folder, "memory.max");
}

static double limit_v1(const char *folder)
{
    return read_limit(folder, "memory.limit_in_bytes");
}

/* The second number of /proc/self/statm, in pages (proc(5)). */
static double find_resident_bytes(const char *root)
{
    char path[PATH_BYTES];
    char line[256];
    const char *second;

    snprintf(path, sizeof path, "%s/proc/self/statm", root);
    if (!cgroup_read_line(line, sizeof line, path) || !(second = strchr(line, ' ')))
        return 0;
    return cgroup_positive_number(second) * (double)sysconf(_SC_PAGESIZE);
}

static double find_available_bytes(const char *root)
{
    static const char name[] = "MemAvailable:";
    char path[PATH_BYTES];
    char line[256];
    double kib = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    file = fopen(path, "re");
    while (file && kib == 0 && fgets(line, sizeof line, file)) {
        if (strncmp(line, name, sizeof name - 1) == 0)
            kib = cgroup_positive_number(line + sizeof name - 1);
    }
    if (file)
        fclose(file);
    return kib * 1024;
}

size_t memory_left(const char *root)
{
    double left = find_available_bytes(root);
    double limit = cgroup_find_min(root, "memory", limit_v2, limit_v1);

    if (limit > 0) {
        double in_group = limit - find_resident_bytes(root);

        if (left == 0 || in_group < left)
            left = in_group;
    }
    return left > 0 ? (size_t)left : 0;
}
