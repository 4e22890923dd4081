/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/http/http_framing.h"

#include <string.h>

enum { MAX_FIELDS = 4 };

#define HOST                                                                                       \
    {                                                                                              \
        "Host", "nestd"                                                                            \
    }
#define CHUNKED UINT64_MAX

/* What RFC 9112 and 9110 say of headers; sections in the comments. */
static const struct header_case {
    struct {
        const char *name;
        const char *value;
    } fields[MAX_FIELDS];
    bool is_http_1_0;
    bool is_good;
    uint64_t n_body_bytes; /* if it is good */
    enum problem problem;  /* if not; BAD_HEADER where none is named */
    const char *word;      /* in the message */
} header_cases[] = {
    /* 6.3: no body unless the header says so */
    {.fields = {HOST}, .is_good = true},
    {.fields = {HOST, {"Accept", "text/plain"}}, .is_good = true},

    /* 6.2, and RFC 9110, 8.6 */
    {.fields = {HOST, {"Content-Length", "28"}}, .is_good = true, .n_body_bytes = 28},
    {.fields = {HOST, {"content-LENGTH", "0"}}, .is_good = true},
    {.fields = {HOST, {"Content-Length", "18446744073709551614"}},
     .is_good = true,
     .n_body_bytes = UINT64_MAX - 1},
    {.fields = {HOST, {"Content-Length", "18446744073709551615"}},
     .problem = PROBLEM_PAYLOAD_TOO_LARGE,
     .word = "18446744073709551615"},
    {.fields = {HOST, {"Content-Length", "18446744073709551616"}},
     .problem = PROBLEM_PAYLOAD_TOO_LARGE},
    {.fields = {HOST, {"Content-Length", "99999999999999999999999"}},
     .problem = PROBLEM_PAYLOAD_TOO_LARGE},
    {.fields = {HOST, {"Content-Length", ""}}, .word = "empty"},
    {.fields = {HOST, {"Content-Length", "-1"}}, .word = "'-1'"},
    {.fields = {HOST, {"Content-Length", "+1"}}, .word = "'+1'"},
    {.fields = {HOST, {"Content-Length", "0x1"}}, .word = "'0x1'"},
    {.fields = {HOST, {"Content-Length", "1 2"}}, .word = "'1 2'"},
    {.fields = {HOST, {"Content-Length", "1, 1"}}, .word = "'1, 1'"},
    {.fields = {HOST, {"Content-Length", "1"}, {"Content-Length", "2"}}, .word = "more than one"},
    {.fields = {HOST, {"Content-Length", "1"}, {"content-length", "1"}}, .word = "more than one"},

    /* 6.1 */
    {.fields = {HOST, {"Transfer-Encoding", "chunked"}}, .is_good = true, .n_body_bytes = CHUNKED},
    {.fields = {HOST, {"transfer-encoding", "CHUNKED"}}, .is_good = true, .n_body_bytes = CHUNKED},
    {.fields = {HOST, {"Transfer-Encoding", "gzip, chunked"}},
     .problem = PROBLEM_UNKNOWN_CODING,
     .word = "gzip"},
    {.fields = {HOST, {"Transfer-Encoding", "gzip"}}, .word = "gzip"},
    {.fields = {HOST, {"Transfer-Encoding", "xchunked"}}, .word = "xchunked"},
    {.fields = {HOST, {"Transfer-Encoding", "chunked, gzip"}}, .word = "gzip"},
    {.fields = {HOST, {"Transfer-Encoding", "chunked, chunked"}}, .word = "chunked, chunked"},
    {.fields = {HOST, {"Transfer-Encoding", "chunked, x, chunked"}}, .word = "x"},
    {.fields = {HOST, {"Transfer-Encoding", "chunked;q=1"}}, .word = "q=1"},
    {.fields = {HOST, {"Transfer-Encoding", "chunked "}}, .word = "'chunked '"},
    {.fields = {HOST, {"Transfer-Encoding", ""}}, .word = "Transfer-Encoding"},
    {.fields = {HOST, {"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}},
     .word = "more than one"},
    {.fields = {HOST, {"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "identity"}},
     .word = "more than one"},
    {.fields = {HOST, {"Transfer-Encoding", "chunked"}, {"Content-Length", "1"}}, .word = "both"},
    {.fields = {HOST, {"Content-Length", "1"}, {"Transfer-Encoding", "chunked"}}, .word = "both"},
    {.fields = {HOST, {"Transfer-Encoding", "chunked"}}, .is_http_1_0 = true, .word = "HTTP/1.0"},

    /* 3.2 */
    {.fields = {{"Accept", "a"}}, .word = "Host"},
    {.fields = {{"Accept", "a"}}, .is_http_1_0 = true, .is_good = true},
    {.fields = {{"Host", ""}}, .is_good = true},
    {.fields = {{"Host", "[::1]:8080"}}, .is_good = true},
    {.fields = {{"Host", "a.example:80 "}}, .is_good = true},
    {.fields = {HOST, HOST}, .word = "more than one Host"},
    {.fields = {HOST, HOST}, .is_http_1_0 = true, .word = "more than one Host"},
    {.fields = {{"Host", "a b"}}, .word = "'a b'"},
    {.fields = {{"Host", "a/b"}}, .word = "'a/b'"},
    {.fields = {{"Host", "me@a"}}, .word = "'me@a'"},

    /* 5.1, and RFC 9110, 5.1 and 5.5 */
    {.fields = {HOST, {"x-!#$%&'*+.^_`|~9", ""}}, .is_good = true},
    {.fields = {HOST, {"X", "\x80\xff\t\x01"}}, .is_good = true},
    {.fields = {{"Host ", "nestd"}}, .word = "'Host '"},
    {.fields = {HOST, {"A\t", "b"}}, .word = "name"},
    {.fields = {HOST, {"A B", "b"}}, .word = "name"},
    {.fields = {HOST, {"", "b"}}, .word = "name"},
    {.fields = {HOST, {"A(", "b"}}, .word = "name"},
    {.fields = {HOST, {"\xc3\xa9", "b"}}, .word = "name"},
    {.fields = {HOST, {"A", "b\rc"}}, .word = "carriage return"},
    {.fields = {HOST, {"A", "b\n"}}, .word = "line feed"},
};

static bool judge(const struct header_case *it, struct framing *framing,
                  struct api_error *ret_error)
{
    for (size_t i = 0; i < MAX_FIELDS && it->fields[i].name; i++) {
        struct slice name = {it->fields[i].name, strlen(it->fields[i].name)};
        struct slice value = {it->fields[i].value, strlen(it->fields[i].value)};

        if (!framing_add_field(framing, name, value, ret_error))
            return false;
    }
    return framing_end(framing, it->is_http_1_0, ret_error);
}

static void test_framing__headers_are_taken_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof header_cases / sizeof *header_cases; i++) {
        const struct header_case *it = &header_cases[i];
        struct framing framing = {0};
        struct api_error error = {0};

        if (judge(it, &framing, &error) != it->is_good)
            fail_msg("case %zu: %s", i, it->is_good ? error.message : "taken");
        if (it->is_good) {
            assert_int_equal(framing.is_chunked, it->n_body_bytes == CHUNKED);
            assert_true(framing.is_chunked || framing.n_body_bytes == it->n_body_bytes);
            continue;
        }
        assert_int_equal(error.problem, it->problem ? it->problem : PROBLEM_BAD_HEADER);
        assert_string_equal(error.param, "");
        if (it->word && !strstr(error.message, it->word))
            fail_msg("case %zu: no %s in: %s", i, it->word, error.message);
    }
}

static void test_framing__value_with_a_nul_is_refused(void **state)
{
    struct framing framing = {0};
    struct api_error error;

    (void)state;
    assert_false(
        framing_add_field(&framing, (struct slice){"A", 1}, (struct slice){"b\0c", 3}, &error));
    assert_false(
        framing_add_field(&framing, (struct slice){"A\0", 2}, (struct slice){"b", 1}, &error));
}

static void test_framing__path_is_found_in_each_form_of_target(void **state)
{
    static const struct {
        const char *target;
        const char *path; /* NULL: refused */
    } cases[] = {
        {"/", "/"},
        {"/v1/models?a=b", "/v1/models?a=b"},
        {"//x", "//x"},
        {"/caf\xc3\xa9", "/caf\xc3\xa9"},
        {"*", "*"},
        {"http://nestd/livez", "/livez"},
        {"HTTPS://nestd:8080/livez?a", "/livez?a"},
        {"http://[::1]:80/x", "/x"},
        {"http://nestd", ""},
        {"http://nestd?a", "?a"},
        {"http://nestd/@", "/@"},
        {"http://", NULL},
        {"http:///x", NULL},
        {"http://?a", NULL},
        {"http://me@nestd/x", NULL},
        {"http://a%2Flivez", NULL},
        {"http://a\\b/x", NULL},
        {"ftp://nestd/x", NULL},
        {"nestd:80", NULL},
        {"livez", NULL},
        {"", NULL},
        {"/a b", NULL},
        {"/a\tb", NULL},
        {"/a\r", NULL},
        {"/a\x7f", NULL},
        {"**", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t offset;
        bool is_found = framing_find_path(cases[i].target, &offset);

        if (is_found != (cases[i].path != NULL))
            fail_msg("%s: %s", cases[i].target, is_found ? "taken" : "refused");
        if (is_found)
            assert_string_equal(cases[i].target + offset, cases[i].path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_framing__headers_are_taken_or_refused),
        cmocka_unit_test(test_framing__value_with_a_nul_is_refused),
        cmocka_unit_test(test_framing__path_is_found_in_each_form_of_target),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
