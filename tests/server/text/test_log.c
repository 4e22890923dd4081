/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/text/log.h"

#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
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
    log_open(false);
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
    assert_matches(text, "info    a\\\\u000ab\\\\u001b\\[31m\n$");
}

static void test_log__long_lines_are_cut(void **state)
{
    char lengthy[3000], text[4000];
    struct log_line line;

    (void)state;
    memset(lengthy, 'x', sizeof lengthy);
    lengthy[sizeof lengthy - 1] = '\0';
    log_write(LOG_INFO, "%s", lengthy);
    log_begin(&line, LOG_INFO, "short");
    log_line_add_string(&line, "field", lengthy);
    log_line_add_number(&line, "n", 7);
    log_end(&line);
    take_written(text, sizeof text);
    assert_matches(text, "^" TIME "info    x+\n" TIME "info    short n=7\n$");
    assert_in_range(strchr(text, '\n') + 1 - text, LOG_LINE_MAX_BYTES - 8, LOG_LINE_MAX_BYTES);
}

static void test_log__fields_are_quoted_where_they_are_no_words(void **state)
{
    struct log_line line;
    char text[512];

    (void)state;
    log_begin(&line, LOG_WARNING, "request");
    log_line_add_string(&line, "route", "/v1/models/");
    log_line_add_string(&line, "id", "a \"b\" n=1 \\\xff");
    log_line_add_string(&line, "empty", "");
    log_line_add_string(&line, "absent", NULL);
    log_line_add_ms(&line, "total_ms", 1234567);
    log_line_add_ms(&line, "queue_ms", -1);
    log_end(&line);
    take_written(text, sizeof text);
    assert_string_equal(strstr(text, "warning"),
                        "warning request route=/v1/models/ id=\"a \\\"b\\\" n=1 \\\\\\ufffd\" "
                        "empty=\"\" total_ms=1234.567 queue_ms=0.000\n");
}

/* As jansson reads them. */
static void test_log__json_is_json_whatever_it_is_given(void **state)
{
    static const char *const strings[] = {
        "plain",
        "\"quoted\" \\ back",
        "\x01\x1b[2J\n\r\t\x7f",
        "caf\xc3\xa9 \xf0\x9f\x98\x80",
        /* not UTF-8: alone, too long, a surrogate, above the last, cut off */
        "\xff|\xc0\xaf|\xed\xa0\x80|\xf4\x90\x80\x80|\xc3",
        "\xc2\x9b"
        "31m",
        "\",\"level\":\"none",
    };
    static const char *const expected[] = {
        "plain",
        "\"quoted\" \\ back",
        "\x01\x1b[2J\n\r\t\x7f",
        "caf\xc3\xa9 \xf0\x9f\x98\x80",
        "\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|"
        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd",
        "\xc2\x9b"
        "31m",
        "\",\"level\":\"none",
    };
    enum { N_STRINGS = sizeof strings / sizeof *strings };
    char text[8192], *rest = text;
    struct log_line line;

    (void)state;
    log_open(true);
    for (size_t i = 0; i < N_STRINGS; i++) {
        log_begin(&line, LOG_INFO, strings[i]);
        log_line_add_string(&line, "field", strings[i]);
        log_line_add_number(&line, "number", 1000 + i);
        log_line_add_ms(&line, "ms", 2500);
        log_end(&line);
    }
    take_written(text, sizeof text);
    for (size_t i = 0; i < N_STRINGS; i++) {
        char *json = strsep(&rest, "\n");
        json_t *value = json_loads(json, JSON_REJECT_DUPLICATES, NULL);

        if (!value)
            fail_msg("not JSON: %s", json);
        for (const char *c = json; *c; c++)
            assert_false((unsigned char)*c < 0x20 || *c == 0x7f);
        assert_string_equal(json_string_value(json_object_get(value, "level")), "info");
        assert_string_equal(json_string_value(json_object_get(value, "message")), expected[i]);
        assert_string_equal(json_string_value(json_object_get(value, "field")), expected[i]);
        assert_int_equal(json_integer_value(json_object_get(value, "number")), 1000 + i);
        assert_true(json_real_value(json_object_get(value, "ms")) == 2.5);
        json_decref(value);
    }
    assert_string_equal(rest, "");
}

