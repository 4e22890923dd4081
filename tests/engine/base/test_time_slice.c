/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/time_slice.h"

/* cmocka asks for these, in this order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <linux/sched.h>
#include <linux/sched/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sched_attr attributes(void)
{
    struct sched_attr attributes = {0};

    assert_return_code(syscall(SYS_sched_getattr, 0, &attributes, SCHED_ATTR_SIZE_VER0, 0), 0);
    return attributes;
}

static void set_policy(unsigned policy, int nice)
{
    struct sched_attr wanted = {
        .size = SCHED_ATTR_SIZE_VER0, .sched_policy = policy, .sched_nice = nice};

    assert_return_code(syscall(SYS_sched_setattr, 0, &wanted, 0), 0);
}

/* What the kernel then says: before Linux 6.12 it knows of none. */
static uint64_t told_slice(uint64_t asked)
{
    struct utsname names;
    int major = 0, minor = 0;

    if (uname(&names) || sscanf(names.release, "%d.%d", &major, &minor) != 2)
        _exit(EXIT_FAILURE);
    return major > 6 || (major == 6 && minor >= 12) ? asked : 0;
}

/* Each test in a process of its own: what a thread gives up, it cannot take back. */
static void in_child(void (*test)(void))
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        test();
        _exit(EXIT_SUCCESS);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
}

static void ask_both(void)
{
    time_slice_ask(TIME_SLICE_SHORT_NS);
    if (attributes().sched_runtime != told_slice(TIME_SLICE_SHORT_NS))
        _exit(2);
    time_slice_ask(TIME_SLICE_LONG_NS);
    if (attributes().sched_runtime != told_slice(TIME_SLICE_LONG_NS))
        _exit(3);
}

static void test_time_slice__is_what_was_asked_for(void **state)
{
    (void)state;
    in_child(ask_both);
}

static void ask_as_nice_batch(void)
{
    set_policy(SCHED_BATCH, 7);
    time_slice_ask(TIME_SLICE_LONG_NS);
    if (attributes().sched_policy != SCHED_BATCH || attributes().sched_nice != 7)
        _exit(2);
}

static void test_time_slice__policy_and_nice_value_stay(void **state)
{
    (void)state;
    in_child(ask_as_nice_batch);
}

static void ask_as_idle(void)
{
    struct sched_attr before;

    set_policy(SCHED_IDLE, 0);
    before = attributes();
    time_slice_ask(TIME_SLICE_LONG_NS);
    if (attributes().sched_policy != SCHED_IDLE ||
        attributes().sched_runtime != before.sched_runtime)
        _exit(2);
}

static void test_time_slice__idle_thread_stays_as_it_is(void **state)
{
    (void)state;
    in_child(ask_as_idle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time_slice__is_what_was_asked_for),
        cmocka_unit_test(test_time_slice__policy_and_nice_value_stay),
        cmocka_unit_test(test_time_slice__idle_thread_stays_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
