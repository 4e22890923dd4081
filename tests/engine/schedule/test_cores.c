/* SPDX-License-Identifier: Apache-2.0 */

/* Core counting on made-up /proc and /sys trees. The affinity mask is the test's own, set to what
 * it has. */
#include "engine/schedule/cores.h"

#include "tests/engine/model/folder.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct folder root;
static int n_cpus;

/* CPUs 2i and 2i+1 are threads of one core, or each is a core. */
static void write_topology(int threads_per_core)
{
    for (int cpu = 0; cpu < 64; cpu++) {
        char path[128];
        char text[16];

        snprintf(path, sizeof path, "sys/devices/system/cpu/cpu%d/topology/core_id", cpu);
        snprintf(text, sizeof text, "%d\n", cpu / threads_per_core);
        folder_write_text(&root, path, text);
        snprintf(path, sizeof path, "sys/devices/system/cpu/cpu%d/topology/physical_package_id",
                 cpu);
        folder_write_text(&root, path, "0\n");
    }
}

static int set_up(void **state)
{
    cpu_set_t cpus;

    (void)state;
    if (sched_getaffinity(0, sizeof cpus, &cpus))
        return 1;
    n_cpus = CPU_COUNT(&cpus);
    folder_init(&root);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    folder_release(&root);
    return 0;
}

static void test_cores__each_cpu_counts_without_topology(void **state)
{
    (void)state;
    assert_int_equal(cores_count_usable(root.path), n_cpus);
}

static void test_cores__threads_of_one_core_count_once(void **state)
{
    cpu_set_t before;
    cpu_set_t one;

    (void)state;
    write_topology(1);
    assert_int_equal(cores_count_usable(root.path), n_cpus);
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    write_topology(2);
    if (CPU_ISSET(0, &before) && CPU_ISSET(1, &before) && n_cpus == 2)
        assert_int_equal(cores_count_usable(root.path), 1);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &before))
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        break;
    }
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(cores_count_usable(root.path), 1);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

static void test_cores__quota_of_version_2_is_rounded_up(void **state)
{
    (void)state;
    folder_write_text(&root, "proc/self/cgroup", "0::/a/b\n");
    folder_write_text(&root, "sys/fs/cgroup/a/b/cpu.max", "50000 100000\n");
    assert_int_equal(cores_count_usable(root.path), 1);
    folder_write_text(&root, "sys/fs/cgroup/a/b/cpu.max", "150000 100000\n");
    assert_int_equal(cores_count_usable(root.path), n_cpus < 2 ? n_cpus : 2);
    folder_write_text(&root, "sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    assert_int_equal(cores_count_usable(root.path), n_cpus);
}

static void test_cores__quota_above_the_group_holds_too(void **state)
{
    (void)state;
    folder_write_text(&root, "proc/self/cgroup", "0::/a/b\n");
    folder_write_text(&root, "sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    folder_write_text(&root, "sys/fs/cgroup/a/cpu.max", "100000 100000\n");
    assert_int_equal(cores_count_usable(root.path), 1);
}

static void test_cores__quota_at_a_container_root(void **state)
{
    (void)state;
    folder_write_text(&root, "proc/self/cgroup", "0::/\n");
    folder_write_text(&root, "sys/fs/cgroup/cpu.max", "100000 100000\n");
    assert_int_equal(cores_count_usable(root.path), 1);
}

static void test_cores__quota_of_version_1(void **state)
{
    (void)state;
    folder_write_text(&root, "proc/self/cgroup", "5:cpuset:/x\n4:cpu,cpuacct:/pod/box\n0::/\n");
    folder_write_text(&root, "sys/fs/cgroup/cpu/pod/box/cpu.cfs_quota_us", "-1\n");
    folder_write_text(&root, "sys/fs/cgroup/cpu/pod/box/cpu.cfs_period_us", "100000\n");
    assert_int_equal(cores_count_usable(root.path), n_cpus);
    folder_write_text(&root, "sys/fs/cgroup/cpu/pod/cpu.cfs_quota_us", "90000\n");
    folder_write_text(&root, "sys/fs/cgroup/cpu/pod/cpu.cfs_period_us", "100000\n");
    assert_int_equal(cores_count_usable(root.path), 1);
}

static void test_cores__nonsense_is_ignored(void **state)
{
    (void)state;
    folder_write_text(&root, "proc/self/cgroup", "\n:\n0::/../..\nfoo:cpu\n9:cpu:/q\n");
    folder_write_text(&root, "sys/fs/cgroup/cpu/q/cpu.cfs_quota_us", "nan\n");
    folder_write_text(&root, "sys/fs/cgroup/cpu/q/cpu.cfs_period_us", "inf\n");
    assert_int_equal(cores_count_usable(root.path), n_cpus);
}

/* How many CPUs are left to the calling thread, and the first of them. */
static int bind_and_count(size_t i, size_t n_threads, size_t *ret_cpu)
{
    cpu_set_t cpus;
    int n = 0;

    cores_bind(i, n_threads);
    sched_getaffinity(0, sizeof cpus, &cpus);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &cpus) && n++ == 0)
            *ret_cpu = cpu;
    }
    return n;
}

static void test_cores__as_many_threads_as_cpus_have_one_each(void **state)
{
    cpu_set_t before;
    cpu_set_t met;
    size_t cpu = 0;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&met);
    for (int i = 0; i < n_cpus; i++) {
        assert_int_equal(bind_and_count((size_t)i, (size_t)n_cpus, &cpu), 1);
        CPU_SET(cpu, &met);
        assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    }
    assert_true(CPU_EQUAL(&met, &before));
}

static void test_cores__other_numbers_of_threads_roam(void **state)
{
    cpu_set_t before;
    size_t cpu;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    if (n_cpus > 1)
        assert_int_equal(bind_and_count(0, 1, &cpu), n_cpus);
    assert_int_equal(bind_and_count(0, (size_t)n_cpus + 1, &cpu), n_cpus);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_cores__each_cpu_counts_without_topology),
        CASE(test_cores__threads_of_one_core_count_once),
        CASE(test_cores__quota_of_version_2_is_rounded_up),
        CASE(test_cores__quota_above_the_group_holds_too),
        CASE(test_cores__quota_at_a_container_root),
        CASE(test_cores__quota_of_version_1),
        CASE(test_cores__nonsense_is_ignored),
        CASE(test_cores__as_many_threads_as_cpus_have_one_each),
        CASE(test_cores__other_numbers_of_threads_roam),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