static void test_log__json_that_is_cut_is_json(void **state)
{
    char lengthy[3000], text[4000];

    (void)state;
    log_open(true);
    /* So that the cut falls on each byte of an escape once. */
    for (size_t shift = 0; shift < 7; shift++) {
        struct log_line line;
        json_t *value;

        memset(lengthy, 1, sizeof lengthy);
        memset(lengthy, 'x', shift);
        lengthy[sizeof lengthy - 1] = '\0';
        log_begin(&line, LOG_INFO, lengthy);
        log_line_add_string(&line, "id", lengthy);
        log_line_end(&line);
        assert_in_range(line.len, LOG_LINE_MAX_BYTES - 8, LOG_LINE_MAX_BYTES);
        value = json_loadb(line.bytes, line.len, 0, NULL);
        assert_non_null(value);
        json_decref(value);
    }
    take_written(text, sizeof text);
}

/* A pipe that nobody reads: lines are lost at once, and told of when there is room again. */
static void test_log__full_pipe_loses_lines_and_says_so(void **state)
{
    enum { N_LINES = 20000 };
    static char text[1 << 21];
    char expected[64];
    const char *notice;
    uint64_t n_lost, n_before = log_count_lost();

    (void)state;
    for (int i = 0; i < N_LINES; i++)
        log_write(LOG_INFO, "line %d, which is of some length so that the pipe is full soon", i);
    n_lost = log_count_lost() - n_before;
    assert_in_range(n_lost, 1, N_LINES - 1);
    assert_true(read(pipe_[0], text, sizeof text / 4) > 0);
    log_write(LOG_INFO, "after");
    assert_int_equal(log_count_lost() - n_before, n_lost);
    take_written(text, sizeof text);
    notice = strstr(text, "warning log lines were lost");
    assert_non_null(notice);
    snprintf(expected, sizeof expected, "lines=%" PRIu64 "\n", n_lost);
    assert_non_null(strstr(notice, expected));
    assert_non_null(strstr(notice, "info    after\n"));
}

/* A file that may grow to so many bytes stands for a disk that is full from there on. */
static void allow_bytes(rlim_t n)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = n < limit.rlim_max ? n : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_log__what_a_full_disk_cuts_off_is_a_line_of_its_own(void **state)
{
    FILE *file = tmpfile();
    int before = dup(STDERR_FILENO);
    uint64_t n_before = log_count_lost(), n_lost;
    char text[512] = "";

    (void)state;
    assert_non_null(file);
    signal(SIGXFSZ, SIG_IGN);
    log_open(false);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    allow_bytes(50);
    log_write(LOG_INFO, "first");
    log_write(LOG_INFO, "second");
    log_write(LOG_INFO, "third");
    allow_bytes(RLIM_INFINITY);
    n_lost = log_count_lost() - n_before;
    log_write(LOG_INFO, "fourth");
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    assert_int_equal(n_lost, 2);
    assert_matches(text, "^" TIME "info    first\n[^\n]+\n" TIME
                         "warning log lines were lost: stderr was full lines=2\n" TIME
                         "info    fourth\n$");
}

static void *write_lines(void *letter)
{
    for (int i = 0; i < 200; i++)
        log_write(LOG_INFO, "%.*s", 60, (const char *)letter);
    return NULL;
}

static void test_log__lines_of_threads_do_not_mix(void **state)
{
    static char text[1 << 17];
    char letters[4][61];
    pthread_t threads[4];
    char *rest = text;
    int n_lines = 0;

    (void)state;
    for (int i = 0; i < 4; i++) {
        memset(letters[i], 'a' + i, 60);
        letters[i][60] = '\0';
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, letters[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    take_written(text, sizeof text);
    for (char *line; (line = strsep(&rest, "\n")) && *line; n_lines++)
        assert_matches(line, "^" TIME "info    (a{60}|b{60}|c{60}|d{60})$");
    assert_int_equal(n_lines, 800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_log__line_has_time_level_and_text, setup),
        cmocka_unit_test_setup(test_log__higher_levels_are_left_out, setup),
        cmocka_unit_test_setup(test_log__an_event_is_one_line, setup),
        cmocka_unit_test_setup(test_log__long_lines_are_cut, setup),
        cmocka_unit_test_setup(test_log__fields_are_quoted_where_they_are_no_words, setup),
        cmocka_unit_test_setup(test_log__json_is_json_whatever_it_is_given, setup),
        cmocka_unit_test_setup(test_log__json_that_is_cut_is_json, setup),
        cmocka_unit_test_setup(test_log__full_pipe_loses_lines_and_says_so, setup),
        cmocka_unit_test(test_log__what_a_full_disk_cuts_off_is_a_line_of_its_own),
        cmocka_unit_test_setup(test_log__lines_of_threads_do_not_mix, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
