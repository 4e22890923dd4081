/* SPDX-License-Identifier: Apache-2.0 */

/* What is left of the memory, on made-up /proc and /sys trees. */
#include "engine/schedule/memory_left.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/nestd-memory-XXXXXX";

/* Writes root/path, making its folders. */
static void write_file(const char *path, const char *text)
{
    char whole[512];
    FILE *file;

    snprintf(whole, sizeof whole, "%s%s", root, path);
    for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(whole, 0700);
        *slash = '/';
    }
    file = fopen(whole, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int begin(void **state)
{
    char command[64];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'/*", root);
    assert_int_equal(system(command), 0);
    write_file("/proc/meminfo",
               "MemTotal:  4000000 kB\nMemFree: 1000 kB\nMemAvailable:  3000000 kB\n");
    write_file("/proc/self/statm", "99999 1000 500 1 0 600 0\n");
    return 0;
}

static void test_memory_left__is_what_the_machine_has_available(void **state)
{
    (void)state;
    assert_int_equal(memory_left(root), 3000000UL * 1024);
    write_file("/proc/self/cgroup", "0::/a\n");
    write_file("/sys/fs/cgroup/a/memory.max", "max\n");
    assert_int_equal(memory_left(root), 3000000UL * 1024);
}

static void test_memory_left__is_what_a_v2_group_leaves(void **state)
{
    (void)state;
    write_file("/proc/self/cgroup", "0::/a/b\n");
    write_file("/sys/fs/cgroup/a/b/memory.max", "max\n");
    write_file("/sys/fs/cgroup/a/memory.max", "1073741824\n");
    assert_int_equal(memory_left(root), 1073741824 - 1000 * (size_t)sysconf(_SC_PAGESIZE));
    write_file("/sys/fs/cgroup/a/b/memory.max", "536870912\n");
    assert_int_equal(memory_left(root), 536870912 - 1000 * (size_t)sysconf(_SC_PAGESIZE));
}

/* In a container the group's name is the host's, and only the mount's root is there. */
static void test_memory_left__is_what_a_v1_group_leaves(void **state)
{
    (void)state;
    write_file("/proc/self/cgroup", "9:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n");
    write_file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "268435456\n");
    assert_int_equal(memory_left(root), 268435456 - 1000 * (size_t)sysconf(_SC_PAGESIZE));
    write_file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    assert_int_equal(memory_left(root), 3000000UL * 1024);
}

static void test_memory_left__is_none_where_none_is_left_or_told(void **state)
{
    (void)state;
    write_file("/proc/self/cgroup", "0::/a\n");
    write_file("/sys/fs/cgroup/a/memory.max", "4096\n");
    assert_int_equal(memory_left(root), 0);
    assert_int_equal(memory_left("/nowhere"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_memory_left__is_what_the_machine_has_available, begin),
        cmocka_unit_test_setup(test_memory_left__is_what_a_v2_group_leaves, begin),
        cmocka_unit_test_setup(test_memory_left__is_what_a_v1_group_leaves, begin),
        cmocka_unit_test_setup(test_memory_left__is_none_where_none_is_left_or_told, begin),
    };
    int failed;
    char command[64];

    if (!mkdtemp(root))
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command) || failed;
}
