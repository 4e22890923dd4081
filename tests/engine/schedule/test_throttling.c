/* SPDX-License-Identifier: Apache-2.0 */

/* cpu.stat in made-up /proc and /sys trees. */
#include "engine/schedule/throttling.h"

#include "tests/engine/model/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
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
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    folder_release(&root);
    return 0;
}

static void expect(uint64_t n_periods, uint64_t n_throttled, uint64_t stopped_us)
{
    struct throttling found = throttling_read(root.path);

    assert_int_equal(found.n_periods, n_periods);
    assert_int_equal(found.n_throttled, n_throttled);
    assert_int_equal(found.stopped_us, stopped_us);
}

static void test_throttling__nothing_is_known_without_cgroups(void **state)
{
    (void)state;
    expect(0, 0, 0);
}

static void test_throttling__version_2_of_all_groups_above(void **state)
{
    (void)state;
    folder_write_text(&root, "proc/self/cgroup", "0::/pod/box\n");
    folder_write_text(&root, "sys/fs/cgroup/cpu.stat",
                      "usage_usec 99\nuser_usec 50\nsystem_usec 49\n");
    folder_write_text(&root, "sys/fs/cgroup/pod/cpu.stat",
                      "usage_usec 9\nnr_periods 10\nnr_throttled 2\nthrottled_usec 1500\n");
    folder_write_text(
        &root, "sys/fs/cgroup/pod/box/cpu.stat",
        "usage_usec 9\nnr_periods 7\nnr_throttled 3\nthrottled_usec 200\nnr_bursts 5\n");
    expect(17, 5, 1700);
}

static void test_throttling__version_1_counts_nanoseconds(void **state)
{
    (void)state;
    folder_write_text(&root, "proc/self/cgroup", "4:cpu,cpuacct:/box\n2:memory:/box\n");
    folder_write_text(&root, "sys/fs/cgroup/cpu/box/cpu.stat",
                      "nr_periods 40\nnr_throttled 4\nthrottled_time 2500000\n");
    expect(40, 4, 2500);
}

static void test_throttling__nonsense_is_ignored(void **state)
{
    (void)state;
    folder_write_text(&root, "proc/self/cgroup", "0::/a\n");
    folder_write_text(&root, "sys/fs/cgroup/a/cpu.stat", "nr_periods 5\nnr_throttled many\n");
    expect(5, 0, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_throttling__nothing_is_known_without_cgroups),
        CASE(test_throttling__version_2_of_all_groups_above),
        CASE(test_throttling__version_1_counts_nanoseconds),
        CASE(test_throttling__nonsense_is_ignored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
