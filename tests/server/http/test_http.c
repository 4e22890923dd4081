/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/server/http/standin.h"

#include "server/auth/api_keys.h"
#include "server/http/http.h"
#include "server/http/http_private.h"
#include "server/observe/metrics.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct standin standin;

static int setup(void **state)
{
    (void)state;
    standin_init(&standin);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    standin_stop(&standin);
    api_keys_free(standin.server.api_keys);
    return 0;
}

static void assert_status(const struct answer *answer, int status, const char *code)
{
    assert_int_equal(answer->status, status);
    assert_non_null(strstr(answer->head, "Content-Type: application/json\r\n"));
    if (code)
        assert_non_null(strstr(answer->body, code));
}

static void test_http__connection_is_kept(void **state)
{
    struct answer answer;
    int client;

    (void)state;
    standin_start(&standin);
    client = client_connect(&standin);
    for (int i = 0; i < 3; i++) {
        client_send(client, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n");
        client_read(client, &answer);
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer.body, "quick");
        client_send(client, "POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
        client_read(client, &answer);
        assert_status(&answer, 200, "{\"done\":true}");
        assert_non_null(strstr(answer.head, "Server-Timing: tokenize;dur="));
        client_send(client, "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
        client_read(client, &answer);
        assert_status(&answer, 404, "\"not_found\"");
    }
    close(client);
}

static void test_http__head_answers_as_get_without_body(void **state)
{
    struct answer answer;
    int client;

    (void)state;
    standin_start(&standin);
    client = client_connect(&standin);
    client_send(client, "HEAD /quick HTTP/1.1\r\nHost: x\r\n\r\n"
                        "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n");
    client_read_head(client, &answer);
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(answer.head, "Content-Length: 5\r\n"));
    client_read(client, &answer);
    assert_string_equal(answer.body, "quick");
    close(client);
}

static void test_http__pipelined_requests_are_answered_in_order(void **state)
{
    struct answer answer;
    int client;

    (void)state;
    standin_start(&standin);
    client = client_connect(&standin);
    client_send(client, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1"
                        "POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n22"
                        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n333"
                        "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n");
    client_read(client, &answer);
    assert_string_equal(answer.body, "{\"n\":1}");
    client_read(client, &answer);
    assert_string_equal(answer.body, "{\"done\":true}");
    client_read(client, &answer);
    assert_string_equal(answer.body, "{\"n\":3}");
    client_read(client, &answer);
    assert_string_equal(answer.body, "quick");
    close(client);
}

static void test_http__wrong_method_names_the_right_one(void **state)
{
    struct answer answer;

    (void)state;
    standin_start(&standin);
    client_ask(&standin, "PUT /quick HTTP/1.1\r\nHost: x\r\n\r\n", &answer);
    assert_status(&answer, 405, "\"method_not_allowed\"");
    assert_non_null(strstr(answer.head, "Allow: GET, HEAD\r\n"));
    client_ask(&standin, "GET /work HTTP/1.1\r\nHost: x\r\n\r\n", &answer);
    assert_status(&answer, 405, "\"error_type\""); /* TEI's shape */
    assert_non_null(strstr(answer.head, "Allow: POST\r\n"));
}

/* What x-request-id comes back for what was sent. */
static void ask_with_id(const char *id, char *ret_id)
{
    char text[512];
    struct answer answer;
    const char *found;

    snprintf(text, sizeof text, "GET /quick HTTP/1.1\r\nHost: x\r\nx-request-id: %s\r\n\r\n", id);
    client_ask(&standin, text, &answer);
    assert_int_equal(answer.status, 200);
    found = strstr(answer.head, "x-request-id: ");
    assert_non_null(found);
    assert_int_equal(sscanf(found, "x-request-id: %299[^\r]", ret_id), 1);
}

static void test_http__request_id_is_the_clients_or_made(void **state)
{
    char longest[130], id[300], other[300];

    (void)state;
    standin_start(&standin);
    ask_with_id("abc ~{1}", id);
    assert_string_equal(id, "abc ~{1}");
    memset(longest, 'y', sizeof longest);
    longest[128] = '\0';
    ask_with_id(longest, id);
    assert_string_equal(id, longest);

    /* 129 bytes, not ASCII, empty: 32 hexadecimal digits, never the same */
    longest[128] = 'y';
    longest[129] = '\0';
    ask_with_id(longest, id);
    assert_int_equal(strspn(id, "0123456789abcdef"), 32);
    assert_int_equal(strlen(id), 32);
    ask_with_id("caf\xc3\xa9", other);
    assert_int_equal(strspn(other, "0123456789abcdef"), 32);
    assert_string_not_equal(id, other);
    ask_with_id("", other);
    assert_int_equal(strlen(other), 32);
}

static int status_of_type(const char *header)
{
    char text[256];
    struct answer answer;

    snprintf(text, sizeof text, "POST /echo HTTP/1.1\r\nHost: x\r\n%sContent-Length: 2\r\n\r\n{}",
             header);
    client_ask(&standin, text, &answer);
    return answer.status;
}

static void test_http__other_media_types_are_refused(void **state)
{
    (void)state;
    standin_start(&standin);
    assert_int_equal(status_of_type(""), 200);
    assert_int_equal(status_of_type("Content-Type: application/json\r\n"), 200);
    assert_int_equal(status_of_type("Content-Type: Application/JSON; charset=utf-8\r\n"), 200);
    assert_int_equal(status_of_type("Content-Type: application/json5\r\n"), 415);
    assert_int_equal(status_of_type("Content-Type: text/plain\r\n"), 415);
}

static void test_http__long_body_is_refused_by_its_header(void **state)
{
    struct answer answer;
    int client;

    (void)state;
    standin_start(&standin);
    /* the limit itself is allowed */
    client = client_connect(&standin);
    client_send(client, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
    client_send_bytes(client, 100000);
    client_read(client, &answer);
    assert_status(&answer, 200, "{\"n\":100000}");
    close(client);

    /* one more is not; nothing of the body need be sent */
    client_ask(&standin, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100001\r\n\r\n",
               &answer);
    assert_status(&answer, 413, "\"payload_too_large\"");
    assert_non_null(strstr(answer.head, "Connection: close\r\n"));
    client_ask(&standin,
               "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100001\r\n"
               "Expect: 100-continue\r\n\r\n",
               &answer);
    assert_status(&answer, 413, "\"payload_too_large\""); /* and not 100 */
}

/* A client that reads nothing before it has sent all: the refusal must outlive that. */
static void test_http__refusal_reaches_a_client_that_goes_on_sending(void **state)
{
    struct answer answer;
    int client;

    (void)state;
    standin_start(&standin);
    client = client_connect(&standin);
    client_send(client, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n");
    client_send_bytes(client, 50000000);
    client_read(client, &answer);
    assert_status(&answer, 413, "\"payload_too_large\"");
    assert_true(client_is_closed(client));
    close(client);
}

static void ask_with(const char *authorization, struct answer *ret_answer)
{
    char text[512];

    snprintf(text, sizeof text, "POST /work HTTP/1.1\r\nHost: x\r\n%sContent-Length: 2\r\n\r\n{}",
             authorization);
    client_ask(&standin, text, ret_answer);
}

static void test_http__routes_that_need_a_key_ask_for_it(void **state)
{
    static const char *const refused[] = {
        "",
        "Authorization: Bearer sk-goo\r\n",
        "Authorization: Bearer sk-good sk-good\r\n",
        "Authorization: Bearer\r\n",
        "Authorization: Bearersk-good\r\n",
        "Authorization: Basic sk-good\r\n",
        "Authorization: sk-good\r\n",
        "X-Api-Key: sk-goo\r\n",
        "X-Api-Key: Bearer sk-good\r\n",
        "api-key: \r\n",
        "Api: sk-good\r\n",
        "Authorization: Bearer sk-bad\r\nX-Api-Key: sk-good\r\n", /* the first key counts */
    };
    static const char *const good[] = {
        "Authorization: Bearer sk-good\r\n",
        "authorization: BEARER   sk-good  \r\n",
        "X-Api-Key: sk-good\r\n",
        "x-api-key:   sk-good  \r\n",
        "api-key: sk-good\r\n",
        "Authorization: Basic dTpw\r\nApi-Key: sk-good\r\n", /* a proxy's, and ours */
        "X-Api-Key: \r\napi-key: sk-good\r\n",
    };
    struct answer answer;

    (void)state;
    assert_int_equal(api_keys_new(&standin.server.api_keys, "sk-good", NULL, NULL), STATUS_OK);
    standin_start(&standin);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        ask_with(refused[i], &answer);
        assert_status(&answer, 401, "\"error_type\""); /* TEI's shape */
        assert_non_null(strstr(answer.head, "WWW-Authenticate: Bearer\r\n"));
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ask_with(good[i], &answer);
        assert_status(&answer, 200, "{\"done\":true}");
    }
    client_ask(&standin, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n", &answer);
    assert_int_equal(answer.status, 200); /* open */
    client_ask(&standin, "GET /model HTTP/1.1\r\nHost: x\r\n\r\n", &answer);
    assert_status(&answer, 401, "\"code\":\"invalid_api_key\"");
}

static void test_http__refusal_of_a_key_does_not_wait_for_the_body(void **state)
{
    struct answer answer;

    (void)state;
    assert_int_equal(api_keys_new(&standin.server.api_keys, "sk-good", NULL, NULL), STATUS_OK);
    standin_start(&standin);
    client_ask(&standin, "POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n",
               &answer);
    assert_int_equal(answer.status, 401);
    client_ask(
        &standin,
        "POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
        &answer);
    assert_int_equal(answer.status, 401); /* and not 100 */
}

static void test_http__chunked_body_is_gathered(void **state)
{
    struct answer answer;

    (void)state;
    standin_start(&standin);
    client_ask(&standin,
               "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
               "5\r\n12345\r\n3\r\n678\r\n0\r\n\r\n",
               &answer);
    assert_status(&answer, 200, "{\"n\":8}");
}

static void test_http__chunked_body_that_grows_too_long_is_refused(void **state)
{
    struct answer answer;
    int client;

    (void)state;
    standin_start(&standin);
    client = client_connect(&standin);
    client_send(client, "POST /echo HTTP/1.1\r\nHost: x\r\nx-request-id: me\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n1000000\r\n");
    client_send_bytes(client, 0x1000000);
    client_send(client, "\r\n0\r\n\r\n");
    client_read(client, &answer);
    assert_status(&answer, 413, "\"payload_too_large\"");
    assert_non_null(strstr(answer.head, "x-request-id: me\r\n"));
    assert_true(client_is_closed(client));
    close(client);
}

static void test_http__before_the_model_is_loaded(void **state)
{
    struct engine *engine;
    struct answer answer;

    (void)state;
    standin_start(&standin);
    engine = standin.model.engine;
    standin.model.engine = NULL;
    standin.server.state = SERVER_LOADING;
    client_ask(&standin, "POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", &answer);
    assert_int_equal(answer.status, 503);
    assert_non_null(strstr(answer.head, "Retry-After: "));
    client_ask(&standin, "GET /model HTTP/1.1\r\nHost: x\r\n\r\n", &answer);
    assert_status(&answer, 503, "\"loading\"");
    client_ask(&standin, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n", &answer);
    assert_int_equal(answer.status, 200);
    standin.model.engine = engine;
}

static void test_http__full_server_refuses_and_recovers(void **state)
{
    struct answer answer;
    int clients[2];

    (void)state;
    standin.options.max_concurrent_requests = 2;
    standin_start(&standin);
    engine_hold(true);
    for (int i = 0; i < 2; i++) {
        clients[i] = client_connect(&standin);
        client_send(clients[i], "POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
    }
    wait_until(engine_count_waiting() == 2);
    client_ask(&standin, "POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", &answer);
    assert_int_equal(answer.status, 429);
    assert_non_null(strstr(answer.head, "Retry-After: "));
    client_ask(&standin, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n", &answer);
    assert_int_equal(answer.status, 200);

    engine_hold(false);
    /* one after the other on a connection: each finds the place of the one before free */
    for (int i = 0; i < 2; i++) {
        client_read(clients[i], &answer);
        assert_int_equal(answer.status, 200);
    }
    for (int i = 0; i < 100; i++) {
        client_send(clients[0], "POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
        client_read(clients[0], &answer);
        assert_int_equal(answer.status, 200);
    }
    close(clients[0]);
    close(clients[1]);
}

static void assert_408(int client)
{
    struct answer answer;

    client_read(client, &answer);
    assert_status(&answer, 408, "request_timeout");
    assert_true(client_is_closed(client));
    close(client);
}

static void test_http__slow_requests_get_408(void **state)
{
    int silent, trickling, header;

    (void)state;
    standin.options.request_timeout = 0.5;
    standin_start(&standin);
    silent = client_connect(&standin);
    client_send(silent, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{");
    header = client_connect(&standin);
    client_send(header, "POST /echo HTTP/1.1\r\nHost");
    trickling = client_connect(&standin);
    client_send(trickling, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{");
    for (int i = 0; i < 8; i++) {
        usleep(50000);
        client_send(trickling, "1");
    }
    assert_408(trickling);
    assert_408(silent);
    assert_408(header);
}

static void test_http__body_within_time_is_not_cut(void **state)
{
    struct answer answer;
    int client;

    (void)state;
    standin.options.request_timeout = 2;
    standin_start(&standin);
    client = client_connect(&standin);
    client_send(client, "POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{");
    usleep(300000);
    engine_hold(true);
    client_send(client, "}");
    wait_until(engine_count_waiting() == 1);
    usleep(2500000); /* the time to arrive does not bound the work */
    engine_hold(false);
    client_read(client, &answer);
    assert_int_equal(answer.status, 200);
    close(client);
}

static void test_http__idle_connections_are_closed_with_no_word(void **state)
{
    struct answer answer;
    int fresh, used;

    (void)state;
    standin.options.keep_alive_timeout = 0.3;
    standin_start(&standin);
    fresh = client_connect(&standin);
    used = client_connect(&standin);
    client_send(used, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n");
    client_read(used, &answer);
    assert_int_equal(answer.status, 200);
    assert_true(client_is_closed(used));
    assert_true(client_is_closed(fresh));
    close(used);
    close(fresh);
}

static void test_http__hang_up_cancels_what_is_queued(void **state)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    int closing, resetting;

    (void)state;
    standin_start(&standin);
    engine_hold(true);
    closing = client_connect(&standin);
    resetting = client_connect(&standin);
    client_send(closing, "POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
    client_send(resetting, "POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
    wait_until(engine_count_waiting() == 2);
    close(closing);
    wait_until(engine_count_cancelled() == 1);
    setsockopt(resetting, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(resetting);
    wait_until(engine_count_cancelled() == 2);
    wait_until(atomic_load(&standin.server.n_unanswered) == 0);
    assert_int_equal(standin.server.n_requests, 0);
}

static void test_http__half_closed_client_gets_what_is_at_hand(void **state)
{
    struct answer answer;
    int client;

    (void)state;
    standin_start(&standin);
    client = client_connect(&standin);
    client_send(client, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n");
    shutdown(client, SHUT_WR);
    client_read(client, &answer);
    assert_int_equal(answer.status, 200);
    close(client);
}

static void ask_half_closed(const char *text, bool is_asked)
{
    int client = client_connect(&standin);
    struct answer answer;

    engine_hold(true);
    client_send(client, text);
    shutdown(client, SHUT_WR);
    wait_until(engine_count_waiting() == 1);
    usleep(1200000); /* time enough for the server to ask whether it is there */
    assert_int_equal(engine_count_cancelled(), 0);
    engine_hold(false);
    if (is_asked) {
        client_read_head(client, &answer);
        assert_int_equal(answer.status, 100);
    }
    client_read(client, &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "{\"done\":true}");
    assert_true(client_is_closed(client));
    close(client);
}

static void test_http__half_closed_client_gets_what_it_asked_for(void **state)
{
    (void)state;
    standin_start(&standin);
    ask_half_closed("POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", true);
    /* without a 100, which it would not know */
    ask_half_closed("POST /work HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}", false);
}

/* With the last byte and the end of the stream in one, libmicrohttpd 0.9.75 may not see the end. */
static void test_http__broken_off_connections_do_not_stay(void **state)
{
    static const char *const texts[] = {
        "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /quick HT",
        "POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
        "",
    };

    (void)state;
    standin_start(&standin);
    for (int i = 0; i < 400; i++) {
        int client = client_connect(&standin);

        client_send(client, texts[i % 4]);
        close(client);
    }
    wait_until(atomic_load(&standin.server.n_connections) == 0);
}

/* With room for two connections, which are taken and kept. */
static void fill(int ret_clients[2])
{
    struct answer answer;

    standin.options.max_connections = 2;
    standin_start(&standin);
    for (int i = 0; i < 2; i++) {
        ret_clients[i] = client_connect(&standin);
        client_send(ret_clients[i], "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n");
        client_read(ret_clients[i], &answer);
        assert_int_equal(answer.status, 200);
    }
}

static void test_http__full_server_answers_probes_alone(void **state)
{
    static const char *const refused[] = {
        "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n{",
    };
    struct answer answer;
    int clients[2];

    (void)state;
    fill(clients);
    for (size_t i = 0; i < 3; i++) {
        client_ask(&standin, refused[i], &answer);
        assert_int_equal(answer.status, 429);
        assert_non_null(strstr(answer.head, "\r\nRetry-After: "));
        assert_non_null(strstr(answer.head, "\r\nConnection: close\r\n"));
        assert_non_null(strstr(answer.body, "2 connections, its maximum (--max-connections)"));
        client_ask(&standin, "GET /probe HTTP/1.1\r\nHost: x\r\n\r\n", &answer);
        assert_int_equal(answer.status, 200);
        assert_non_null(strstr(answer.head, "\r\nConnection: close\r\n"));
    }
    client_send(clients[1], refused[0]);
    client_read(clients[1], &answer);
    assert_int_equal(answer.status, 200);
    close(clients[1]);
    wait_until(atomic_load(&standin.server.n_connections) == 1);
    client_ask(&standin, refused[0], &answer);
    assert_int_equal(answer.status, 200);
    close(clients[0]);
}

/* Who comes while there is no room, and asks when there is, is served as everybody is. */
static void test_http__surplus_connection_may_take_what_has_become_free(void **state)
{
    struct answer answer;
    int clients[2], late;

    (void)state;
    fill(clients);
    late = client_connect(&standin);
    wait_until(atomic_load(&standin.server.n_connections) == 3);
    close(clients[0]);
    wait_until(atomic_load(&standin.server.n_connections) == 2);
    for (int i = 0; i < 2; i++) {
        client_send(late, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n");
        client_read(late, &answer);
        assert_int_equal(answer.status, 200);
        assert_null(strstr(answer.head, "\r\nConnection: close\r\n"));
    }
    close(late);
    close(clients[1]);
}

static void test_http__silent_clients_do_not_keep_probes_out(void **state)
{
    enum { N_SILENT = 300 }; /* more than the room for probes */
    int clients[2], silent[N_SILENT];
    int64_t began_us = clock_now_us();
    struct answer answer;

    (void)state;
    fill(clients);
    for (int i = 0; i < N_SILENT; i++) {
        silent[i] = client_connect(&standin);
        if (i % 2)
            client_send(silent[i], "GET /quick HTTP/1.1\r\nHost");
    }
    client_ask(&standin, "GET /probe HTTP/1.1\r\nHost: x\r\n\r\n", &answer);
    assert_int_equal(answer.status, 200);
    assert_in_range(clock_now_us() - began_us, 0, 5 * 1000000);
    assert_true(client_is_closed(silent[0]) && client_is_closed(silent[1]));
    for (int i = 0; i < N_SILENT; i++)
        close(silent[i]);
    close(clients[0]);
    close(clients[1]);
}

static void test_http__connections_of_one_address_are_bounded(void **state)
{
    struct answer answer;
    int clients[2], refused;

    (void)state;
    standin.options.max_connections_per_address = 2;
    standin_start(&standin);
    for (int i = 0; i < 2; i++) {
        clients[i] = client_connect(&standin);
        client_send(clients[i], "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n");
        client_read(clients[i], &answer);
        assert_int_equal(answer.status, 200);
    }
    refused = client_connect(&standin);
    assert_true(client_is_closed(refused));
    close(refused);
    close(clients[0]);
    wait_until(atomic_load(&standin.server.n_connections) == 1);
    usleep(200000); /* libmicrohttpd counts down a moment later */
    client_ask(&standin, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n", &answer);
    assert_int_equal(answer.status, 200);
    close(clients[1]);
}

static bool ask_and_see_close(int client, const char *request)
{
    struct answer answer;

    client_send(client, request);
    client_read(client, &answer);
    assert_int_equal(answer.status, 200);
    return strstr(answer.head, "Connection: close\r\n") != NULL;
}

static void test_http__connection_ends_after_its_requests(void **state)
{
    static const char get[] = "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n";
    static const char post[] = "POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";

    (void)state;
    standin.options.max_connection_requests = 3;
    standin_start(&standin);
    for (int i = 0; i < 2; i++) {
        int client = client_connect(&standin);

        assert_false(ask_and_see_close(client, get));
        assert_false(ask_and_see_close(client, post));
        assert_true(ask_and_see_close(client, i ? get : post));
        assert_true(client_is_closed(client));
        close(client);
    }
}

static double draw_least(void)
{
    return 0;
}

static void test_http__old_connection_ends_with_a_reply(void **state)
{
    static const char get[] = "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n";
    int old, young;

    (void)state;
    standin.options.max_connection_age = 0.5; /* with the least number drawn: 0.45 */
    standin_start(&standin);
    standin.server.draw = draw_least;
    old = client_connect(&standin);
    assert_false(ask_and_see_close(old, get));
    usleep(460000);
    young = client_connect(&standin);
    assert_false(ask_and_see_close(young, get));
    assert_true(ask_and_see_close(old, get)); /* not before it asks */
    assert_true(client_is_closed(old));
    close(old);
    close(young);
}

static void test_http__closing_the_port_keeps_what_was_accepted(void **state)
{
    struct answer answer;
    int busy, kept, late;

    (void)state;
    standin_start(&standin);
    engine_hold(true);
    busy = client_connect(&standin);
    kept = client_connect(&standin);
    client_send(kept, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n");
    client_read(kept, &answer);
    client_send(busy, "POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
    wait_until(engine_count_waiting() == 1);
    late = client_connect(&standin); /* perhaps not accepted yet */
    standin.server.state = SERVER_DRAINING;
    http_stop_listening(standin.server.http);

    client_send(late, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n");
    client_read(late, &answer);
    assert_int_equal(answer.status, 200);
    client_send(kept, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
    client_read(kept, &answer);
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(answer.head, "Connection: close\r\n"));
    assert_true(client_is_closed(kept));
    assert_true(atomic_load(&standin.server.n_unanswered) > 0);
    engine_hold(false);
    client_read(busy, &answer);
    assert_int_equal(answer.status, 200);
    wait_until(atomic_load(&standin.server.n_unanswered) == 0);
    close(busy);
    close(kept);
    close(late);
}

static void test_http__abandoned_requests_are_refused(void **state)
{
    struct answer answer;
    int client;

    (void)state;
    standin_start(&standin);
    engine_hold(true);
    client = client_connect(&standin);
    client_send(client, "POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
    wait_until(engine_count_waiting() == 1);
    standin.server.state = SERVER_STOPPING;
    http_abandon(standin.server.http);
    assert_int_equal(engine_count_waiting(), 0);
    client_read(client, &answer);
    assert_int_equal(answer.status, 503);
    assert_non_null(strstr(answer.head, "Retry-After: "));
    close(client);
    client_ask(&standin, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n", &answer);
    assert_status(&answer, 503, "\"draining\"");
}

static void test_http__ended_requests_are_counted(void **state)
{
    static const char *const lines[] = {
        "nestd_requests_total{route=\"/work\",status=\"200\"} 1\n",
        "nestd_requests_total{route=\"/work\",status=\"499\"} 1\n",
        "nestd_requests_total{route=\"/work\",status=\"500\"} 0\n",
        "nestd_requests_total{route=\"other\",status=\"404\"} 1\n",
        "nestd_requests_rejected_total{reason=\"not_found\"} 1\n",
        "nestd_requests_rejected_total{reason=\"overloaded\"} 0\n",
        "nestd_texts_total 1\n",
        "nestd_tokens_total 5\n",
        "nestd_requests_in_flight 0\n",
        "nestd_text_tokens_bucket{le=\"4\"} 0\n",
        "nestd_text_tokens_bucket{le=\"8\"} 1\n",
        "nestd_text_tokens_sum 5\n",
    };
    struct buffer buffer = {0};
    struct answer answer;
    int client;

    (void)state;
    standin_start(&standin);
    client_ask(&standin, "POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", &answer);
    client_ask(&standin, "GET /%7eelsewhere HTTP/1.1\r\nHost: x\r\n\r\n", &answer);
    engine_hold(true);
    client = client_connect(&standin);
    client_send(client, "POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
    wait_until(engine_count_waiting() == 1);
    close(client);
    wait_until(atomic_load(&standin.server.n_unanswered) == 0);
    metrics_write(&standin.server, &buffer);
    buffer_append(&buffer, "", 1);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (!strstr(buffer.bytes, lines[i]))
            fail_msg("no line %s in\n%s", lines[i], buffer.bytes);
    }
    buffer_release(&buffer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_http__connection_is_kept),
        TEST(test_http__head_answers_as_get_without_body),
        TEST(test_http__pipelined_requests_are_answered_in_order),
        TEST(test_http__wrong_method_names_the_right_one),
        TEST(test_http__request_id_is_the_clients_or_made),
        TEST(test_http__other_media_types_are_refused),
        TEST(test_http__long_body_is_refused_by_its_header),
        TEST(test_http__refusal_reaches_a_client_that_goes_on_sending),
        TEST(test_http__routes_that_need_a_key_ask_for_it),
        TEST(test_http__refusal_of_a_key_does_not_wait_for_the_body),
        TEST(test_http__chunked_body_is_gathered),
        TEST(test_http__chunked_body_that_grows_too_long_is_refused),
        TEST(test_http__before_the_model_is_loaded),
        TEST(test_http__full_server_refuses_and_recovers),
        TEST(test_http__slow_requests_get_408),
        TEST(test_http__body_within_time_is_not_cut),
        TEST(test_http__idle_connections_are_closed_with_no_word),
        TEST(test_http__hang_up_cancels_what_is_queued),
        TEST(test_http__half_closed_client_gets_what_is_at_hand),
        TEST(test_http__half_closed_client_gets_what_it_asked_for),
        TEST(test_http__broken_off_connections_do_not_stay),
        TEST(test_http__full_server_answers_probes_alone),
        TEST(test_http__surplus_connection_may_take_what_has_become_free),
        TEST(test_http__silent_clients_do_not_keep_probes_out),
        TEST(test_http__connections_of_one_address_are_bounded),
        TEST(test_http__connection_ends_after_its_requests),
        TEST(test_http__old_connection_ends_with_a_reply),
        TEST(test_http__closing_the_port_keeps_what_was_accepted),
        TEST(test_http__abandoned_requests_are_refused),
        TEST(test_http__ended_requests_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
