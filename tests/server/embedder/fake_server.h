/* SPDX-License-Identifier: Apache-2.0 */

/* An embeddings server on a thread of the test, which answers as it is told. One request a
 * connection, one connection at a time. */
#ifndef NESTD_TESTS_SERVER_EMBEDDER_FAKE_SERVER_H
#define NESTD_TESTS_SERVER_EMBEDDER_FAKE_SERVER_H

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

enum { FAKE_DIMS = 4, FAKE_REQUEST_BYTES = 1 << 20 };

struct fake_server {
    /* The n-th request to the embeddings, from 0, with its JSON and headers: the whole answer, from
     * the status line on, which the server frees; NULL hangs up. Default: fake_answer(). */
    char *(*answer)(struct fake_server *server, size_t n, json_t *request, const char *headers);
    const char *models; /* the whole answer to GET /v1/models */
    void *user;
    const char *told; /* what an `answer` of the test says */

    char url[64];
    size_t n_requests; /* to the embeddings; read once it is stopped, or in `answer` */
    int listener;
    bool is_stopping;
    pthread_t thread;
    char request[FAKE_REQUEST_BYTES];
};

void fake_server_start(struct fake_server *server);
void fake_server_stop(struct fake_server *server);

/* 200 with a vector for each text: {length of the text, 1, 0.5, its first byte}, in base64 if that
 * is asked for. */
char *fake_answer(json_t *request);

/* An answer of that status, with a header line (or "") and a body. */
char *fake_format(int status, const char *header, const char *body);

#endif
