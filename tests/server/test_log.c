/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/log.h"

#include <regex.h>
#include <string.h>
#include <unistd.h>

/* What log_write puts on stderr is read from a pipe. */
static int pipe_[2];
static int stderr_;

static int setup(void **state)
{
    (void)state;
    stderr_ = dup(STDERR_FILENO);
    if (pipe(pipe_) || dup2(pipe_[1], STDERR_FILENO) < 0)
        return -1;
    close(pipe_[1]);
    return log_set_level("info") ? 0 : -1;
}

/* Ends the capture; the text is all that was written. */
static void take_written(char *ret_text, size_t size)
{
    size_t len = 0;
    ssize_t n;

    dup2(stderr_, STDERR_FILENO);
    close(stderr_);
    while ((n = read(pipe_[0], ret_text + len, size - 1 - len)) > 0)
        len += (size_t)n;
    ret_text[len] = '\0';
    close(pipe_[0]);
}

static void assert_matches(const char *text, const char *pattern)
{
    regex_t regex;

    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED), 0);
    if (regexec(&regex, text, 0, NULL, 0))
        fail_msg("%s does not match %s", text, pattern);
    regfree(&regex);
}

#define TIME "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z "

static void test_log__line_has_time_level_and_text(void **state)
{
    char text[256];

    (void)state;
    log_write(LOG_INFO, "%d workers", 2);
    take_written(text, sizeof text);
    assert_matches(text, "^" TIME "info    2 workers\n$");
}

static void test_log__higher_levels_are_left_out(void **state)
{
    char text[512];

    (void)state;
    assert_true(log_set_level("warning"));
    assert_false(log_set_level("loud"));
    log_write(LOG_ERROR, "one");
    log_write(LOG_WARNING, "two");
    log_write(LOG_INFO, "three");
    assert_false(log_wants(LOG_DEBUG));
    take_written(text, sizeof text);
    assert_matches(text, "^" TIME "error   one\n" TIME "warning two\n$");
}

static void test_log__an_event_is_one_line(void **state)
{
    char text[256];

    (void)state;
    log_write(LOG_INFO, "a\nb\x1b[31m\n");
    take_written(text, sizeof text);
    assert_matches(text, "a\\?b\\?\\[31m\n$");
}

static void test_log__long_lines_are_cut(void **state)
{
    char lengthy[3000], text[4000];

    (void)state;
    memset(lengthy, 'x', sizeof lengthy);
    lengthy[sizeof lengthy - 1] = '\0';
    log_write(LOG_INFO, "%s", lengthy);
    take_written(text, sizeof text);
    assert_int_equal(strlen(text), 1024);
    assert_int_equal(text[1023], '\n');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_log__line_has_time_level_and_text, setup),
        cmocka_unit_test_setup(test_log__higher_levels_are_left_out, setup),
        cmocka_unit_test_setup(test_log__an_event_is_one_line, setup),
        cmocka_unit_test_setup(test_log__long_lines_are_cut, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
