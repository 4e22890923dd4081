/* SPDX-License-Identifier: Apache-2.0 */

/* A running server with routes and an engine of its own, so that http can be tested without a
 * model; and a client that speaks in raw bytes. Failures are asserted. Its functions replace
 * the engine's in the test that is linked with it. */
#ifndef NESTD_TESTS_SERVER_HTTP_STANDIN_H
#define NESTD_TESTS_SERVER_HTTP_STANDIN_H

#include "config/options.h"
#include "server/exchange/server.h"

#include <stdbool.h>
#include <stddef.h>

/* Routes:
 *   GET  /quick   "quick"
 *   GET  /probe   the same, a probe
 *   POST /echo    {"n":bytes of the body}, without the engine
 *   POST /work    {"done":true}, by way of the engine
 *   GET  /model   "model", once there is one */
struct standin {
    struct options options; /* filled in by standin_init, to be changed before standin_start */
    struct served_model model;
    struct server server;
};

void standin_init(struct standin *standin);
void standin_start(struct standin *standin);
void standin_stop(struct standin *standin);
int standin_port(const struct standin *standin);

/* While it holds, the engine lets groups wait. */
void engine_hold(bool hold);
size_t engine_count_waiting(void);
size_t engine_count_cancelled(void); /* since standin_start */

struct answer {
    int status; /* 0: the connection was closed without an answer */
    char head[2048];
    char body[2048];
    size_t body_len;
};

int client_connect(const struct standin *standin);
void client_send(int client, const char *text);
void client_send_bytes(int client, size_t n_bytes);

/* Reads one answer: its head, and as many bytes as its Content-Length says. */
void client_read(int client, struct answer *ret_answer);
void client_read_head(int client, struct answer *ret_answer); /* to a HEAD */
bool client_is_closed(int client);                            /* waits for the end of the stream */

/* Sends, reads and closes. */
void client_ask(const struct standin *standin, const char *text, struct answer *ret_answer);

/* Waits up to 5 s. */
#define wait_until(condition)                                                                      \
    do {                                                                                           \
        int tries_ = 0;                                                                            \
        while (!(condition)) {                                                                     \
            assert_true(tries_++ < 5000);                                                          \
            usleep(1000);                                                                          \
        }                                                                                          \
    } while (0)

#endif
