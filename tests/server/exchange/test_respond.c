/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "config/options.h"
#include "server/api/routes.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/server.h"

#include <jansson.h>
#include <string.h>

/* A request of a route, as far as answering needs one; its server has loaded no model. */
struct fixture {
    struct options options;
    struct server server;
    struct request request;
};

static double draw_nothing(void)
{
    return 0;
}

static double draw_three_quarters(void)
{
    return 0.75;
}

static void open_request(struct fixture *fixture, const char *path)
{
    unsigned allowed;

    memset(fixture, 0, sizeof(*fixture));
    fixture->server.options = &fixture->options;
    fixture->server.routes = &api_routes;
    fixture->request.server = &fixture->server;
    fixture->server.draw = draw_nothing;
    fixture->request.path_tail = "";
    fixture->request.route = routes_find(&api_routes, path, METHOD_POST, &allowed);
}

static const char *find_header(const struct reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->n_headers; i++) {
        if (strcmp(reply->headers[i].name, name) == 0)
            return reply->headers[i].value;
    }
    return NULL;
}

static void assert_body(const struct reply *reply, const char *expected)
{
    assert_false(buffer_failed(&reply->body));
    assert_string_equal(reply->content_type, "application/json");
    assert_int_equal(reply->body.len_bytes, strlen(expected));
    assert_memory_equal(reply->body.bytes, expected, reply->body.len_bytes);
}

/* Statuses, types and codes as the HTTP contract's table of errors has them. */
static void test_respond__speaks_openai(void **state)
{
    struct fixture fixture;

    (void)state;
    open_request(&fixture, "/v1/embeddings");
    respond_problem(&fixture.request, PROBLEM_TOO_MANY_INPUTS, "input", "%d are \"too\" many", 7);
    assert_int_equal(fixture.request.reply.http_status, 400);
    assert_body(
        &fixture.request.reply,
        "{\"error\":{\"message\":\"7 are \\\"too\\\" many\",\"type\":\"invalid_request_error\","
        "\"param\":\"input\",\"code\":\"too_many_inputs\"}}");
    reply_release(&fixture.request.reply);

    respond_problem(&fixture.request, PROBLEM_BAD_REQUEST, NULL, "no");
    assert_int_equal(fixture.request.reply.http_status, 400);
    assert_body(&fixture.request.reply,
                "{\"error\":{\"message\":\"no\",\"type\":\"invalid_request_error\",\"param\":null,"
                "\"code\":null}}");
    reply_release(&fixture.request.reply);
}

static void test_respond__speaks_tei(void **state)
{
    struct fixture fixture;

    (void)state;
    open_request(&fixture, "/tokenize");
    respond_problem(&fixture.request, PROBLEM_EMPTY_INPUT, "inputs", "empty");
    assert_int_equal(fixture.request.reply.http_status, 400);
    assert_body(&fixture.request.reply, "{\"error\":\"empty\",\"error_type\":\"Empty\"}");
    reply_release(&fixture.request.reply);

    respond_problem(&fixture.request, PROBLEM_BAD_REQUEST, "inputs", "a number");
    assert_int_equal(fixture.request.reply.http_status, 422);
    assert_body(&fixture.request.reply, "{\"error\":\"a number\",\"error_type\":\"Validation\"}");
    reply_release(&fixture.request.reply);

    respond_problem(&fixture.request, PROBLEM_TOO_MANY_INPUTS, "inputs", "many");
    assert_int_equal(fixture.request.reply.http_status, 413);
    reply_release(&fixture.request.reply);
}

/* Its clients show "message". */
static void test_respond__speaks_cohere(void **state)
{
    struct fixture fixture;

    (void)state;
    open_request(&fixture, "/v2/embed");
    strcpy(fixture.request.id, "r-1");
    respond_problem(&fixture.request, PROBLEM_INVALID_VALUE, "truncate", "no");
    assert_int_equal(fixture.request.reply.http_status, 400);
    assert_body(&fixture.request.reply,
                "{\"id\":\"r-1\",\"message\":\"no\",\"error\":{\"message\":\"no\","
                "\"type\":\"invalid_request_error\",\"param\":\"truncate\","
                "\"code\":\"invalid_value\"}}");
    reply_release(&fixture.request.reply);
}

static void test_respond__speaks_openai_on_unknown_paths(void **state)
{
    struct fixture fixture;

    (void)state;
    open_request(&fixture, "/nowhere");
    assert_null(fixture.request.route);
    respond_problem(&fixture.request, PROBLEM_NOT_FOUND, NULL, "no");
    assert_int_equal(fixture.request.reply.http_status, 404);
    assert_body(&fixture.request.reply,
                "{\"error\":{\"message\":\"no\",\"type\":\"invalid_request_error\",\"param\":null,"
                "\"code\":\"not_found\"}}");
    reply_release(&fixture.request.reply);
}

