/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/hub/wire/explain.h"
#include "server/hub/wire/patience.h"
#include "server/hub/wire/reply_header.h"

#include <string.h>

static struct hub_reply read_header(const char *const lines[])
{
    struct hub_reply reply = {.status = 7, .error_code = "of a hop before"};

    for (size_t i = 0; lines[i]; i++)
        hub_reply_add_header(&reply, lines[i], strlen(lines[i]));
    return reply;
}

static void test_reply_header__tells_what_matters(void **state)
{
    const struct hub_reply reply = read_header((const char *const[]){
        "HTTP/1.1 206 Partial Content\r\n", "content-range: bytes 1000-1999/2000\r\n",
        "RETRY-AFTER:  30 \r\n", "x-error-message: not\tyet\r\n", "\r\n", NULL});

    (void)state;
    assert_int_equal(reply.status, 206);
    assert_int_equal(reply.range_start, 1000);
    assert_int_equal(reply.retry_after_s, 30);
    assert_string_equal(reply.error_message, "not?yet");
    assert_string_equal(reply.error_code, "");
}

static void test_reply_header__bounds_numbers(void **state)
{
    const struct hub_reply reply = read_header((const char *const[]){
        "HTTP/2 99999999999999999999\r\n", "Retry-After: 999999999999999999999999\r\n",
        "Content-Range: bytes 99999999999999999999999-\r\n", NULL});
    const struct hub_reply date = read_header((const char *const[]){
        "HTTP/2 429\r\n", "Retry-After: Fri, 27 Nov 2026 12:00:00 GMT\r\n", NULL});

    (void)state;
    assert_int_equal(reply.status, 999);
    assert_int_equal(reply.retry_after_s, 86400);
    assert_int_equal(reply.range_start, UINT64_MAX / 2);
    assert_int_equal(date.retry_after_s, 0);
}

/* Where to ask next is not the reply's to say: of its link only the query is taken. */
static void test_reply_header__takes_the_query_of_the_next_page(void **state)
{
    static const struct {
        const char *line;
        const char *query;
    } rows[] = {
        {"Link: <https://hub/api/models/a/b/tree/c?recursive=true&cursor=Zm9v>; rel=\"next\"\r\n",
         "recursive=true&cursor=Zm9v"},
        {"link: <https://evil.example/x?cursor=1>; rel=\"next\"\r\n", "cursor=1"},
        {"Link: <https://hub/api/models/a/b/tree/c>; rel=\"next\"\r\n", ""},
        {"Link: <https://hub/x?y>; rel=\"prev\"\r\n", ""},
        {"Link: <https://hub/x?y z>; rel=\"next\"\r\n", ""},
        {"Link: https://hub/x?next\r\n", ""},
        {"Link:\r\n", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct hub_reply reply =
            read_header((const char *const[]){"HTTP/1.1 200 OK\r\n", rows[i].line, NULL});

        assert_string_equal(reply.next_query, rows[i].query);
    }
}

static void assert_explained(const struct hub_reply *reply, bool with_token, enum status status,
                             const char *words)
{
    const struct hub_asked asked = {.name = "acme/tiny",
                                    .revision = "v9",
                                    .endpoint = "https://hub.example",
                                    .with_token = with_token};
    struct error error = {0};

    assert_int_equal(hub_explain(&asked, reply, &error), status);
    if (!strstr(error.text, words))
        fail_msg("'%s' lacks '%s'", error.text, words);
}

static void test_explain__says_what_to_do(void **state)
{
    static const struct {
        struct hub_reply reply;
        bool with_token;
        enum status status;
        const char *words;
    } rows[] = {
        {{.status = 401, .error_code = "GatedRepo"}, false, STATUS_INVALID, "HF_TOKEN"},
        {{.status = 401, .error_code = "GatedRepo"},
         false,
         STATUS_INVALID,
         "terms at https://hub.example/acme/tiny"},
        {{.status = 403, .error_code = "GatedRepo"}, true, STATUS_INVALID, "ask for access"},
        {{.status = 401, .error_code = "RepoNotFound"}, false, STATUS_INVALID, "check the name"},
        {{.status = 404, .error_code = "RepoNotFound"}, true, STATUS_INVALID, "check the name"},
        {{.status = 404, .error_code = "RevisionNotFound"}, false, STATUS_INVALID, "v9"},
        {{.status = 401, .error_message = "Invalid credentials in Authorization header"},
         true,
         STATUS_INVALID,
         "https://hub.example/settings/tokens"},
        {{.status = 429}, false, STATUS_IO, "429"},
        {{.status = 503}, false, STATUS_IO, "HTTPS_PROXY"},
        {{.problem = "Could not resolve host: hub.example"}, false, STATUS_IO, "resolve host"},
        {{.status = 200, .problem = "the reply was cut short"}, false, STATUS_IO, "cut short"},
        {{.status = 302}, false, STATUS_IO, "302"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_explained(&rows[i].reply, rows[i].with_token, rows[i].status, rows[i].words);
}

static void test_patience__waits_longer_each_time_and_ends(void **state)
{
    const struct hub_reply reply = {.status = 503};
    struct hub_patience patience = {.max_tries = HUB_PATIENCE_TRIES};
    double before_s = 0;

    (void)state;
    for (int i = 1; i < HUB_PATIENCE_TRIES; i++) {
        double wait_s = hub_patience_next_s(&patience, &reply, 0.5);

        assert_true(wait_s > before_s && wait_s <= 20);
        before_s = wait_s;
    }
    assert_true(hub_patience_next_s(&patience, &reply, 0.5) < 0);
}

static void test_patience__heeds_retry_after(void **state)
{
    const struct hub_reply soon = {.status = 429, .retry_after_s = 7};
    const struct hub_reply never = {.status = 429, .retry_after_s = HUB_PATIENCE_MAX_WAIT_S + 1};
    struct hub_patience patience = {.max_tries = HUB_PATIENCE_TRIES};

    (void)state;
    assert_true(hub_patience_next_s(&patience, &soon, 0) >= 7);
    assert_true(hub_patience_next_s(&patience, &soon, 0.99) < 8);
    assert_true(hub_patience_next_s(&patience, &never, 0) < 0);
}

static void test_escape__leaves_no_byte_that_an_address_could_not_hold(void **state)
{
    char url[64] = "http://h/";
    char small[8] = "";

    (void)state;
    assert_true(hub_escape("refs/pr/1", false, url, sizeof url));
    assert_string_equal(url, "http://h/refs%2Fpr%2F1");
    assert_true(hub_escape("/a b?\xc3\xa9%", true, url, sizeof url));
    assert_string_equal(url, "http://h/refs%2Fpr%2F1/a%20b%3F%C3%A9%25");
    assert_false(hub_escape("longer than that", true, small, sizeof small));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reply_header__tells_what_matters),
        cmocka_unit_test(test_reply_header__bounds_numbers),
        cmocka_unit_test(test_reply_header__takes_the_query_of_the_next_page),
        cmocka_unit_test(test_explain__says_what_to_do),
        cmocka_unit_test(test_patience__waits_longer_each_time_and_ends),
        cmocka_unit_test(test_patience__heeds_retry_after),
        cmocka_unit_test(test_escape__leaves_no_byte_that_an_address_could_not_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
