/* SPDX-License-Identifier: Apache-2.0 */

/* What is left of the memory, on made-up /proc and /sys trees. */
#include "engine/schedule/memory_left.h"

#include "tests/engine/model/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct folder root;

static int set_up(void **state)
{
    (void)state;
    folder_init(&root);
    folder_write_text(&root, "proc/meminfo",
                      "MemTotal:  4000000 kB\nMemFree: 1000 kB\nMemAvailable:  3000000 kB\n");
    folder_write_text(&root, "proc/self/statm", "99999 1000 500 1 0 600 0\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    folder_release(&root);
    return 0;
}

static void test_memory_left__is_what_the_machine_has_available(void **state)
{
    (void)state;
    assert_int_equal(memory_left(root.path), 3000000UL * 1024);
    folder_write_text(&root, "proc/self/cgroup", "0::/a\n");
    folder_write_text(&root, "sys/fs/cgroup/a/memory.max", "max\n");
    assert_int_equal(memory_left(root.path), 3000000UL * 1024);
}

static void test_memory_left__is_what_a_v2_group_leaves(void **state)
{
    (void)state;
    folder_write_text(&root, "proc/self/cgroup", "0::/a/b\n");
    folder_write_text(&root, "sys/fs/cgroup/a/b/memory.max", "max\n");
    folder_write_text(&root, "sys/fs/cgroup/a/memory.max", "1073741824\n");
    assert_int_equal(memory_left(root.path), 1073741824 - 1000 * (size_t)sysconf(_SC_PAGESIZE));
    folder_write_text(&root, "sys/fs/cgroup/a/b/memory.max", "536870912\n");
    assert_int_equal(memory_left(root.path), 536870912 - 1000 * (size_t)sysconf(_SC_PAGESIZE));
}

/* In a container the group's name is the host's, and only the mount's root is there. */
static void test_memory_left__is_what_a_v1_group_leaves(void **state)
{
    (void)state;
    folder_write_text(&root, "proc/self/cgroup",
                      "9:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n");
    folder_write_text(&root, "sys/fs/cgroup/memory/memory.limit_in_bytes", "268435456\n");
    assert_int_equal(memory_left(root.path), 268435456 - 1000 * (size_t)sysconf(_SC_PAGESIZE));
    folder_write_text(&root, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    assert_int_equal(memory_left(root.path), 3000000UL * 1024);
}

static void test_memory_left__is_none_where_none_is_left_or_told(void **state)
{
    (void)state;
    folder_write_text(&root, "proc/self/cgroup", "0::/a\n");
    folder_write_text(&root, "sys/fs/cgroup/a/memory.max", "4096\n");
    assert_int_equal(memory_left(root.path), 0);
    assert_int_equal(memory_left("/nowhere"), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_memory_left__is_what_the_machine_has_available),
        CASE(test_memory_left__is_what_a_v2_group_leaves),
        CASE(test_memory_left__is_what_a_v1_group_leaves),
        CASE(test_memory_left__is_none_where_none_is_left_or_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
