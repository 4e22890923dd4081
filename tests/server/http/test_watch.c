/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/exchange/request.h"
#include "server/exchange/request_submit.h"
#include "server/exchange/server.h"
#include "server/http/watch.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the watch does to requests is counted here, in place of request.c. */
static atomic_int n_gone;
static atomic_int n_too_slow;
static atomic_int n_asked;
static struct request request;
static int late_socket;          /* of the connection that is refused */
static atomic_int asking_socket; /* of the one whose client is asked; 0: it is told to be gone */

void request_gone(struct request *which)
{
    assert_ptr_equal(which, &request);
    n_gone++;
}

static void too_slow(struct request *which)
{
    assert_ptr_equal(which, &request);
    assert_int_equal(send(late_socket, "late", 4, MSG_NOSIGNAL), 4);
    n_too_slow++;
}

static bool ask(struct request *which)
{
    assert_ptr_equal(which, &request);
    n_asked++;
    return asking_socket && send(asking_socket, "?", 1, MSG_NOSIGNAL) == 1;
}

struct connection {
    int client;
    int server;
    struct watch_entry *entry;
};

static struct watch *watch;

/* A TCP connection with itself, since what matters here is how TCP ends. */
static void connection_open(struct connection *connection)
{
    const struct timeval timeout = {.tv_sec = 10};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    connection->client = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(connection->client, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    assert_int_equal(connect(connection->client, (struct sockaddr *)&address, len), 0);
    connection->server = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    assert_true(connection->server >= 0);
    close(listener);
    connection->entry = watch_connection_begin(watch, connection->server);
    assert_non_null(connection->entry);
}

static void connection_end(struct connection *connection)
{
    watch_connection_end(watch, connection->entry);
    close(connection->server);
}

static bool client_sees_end(const struct connection *connection)
{
    char byte;

    return recv(connection->client, &byte, 1, 0) == 0;
}

static void open_watch(int64_t idle_us, int64_t receiving_us, int64_t lingering_us)
{
    const struct watch_options options = {
        .idle_us = idle_us,
        .receiving_us = receiving_us,
        .lingering_us = lingering_us,
        .too_slow = too_slow,
        .ask = ask,
        .idle_shutdown = SHUT_RDWR,
    };

    n_gone = 0;
    n_too_slow = 0;
    n_asked = 0;
    asking_socket = 0;
    assert_int_equal(watch_new(&watch, &options), STATUS_OK);
}

static void wait_for(atomic_int *counter, int value)
{
    for (int i = 0; i < 5000 && *counter < value; i++)
        usleep(1000);
    assert_int_equal(*counter, value);
}

static void test_watch__idle_connection_is_shut_down(void **state)
{
    struct connection connection;
    int64_t began_us = clock_now_us();

    (void)state;
    open_watch(200000, 10000000, 10000000);
    connection_open(&connection);
    assert_true(client_sees_end(&connection));
    assert_true(clock_now_us() - began_us >= 200000);
    connection_end(&connection);
    close(connection.client);
    watch_free(watch);
    assert_int_equal(n_too_slow, 0);
}

static void test_watch__slow_request_is_answered_then_shut_down(void **state)
{
    struct connection connection;
    char bytes[8];

    (void)state;
    open_watch(10000000, 200000, 10000000);
    connection_open(&connection);
    late_socket = connection.server;
    watch_enter(watch, connection.entry, WATCH_RECEIVING, &request);
    wait_for(&n_too_slow, 1);
    assert_int_equal(recv(connection.client, bytes, sizeof bytes, 0), 4);
    /* the server's side reads an end, which makes libmicrohttpd close */
    for (int i = 0; i < 1000 && recv(connection.server, bytes, 1, 0) < 0; i++)
        usleep(1000);
    assert_int_equal(recv(connection.server, bytes, 1, 0), 0);
    connection_end(&connection);
    close(connection.client);
    watch_free(watch);
    assert_int_equal(n_too_slow, 1);
}

static void test_watch__phase_ends_its_deadline(void **state)
{
    struct connection connection;

    (void)state;
    open_watch(10000000, 100000, 10000000);
    connection_open(&connection);
    watch_enter(watch, connection.entry, WATCH_RECEIVING, &request);
    watch_enter(watch, connection.entry, WATCH_WORKING, &request);
    usleep(300000);
    connection_end(&connection);
    watch_free(watch);
    close(connection.client);
    assert_int_equal(n_too_slow, 0);
}

static void open_working(struct connection *connection)
{
    open_watch(10000000, 10000000, 10000000);
    connection_open(connection);
    asking_socket = connection->server;
    watch_enter(watch, connection->entry, WATCH_RECEIVING, &request);
    watch_enter(watch, connection->entry, WATCH_WORKING, &request);
}

static void test_watch__half_closed_client_is_asked_once_and_not_gone(void **state)
{
    struct connection connection;

    (void)state;
    open_working(&connection);
    assert_int_equal(send(connection.client, "next", 4, 0), 4); /* pipelined: not an end */
    usleep(700000);
    assert_int_equal(n_asked, 0);
    shutdown(connection.client, SHUT_WR);
    wait_for(&n_asked, 1);
    watch_enter(watch, connection.entry, WATCH_SENDING, NULL);
    watch_enter(watch, connection.entry, WATCH_RECEIVING, &request);
    watch_enter(watch, connection.entry, WATCH_WORKING, &request);
    usleep(700000);
    assert_int_equal(n_asked, 1);
    assert_int_equal(n_gone, 0);
    connection_end(&connection);
    close(connection.client);
    watch_free(watch);
}

static void test_watch__reply_that_is_soon_asks_nothing(void **state)
{
    struct connection connection;

    (void)state;
    open_working(&connection);
    shutdown(connection.client, SHUT_WR);
    usleep(100000);
    watch_enter(watch, connection.entry, WATCH_SENDING, NULL);
    usleep(700000);
    assert_int_equal(n_asked, 0);
    connection_end(&connection);
    close(connection.client);
    watch_free(watch);
}

/* Its kernel answers the question with a reset. */
static void test_watch__client_that_closed_is_gone_once_asked(void **state)
{
    struct connection connection;

    (void)state;
    open_working(&connection);
    close(connection.client);
    wait_for(&n_gone, 1);
    assert_int_equal(n_asked, 1);
    usleep(50000);
    connection_end(&connection);
    watch_free(watch);
    assert_int_equal(n_gone, 1);
}

static void test_watch__client_that_cannot_be_asked_is_gone(void **state)
{
    struct connection connection;

    (void)state;
    open_working(&connection);
    asking_socket = 0;
    shutdown(connection.client, SHUT_WR);
    wait_for(&n_gone, 1);
    assert_int_equal(n_asked, 1);
    connection_end(&connection);
    close(connection.client);
    watch_free(watch);
}

static void test_watch__reset_is_told_at_once(void **state)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    struct connection connection;

    (void)state;
    open_working(&connection);
    setsockopt(connection.client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(connection.client);
    wait_for(&n_gone, 1);
    assert_int_equal(n_asked, 0);
    connection_end(&connection);
    watch_free(watch);
}

static void test_watch__end_before_is_remembered(void **state)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    struct connection ended, broken;

    (void)state;
    open_watch(10000000, 10000000, 10000000);
    connection_open(&ended);
    connection_open(&broken);
    watch_enter(watch, ended.entry, WATCH_RECEIVING, &request);
    watch_enter(watch, broken.entry, WATCH_RECEIVING, &request);
    shutdown(ended.client, SHUT_WR);
    setsockopt(broken.client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(broken.client);
    usleep(50000);
    assert_int_equal(n_gone, 0);
    watch_enter(watch, broken.entry, WATCH_WORKING, &request);
    assert_int_equal(n_gone, 1);
    asking_socket = ended.server;
    watch_enter(watch, ended.entry, WATCH_WORKING, &request);
    wait_for(&n_asked, 1);
    connection_end(&ended);
    connection_end(&broken);
    close(ended.client);
    watch_free(watch);
    assert_int_equal(n_gone, 1);
}

/* Its connection is closed within a second or two, whatever phase it is in. */
static void test_watch__client_that_closed_is_shut_down(void **state)
{
    struct connection idle, receiving;
    char byte;

    (void)state;
    open_watch(60000000, 60000000, 60000000);
    connection_open(&idle);
    connection_open(&receiving);
    watch_enter(watch, receiving.entry, WATCH_RECEIVING, &request);
    shutdown(idle.client, SHUT_WR);
    shutdown(receiving.client, SHUT_WR);
    /* the client sees an end only if the server's side was shut down */
    assert_int_equal(recv(idle.client, &byte, 1, 0), 0);
    assert_int_equal(recv(receiving.client, &byte, 1, 0), 0);
    assert_int_equal(n_too_slow, 0);
    assert_int_equal(n_gone, 1);
    connection_end(&idle);
    connection_end(&receiving);
    close(idle.client);
    close(receiving.client);
    watch_free(watch);
}

/* However long the HTTP thread takes to come to it. */
static void test_watch__client_that_closed_is_read_first(void **state)
{
    struct connection connection;
    char bytes[8];

    (void)state;
    open_watch(60000000, 60000000, 60000000);
    connection_open(&connection);
    assert_int_equal(send(connection.client, "last", 4, MSG_NOSIGNAL), 4);
    shutdown(connection.client, SHUT_WR);
    usleep(2200000);
    assert_int_equal(send(connection.server, "reply", 5, MSG_NOSIGNAL), 5);
    assert_int_equal(recv(connection.client, bytes, sizeof bytes, 0), 5);
    assert_int_equal(recv(connection.server, bytes, sizeof bytes, 0), 4);
    assert_true(client_sees_end(&connection));
    connection_end(&connection);
    close(connection.client);
    watch_free(watch);
}

static void test_watch__hang_up_all_is_for_those_at_work(void **state)
{
    struct connection working, idle;

    (void)state;
    open_watch(10000000, 10000000, 10000000);
    connection_open(&working);
    connection_open(&idle);
    watch_enter(watch, working.entry, WATCH_WORKING, &request);
    shutdown(working.client, SHUT_WR);
    usleep(50000); /* it is doubted now, and still at work */
    watch_hang_up_all(watch);
    assert_int_equal(n_gone, 1);
    connection_end(&working);
    connection_end(&idle);
    close(working.client);
    close(idle.client);
    watch_free(watch);
}

/* Without lingering, closing resets the connection, since bytes are unread. */
static void test_watch__lingering_keeps_the_reply(void **state)
{
    static const char bytes[1 << 20];
    struct connection connection;
    char reply[8];

    (void)state;
    open_watch(10000000, 10000000, 10000000);
    connection_open(&connection);
    watch_linger(watch, connection.entry);
    assert_int_equal(send(connection.client, bytes, 1000, MSG_NOSIGNAL), 1000);
    assert_int_equal(send(connection.server, "reply", 5, MSG_NOSIGNAL), 5);
    connection_end(&connection);
    for (int i = 0; i < 16; i++)
        assert_int_equal(send(connection.client, bytes, sizeof bytes, MSG_NOSIGNAL), sizeof bytes);
    assert_int_equal(recv(connection.client, reply, sizeof reply, 0), 5);
    assert_true(client_sees_end(&connection));
    close(connection.client);
    watch_free(watch);
}

static void test_watch__lingering_has_an_end(void **state)
{
    enum { LINGERING_US = 100000, LONGEST_US = 20 * LINGERING_US };
    struct connection connection;
    int64_t began_us;
    int64_t took_us = 0;

    (void)state;
    open_watch(10000000, 10000000, LINGERING_US);
    connection_open(&connection);
    watch_linger(watch, connection.entry);
    began_us = clock_now_us();
    connection_end(&connection);
    /* Once the socket is closed for good, sending fails. */
    while (send(connection.client, "x", 1, MSG_NOSIGNAL) == 1 && took_us < LONGEST_US) {
        usleep(1000);
        took_us = clock_now_us() - began_us;
    }
    assert_true(took_us >= LINGERING_US);
    assert_true(took_us < LONGEST_US);
    close(connection.client);
    watch_free(watch);
}

static void test_watch__beyond_the_limit_nothing_lingers(void **state)
{
    struct connection first, second;

    (void)state;
    open_watch(10000000, 10000000, 10000000);
    watch_limit_lingering(watch, 1);
    connection_open(&first);
    connection_open(&second);
    watch_linger(watch, first.entry);
    watch_linger(watch, second.entry);
    connection_end(&first);
    connection_end(&second);
    assert_true(client_sees_end(&first));
    assert_true(client_sees_end(&second));
    /* The first is still read from: what comes is no longer refused by a reset. */
    for (int i = 0; i < 10; i++) {
        assert_int_equal(send(first.client, "x", 1, MSG_NOSIGNAL), 1);
        usleep(1000);
    }
    (void)send(second.client, "x", 1, MSG_NOSIGNAL); /* answered by a reset */
    for (int i = 0; i < 1000 && send(second.client, "x", 1, MSG_NOSIGNAL) == 1; i++)
        usleep(10000);
    assert_int_equal(send(second.client, "x", 1, MSG_NOSIGNAL), -1);
    close(first.client);
    close(second.client);
    watch_free(watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_watch__idle_connection_is_shut_down),
        cmocka_unit_test(test_watch__slow_request_is_answered_then_shut_down),
        cmocka_unit_test(test_watch__phase_ends_its_deadline),
        cmocka_unit_test(test_watch__half_closed_client_is_asked_once_and_not_gone),
        cmocka_unit_test(test_watch__reply_that_is_soon_asks_nothing),
        cmocka_unit_test(test_watch__client_that_closed_is_gone_once_asked),
        cmocka_unit_test(test_watch__client_that_cannot_be_asked_is_gone),
        cmocka_unit_test(test_watch__reset_is_told_at_once),
        cmocka_unit_test(test_watch__end_before_is_remembered),
        cmocka_unit_test(test_watch__client_that_closed_is_shut_down),
        cmocka_unit_test(test_watch__client_that_closed_is_read_first),
        cmocka_unit_test(test_watch__hang_up_all_is_for_those_at_work),
        cmocka_unit_test(test_watch__lingering_keeps_the_reply),
        cmocka_unit_test(test_watch__lingering_has_an_end),
        cmocka_unit_test(test_watch__beyond_the_limit_nothing_lingers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
