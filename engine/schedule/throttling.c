/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule/throttling.h"

#include "engine/schedule/cgroup.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 1024 };

/* Adds one group's numbers; `time` is the key of the time that it was stopped, in units of
 * 1 / per_us microseconds. */
static void add(struct throttling *throttling, const char *folder, const char *time,
                uint64_t per_us)
{
    char path[PATH_BYTES + 16];
    char key[32];
    uint64_t value;
    FILE *file;

    snprintf(path, sizeof path, "%s/cpu.stat", folder);
    file = fopen(path, "re");
    while (file && fscanf(file, "%31s %" SCNu64, key, &value) == 2) {
        if (strcmp(key, "nr_periods") == 0)
            throttling->n_periods += value;
        else if (strcmp(key, "nr_throttled") == 0)
            throttling->n_throttled += value;
        else if (strcmp(key, time) == 0)
            throttling->stopped_us += value / per_us;
    }
    if (file)
        fclose(file);
}

static void add_v2(void *user, const char *folder)
{
    add(user, folder, "throttled_usec", 1);
}

static void add_v1(void *user, const char *folder)
{
    add(user, folder, "throttled_time", 1000);
}

struct throttling throttling_read(const char *root)
{
    struct throttling throttling = {0};

    cgroup_walk(root, "cpu", add_v2, add_v1, &throttling);
    return throttling;
}
