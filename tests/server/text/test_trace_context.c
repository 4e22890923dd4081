/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/text/trace_context.h"

#define TRACE  "4bf92f3577b34da6a3ce929d0e0e4736" /* the recommendation's own example */
#define PARENT "00f067aa0ba902b7"

static void test_trace_context__ids_are_taken(void **state)
{
    static const char *const headers[] = {
        "00-" TRACE "-" PARENT "-01",
        "00-" TRACE "-" PARENT "-00",
        /* later versions may say more, after another '-' */
        "cc-" TRACE "-" PARENT "-01",
        "cc-" TRACE "-" PARENT "-01-what-the-future-will-be-like",
        "01-" TRACE "-" PARENT "-00-",
    };

    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct trace_context context = {0};

        assert_true(trace_context_parse(headers[i], &context));
        assert_string_equal(context.trace_id, TRACE);
        assert_string_equal(context.parent_id, PARENT);
    }
}

/* The lowest bit of the flags; the others mean other things. */
static void test_trace_context__tells_what_is_sampled(void **state)
{
    static const struct {
        const char *header;
        bool is_sampled;
    } cases[] = {
        {"00-" TRACE "-" PARENT "-01", true},  {"00-" TRACE "-" PARENT "-00", false},
        {"00-" TRACE "-" PARENT "-10", false}, {"00-" TRACE "-" PARENT "-ff", true},
        {"00-" TRACE "-" PARENT "-02", false}, {"00-" TRACE "-" PARENT "-03", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trace_context context = {0};

        assert_true(trace_context_parse(cases[i].header, &context));
        assert_int_equal(context.is_sampled, cases[i].is_sampled);
    }
}

static void test_trace_context__malformed_ones_are_ignored(void **state)
{
    static const char *const headers[] = {
        NULL,
        "",
        "00",
        "00-" TRACE "-" PARENT,
        "00-" TRACE "-" PARENT "-",
        "00-" TRACE "-" PARENT "-1",
        "00-" TRACE "-" PARENT "-0g",
        "00-" TRACE "-" PARENT "-01-more", /* not in version 00 */
        "00-" TRACE "-" PARENT "-01 ",
        " 00-" TRACE "-" PARENT "-01",
        "cc-" TRACE "-" PARENT "-01.more",
        "ff-" TRACE "-" PARENT "-01", /* not a version */
        "0-" TRACE "-" PARENT "-01",
        "0G-" TRACE "-" PARENT "-01",
        "00_" TRACE "-" PARENT "-01",
        "00-" TRACE "_" PARENT "-01",
        "00-" TRACE "-" PARENT "_01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01", /* capitals */
        "00-" TRACE "-00F067AA0BA902B7-01",
        "00-00000000000000000000000000000000-" PARENT "-01", /* no id */
        "00-" TRACE "-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473\"-" PARENT "-01",
        "00-" TRACE "0-" PARENT "-01",
    };

    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct trace_context context = {0};

        if (trace_context_parse(headers[i], &context))
            fail_msg("taken: %s", headers[i]);
        assert_string_equal(context.trace_id, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trace_context__ids_are_taken),
        cmocka_unit_test(test_trace_context__tells_what_is_sampled),
        cmocka_unit_test(test_trace_context__malformed_ones_are_ignored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