static void test_respond__adds_the_headers_of_a_problem(void **state)
{
    struct fixture fixture;
    struct reply *reply = &fixture.request.reply;

    (void)state;
    open_request(&fixture, "/v1/models"); /* found for its family */
    respond_problem(&fixture.request, PROBLEM_METHOD_NOT_ALLOWED, NULL, "no");
    assert_int_equal(reply->http_status, 405);
    assert_string_equal(find_header(reply, "Allow"), "GET, HEAD");
    reply_release(reply);

    open_request(&fixture, "/tokenize");
    respond_problem(&fixture.request, PROBLEM_METHOD_NOT_ALLOWED, NULL, "no");
    assert_string_equal(find_header(reply, "Allow"), "POST");
    respond_status(&fixture.request, STATUS_OVERLOADED);
    assert_int_equal(reply->http_status, 429);
    assert_string_equal(find_header(reply, "Retry-After"), "1");
    assert_string_equal(find_header(reply, "retry-after-ms"), "1000");
    fixture.server.draw = draw_three_quarters;
    respond_status(&fixture.request, STATUS_OVERLOADED);
    assert_string_equal(find_header(reply, "Retry-After"), "2");
    assert_string_equal(find_header(reply, "retry-after-ms"), "1750");
    assert_null(find_header(reply, "Allow"));
    respond_status(&fixture.request, STATUS_STOPPING);
    assert_int_equal(reply->http_status, 503);
    assert_non_null(find_header(reply, "Retry-After"));
    respond_problem(&fixture.request, PROBLEM_LOADING, NULL, "no");
    assert_int_equal(reply->http_status, 503);
    assert_non_null(find_header(reply, "Retry-After"));
    respond_status(&fixture.request, STATUS_NO_MEMORY);
    assert_int_equal(reply->http_status, 500);
    assert_null(find_header(reply, "Retry-After"));
    reply_release(reply);
}

static void test_respond__replaces_a_reply_begun(void **state)
{
    struct fixture fixture;
    struct reply *reply = &fixture.request.reply;

    (void)state;
    open_request(&fixture, "/tokenize");
    respond_text(&fixture.request, "text/plain", "half of a reply");
    reply_add_header(reply, "x-truncated-inputs", "%d", 3);
    assert_int_equal(reply->http_status, 200);
    respond_problem(&fixture.request, PROBLEM_VECTOR_NOT_FINITE, NULL, "no");
    assert_int_equal(reply->http_status, 500);
    assert_null(find_header(reply, "x-truncated-inputs"));
    assert_body(reply, "{\"error\":\"no\",\"error_type\":\"Backend\"}");
    reply_release(reply);
}

/* A message that is cut stays UTF-8, whatever its characters' sizes. */
static void test_respond__cuts_messages_between_characters(void **state)
{
    static const char *const fillers[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    struct fixture fixture;
    char words[1200];

    (void)state;
    open_request(&fixture, "/v1/embeddings");
    for (size_t i = 0; i < 12; i++) {
        const char *filler = fillers[i % 3];
        size_t size = strlen(filler);
        json_t *json;

        memset(words, 'x', sizeof(words));
        for (size_t at = i / 3; at + size < sizeof(words); at += size)
            memcpy(words + at, filler, size);
        words[1000] = '\0';
        respond_problem(&fixture.request, PROBLEM_BAD_REQUEST, NULL, "%s", words);
        json = json_loadb(fixture.request.reply.body.bytes, fixture.request.reply.body.len_bytes, 0,
                          NULL);
        assert_non_null(json);
        json_decref(json);
    }
    reply_release(&fixture.request.reply);
}

/* A path may be any bytes; the reply is JSON nevertheless. */
static void test_respond__repairs_what_is_not_utf8(void **state)
{
    static const struct {
        const char *words;
        const char *expected;
    } cases[] = {
        {"a\xff"
         "b",
         "a?b"},
        {"\xc0\xaf", "??"},             /* overlong */
        {"\xed\xa0\x80x", "???x"},      /* a surrogate */
        {"\xf4\x90\x80\x80x", "????x"}, /* beyond U+10FFFF */
        {"\xe2\x82x", "??x"},           /* cut short */
        {"\xe2\x82\xac \xf0\x9f\x98\x80 \xc3\xa9", "\xe2\x82\xac \xf0\x9f\x98\x80 \xc3\xa9"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct api_error error;

        api_error_set(&error, PROBLEM_NOT_FOUND, NULL, "%s", cases[i].words);
        assert_string_equal(error.message, cases[i].expected);
    }
}

static void test_respond__leaves_out_a_header_too_many(void **state)
{
    struct reply reply = {0};
    char value[400];

    (void)state;
    memset(value, 'v', sizeof(value));
    value[sizeof(value) - 1] = '\0';
    for (int i = 0; i < REPLY_MAX_HEADERS + 3; i++)
        reply_add_header(&reply, "x-test", "%s", value);
    assert_int_equal(reply.n_headers, REPLY_MAX_HEADERS);
    assert_int_equal(strlen(reply.headers[0].value), sizeof(reply.headers[0].value) - 1);
    reply_release(&reply);
}

static void test_excerpt__is_short_and_whole(void **state)
{
    char accents[81];

    (void)state;
    assert_string_equal(excerpt_of((struct slice){"a\nb\0c", 5}).text, "a?b?c");
    assert_string_equal(excerpt_of((struct slice){"", 0}).text, "");
    accents[0] = 'x'; /* the cut after 40 bytes falls into a character */
    for (size_t i = 0; i < 40; i++)
        memcpy(accents + 1 + 2 * i, "\xc3\xa9", 2);
    assert_int_equal(strlen(excerpt_of((struct slice){accents, 81}).text), 39 + 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_respond__speaks_openai),
        cmocka_unit_test(test_respond__speaks_tei),
        cmocka_unit_test(test_respond__speaks_cohere),
        cmocka_unit_test(test_respond__speaks_openai_on_unknown_paths),
        cmocka_unit_test(test_respond__adds_the_headers_of_a_problem),
        cmocka_unit_test(test_respond__replaces_a_reply_begun),
        cmocka_unit_test(test_respond__cuts_messages_between_characters),
        cmocka_unit_test(test_respond__repairs_what_is_not_utf8),
        cmocka_unit_test(test_respond__leaves_out_a_header_too_many),
        cmocka_unit_test(test_excerpt__is_short_and_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
