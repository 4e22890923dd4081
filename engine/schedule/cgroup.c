/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule/cgroup.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 1024 };

bool cgroup_read_line(char *ret_line, size_t size, const char *path)
{
    FILE *file = fopen(path, "re");
    bool read = file && fgets(ret_line, (int)size, file);

    if (file)
        fclose(file);
    if (read)
        ret_line[strcspn(ret_line, "\n")] = '\0';
    return read;
}

double cgroup_positive_number(const char *text)
{
    char *end;
    double value = strtod(text, &end);

    return end != text && isfinite(value) && value > 0 ? value : 0;
}

static double lesser(double a, double b)
{
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

/* Visits a group and all above it. `mount` is where its hierarchy is mounted. */
static void walk_up(const char *mount, const char *group, cgroup_visit *visit, void *user)
{
    char folder[PATH_BYTES];
    size_t mount_len = strlen(mount);

    if (snprintf(folder, sizeof folder, "%s%s", mount, group) >= (int)sizeof folder)
        return;
    for (;;) {
        char *slash = strrchr(folder, '/');

        visit(user, folder);
        if (!slash || slash < folder + mount_len)
            return;
        *slash = '\0';
    }
}

/* Whether the comma-separated list of a v1 hierarchy's controllers has this one. */
static bool has_controller(const char *controllers, size_t len, const char *controller)
{
    size_t controller_len = strlen(controller);

    for (size_t i = 0; i < len;) {
        size_t word = 0;

        while (i + word < len && controllers[i + word] != ',')
            word++;
        if (word == controller_len && memcmp(controllers + i, controller, word) == 0)
            return true;
        i += word + 1;
    }
    return false;
}

/* /proc/self/cgroup has a line "id:controllers:group" for each hierarchy; v2's has no controllers.
 */
void cgroup_walk(const char *root, const char *controller, cgroup_visit *visit_v2,
                 cgroup_visit *visit_v1, void *user)
{
    char path[PATH_BYTES];
    char mount[PATH_BYTES];
    char line[PATH_BYTES];
    FILE *file;

    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;

        if (!group)
            continue;
        controllers++;
        group++;
        group[strcspn(group, "\n")] = '\0';
        if (group - controllers == 1) {
            snprintf(mount, sizeof mount, "%s/sys/fs/cgroup", root);
            walk_up(mount, group, visit_v2, user);
        } else if (has_controller(controllers, (size_t)(group - 1 - controllers), controller)) {
            snprintf(mount, sizeof mount, "%s/sys/fs/cgroup/%s", root, controller);
            walk_up(mount, group, visit_v1, user);
        }
    }
    if (file)
        fclose(file);
}

struct search {
    double (*read_v2)(const char *folder);
    double (*read_v1)(const char *folder);
    double min;
};

static void visit_v2(void *user, const char *folder)
{
    struct search *search = user;

    search->min = lesser(search->min, search->read_v2(folder));
}

static void visit_v1(void *user, const char *folder)
{
    struct search *search = user;

    search->min = lesser(search->min, search->read_v1(folder));
}

double cgroup_find_min(const char *root, const char *controller,
                       double (*read_v2)(const char *folder), double (*read_v1)(const char *folder))
{
    struct search search = {.read_v2 = read_v2, .read_v1 = read_v1};

    cgroup_walk(root, controller, visit_v2, visit_v1, &search);
    return search.min;
}
