/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "config/options.h"
#include "server/api/routes.h"
#include "server/exchange/cors.h"
#include "server/exchange/request.h"
#include "server/exchange/server.h"

#include <stdio.h>
#include <string.h>

/* A request of POST /v1/embeddings, as far as its headers need one. */
struct fixture {
    const char *values[4];
    struct options options;
    struct server server;
    struct request request;
};

static void open_request(struct fixture *fixture, const char *const *allowed, const char *origin)
{
    unsigned other;

    memset(fixture, 0, sizeof(*fixture));
    fixture->options.cors_allow_origin.values = fixture->values;
    for (size_t i = 0; allowed[i]; i++)
        fixture->values[fixture->options.cors_allow_origin.n_values++] = allowed[i];
    fixture->server.options = &fixture->options;
    fixture->server.routes = &api_routes;
    fixture->request.server = &fixture->server;
    fixture->request.route = routes_find(&api_routes, "/v1/embeddings", METHOD_POST, &other);
    fixture->request.origin = origin;
}

static const char *find_header(const struct reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->n_headers; i++) {
        if (strcmp(reply->headers[i].name, name) == 0)
            return reply->headers[i].value;
    }
    return NULL;
}

static const char *const nobody[] = {NULL};
static const char *const everybody[] = {"*", NULL};
static const char *const two[] = {"https://a.example", "http://localhost:3000", NULL};

static enum status check(const char *value, struct error *error)
{
    struct fixture fixture;
    const char *const allowed[] = {"https://first.example", value, NULL};

    *error = (struct error){0};
    open_request(&fixture, allowed, NULL);
    return cors_check(&fixture.options, error);
}

static void test_cors__takes_origins_as_browsers_write_them(void **state)
{
    static const char *const good[] = {
        "*",
        "https://example.org",
        "http://localhost:3000",
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "chrome-extension://abcdef",
    };
    static const char *const bad[] = {
        "",
        "example.org",
        "https://",
        "://x",
        "https://example.org/",
        "https://Example.org",
        "HTTPS://example.org",
        "https://example.org/page",
        "https://user@example.org",
        "https://a b",
        "https://a\r\nSet-Cookie: b",
        "null",
        "http s://x",
    };
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_int_equal(check(good[i], &error), STATUS_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(check(bad[i], &error), STATUS_INVALID);
        assert_non_null(strstr(error.text, "--cors-allow-origin"));
        assert_non_null(strstr(error.text, bad[i]));
    }
}

static void test_cors__refuses_an_origin_that_no_header_would_hold(void **state)
{
    char longest[sizeof(((struct reply_header *)0)->value) + 1];
    struct error error;

    (void)state;
    memset(longest, 'a', sizeof(longest));
    memcpy(longest, "http://", 7);
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(check(longest, &error), STATUS_INVALID);
    longest[sizeof(longest) - 2] = '\0';
    assert_int_equal(check(longest, &error), STATUS_OK);
}

static void test_cors__without_the_option_adds_nothing(void **state)
{
    struct fixture fixture;

    (void)state;
    open_request(&fixture, nobody, "https://a.example");
    assert_false(cors_is_on(&fixture.options));
    cors_add_headers(&fixture.request);
    assert_int_equal(fixture.request.reply.n_headers, 0);
}

static void test_cors__names_the_origin_that_asked(void **state)
{
    static const struct {
        const char *const *allowed;
        const char *origin;
        const char *expected;
    } cases[] = {
        {two, "https://a.example", "https://a.example"},
        {two, "http://localhost:3000", "http://localhost:3000"},
        {two, "http://localhost:3001", NULL},
        {two, "http://a.example", NULL},
        {two, "https://a.example.evil.example", NULL},
        {two, "https://a.exampl", NULL},
        {two, "null", NULL},
        {two, NULL, NULL},
        {everybody, "https://b.example", "*"},
        {everybody, "null", "*"},
        {everybody, NULL, "*"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture fixture;
        const struct reply *reply = &fixture.request.reply;
        const char *found;

        open_request(&fixture, cases[i].allowed, cases[i].origin);
        cors_add_headers(&fixture.request);
        assert_string_equal(find_header(reply, "Vary"), "Origin");
        found = find_header(reply, "Access-Control-Allow-Origin");
        if (cases[i].expected) {
            assert_string_equal(found, cases[i].expected);
            assert_string_equal(
                find_header(reply, "Access-Control-Expose-Headers"),
                "x-request-id, Server-Timing, Retry-After, retry-after-ms, x-truncated-inputs");
        } else {
            assert_null(found);
            assert_int_equal(reply->n_headers, 1);
        }
        assert_null(find_header(reply, "Access-Control-Allow-Credentials"));
    }
}

static void test_cors__preflight_tells_what_may_be_sent(void **state)
{
    struct fixture fixture;
    const struct reply *reply = &fixture.request.reply;

    (void)state;
    open_request(&fixture, two, "https://a.example");
    cors_answer_preflight(&fixture.request);
    cors_add_headers(&fixture.request);
    assert_int_equal(reply->http_status, 204);
    assert_string_equal(find_header(reply, "Allow"), "POST, OPTIONS");
    assert_string_equal(find_header(reply, "Access-Control-Allow-Methods"), "POST, OPTIONS");
    assert_string_equal(find_header(reply, "Access-Control-Allow-Headers"),
                        "Authorization, Content-Type, X-Api-Key, api-key, *");
    assert_string_equal(find_header(reply, "Access-Control-Allow-Origin"), "https://a.example");
    assert_non_null(find_header(reply, "Access-Control-Max-Age"));
    /* All that a preflight carries has room. */
    assert_true(reply->n_headers < REPLY_MAX_HEADERS);
}

static void test_cors__preflight_of_a_stranger_allows_nothing(void **state)
{
    struct fixture fixture;
    const struct reply *reply = &fixture.request.reply;

    (void)state;
    open_request(&fixture, two, "https://b.example");
    cors_answer_preflight(&fixture.request);
    cors_add_headers(&fixture.request);
    assert_int_equal(reply->http_status, 204);
    for (size_t i = 0; i < reply->n_headers; i++)
        assert_null(strstr(reply->headers[i].name, "Access-Control"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cors__takes_origins_as_browsers_write_them),
        cmocka_unit_test(test_cors__refuses_an_origin_that_no_header_would_hold),
        cmocka_unit_test(test_cors__without_the_option_adds_nothing),
        cmocka_unit_test(test_cors__names_the_origin_that_asked),
        cmocka_unit_test(test_cors__preflight_tells_what_may_be_sent),
        cmocka_unit_test(test_cors__preflight_of_a_stranger_allows_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
