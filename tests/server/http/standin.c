/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/server/http/standin.h"

#include "engine/engine.h"
#include "server/api/tei.h"
#include "server/exchange/pool.h"
#include "server/exchange/request.h"
#include "server/exchange/request_submit.h"
#include "server/exchange/respond.h"
#include "server/exchange/retry.h"
#include "server/exchange/route_family.h"
#include "server/exchange/route.h"
#include "server/http/http.h"
#include "server/http/http_private.h"
#include "server/http/listener.h"
#include "server/observe/metrics.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the engine: one thread that calls done() ---- */

struct engine {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct job_group *first; /* linked by next */
    bool holding;
    bool stopping;
    size_t n_cancelled;
};

static struct engine engine = {.mutex = PTHREAD_MUTEX_INITIALIZER,
                               .changed = PTHREAD_COND_INITIALIZER};

static void finish_group(struct job_group *group, enum status status)
{
    group->status = status;
    group->finished_us = clock_now_us();
    group->encode_us = group->finished_us - group->submitted_us;
    group->done(group);
}

static void *engine_run(void *argument)
{
    (void)argument;
    pthread_mutex_lock(&engine.mutex);
    for (;;) {
        struct job_group *group;

        while (!engine.stopping && (engine.holding || !engine.first))
            pthread_cond_wait(&engine.changed, &engine.mutex);
        if (engine.stopping)
            break;
        group = engine.first;
        engine.first = group->engine.next;
        pthread_mutex_unlock(&engine.mutex);
        finish_group(group, STATUS_OK);
        pthread_mutex_lock(&engine.mutex);
    }
    pthread_mutex_unlock(&engine.mutex);
    return NULL;
}

enum status engine_submit(struct engine *to, struct job_group *group)
{
    struct job_group **last = &engine.first;

    assert_ptr_equal(to, &engine);
    group->submitted_us = clock_now_us();
    group->engine.next = NULL;
    pthread_mutex_lock(&engine.mutex);
    while (*last)
        last = &(*last)->engine.next;
    *last = group;
    pthread_cond_signal(&engine.changed);
    pthread_mutex_unlock(&engine.mutex);
    return STATUS_OK;
}

void engine_cancel(struct engine *of, struct job_group *group)
{
    struct job_group **at = &engine.first;

    assert_ptr_equal(of, &engine);
    pthread_mutex_lock(&engine.mutex);
    while (*at && *at != group)
        at = &(*at)->engine.next;
    if (*at) {
        *at = group->engine.next;
        engine.n_cancelled++;
    } else {
        group = NULL;
    }
    pthread_mutex_unlock(&engine.mutex);
    if (group)
        finish_group(group, STATUS_CANCELLED);
}

void engine_get_stats(struct engine *of, struct engine_stats *ret_stats)
{
    (void)of;
    *ret_stats = (struct engine_stats){.queued_texts = engine_count_waiting()};
}

const struct engine_info *engine_get_info(const struct engine *of)
{
    static const struct labels none;
    static const struct engine_info info = {.n_dims = 8,
                                            .default_dims = 8,
                                            .max_tokens = 16,
                                            .n_workers = 1,
                                            .dtype = "float32",
                                            .labels = &none};

    (void)of;
    return &info;
}

void engine_hold(bool hold)
{
    pthread_mutex_lock(&engine.mutex);
    engine.holding = hold;
    pthread_cond_signal(&engine.changed);
    pthread_mutex_unlock(&engine.mutex);
}

size_t engine_count_waiting(void)
{
    size_t n = 0;

    pthread_mutex_lock(&engine.mutex);
    for (struct job_group *group = engine.first; group; group = group->engine.next)
        n++;
    pthread_mutex_unlock(&engine.mutex);
    return n;
}

size_t engine_count_cancelled(void)
{
    size_t n;

    pthread_mutex_lock(&engine.mutex);
    n = engine.n_cancelled;
    pthread_mutex_unlock(&engine.mutex);
    return n;
}

/* ---- the routes ---- */

static enum route_outcome quick(struct request *request)
{
    respond_text(request, "text/plain", "quick");
    return ROUTE_ANSWERED;
}

static enum route_outcome model_name(struct request *request)
{
    respond_text(request, "text/plain", "model");
    return ROUTE_ANSWERED;
}

static enum route_outcome echo(struct request *request)
{
    respond_json(request);
    buffer_appendf(&request->reply.body, "{\"n\":%zu}", request->body.len_bytes);
    return ROUTE_ANSWERED;
}

static enum route_outcome work_start(struct request *request)
{
    struct job *job = calloc(1, sizeof *job);
    enum status status;

    request->work = job;
    request->free_work = free;
    job->n_tokens = 5;
    request->group.jobs = job;
    request->group.n_jobs = 1;
    request->n_texts = 1;
    request->n_tokens = 5;
    status = request_submit(request);
    if (!status)
        return ROUTE_SUBMITTED;
    respond_status(request, status);
    return ROUTE_ANSWERED;
}

static void work_finish(struct request *request)
{
    respond_json(request);
    buffer_append_string(&request->reply.body, "{\"done\":true}");
}

static const struct route rows[] = {
    {"/quick", METHOD_GET, &openai_family, false, false, false, quick, NULL},
    {"/probe", METHOD_GET, &openai_family, false, false, true, quick, NULL},
    {"/echo", METHOD_POST, &openai_family, false, true, false, echo, NULL},
    {"/work", METHOD_POST, &tei_family, true, true, false, work_start, work_finish},
    {"/model", METHOD_GET, &openai_family, true, true, false, model_name, NULL},
};
static const struct routes routes = {rows, sizeof rows / sizeof *rows};

/* ---- the server ---- */

void standin_init(struct standin *standin)
{
    *standin = (struct standin){
        .options = {.model_id = "models/standin",
                    .hostname = "127.0.0.1",
                    .http_threads = 2,
                    .request_threads = 2,
                    .max_concurrent_requests = 8,
                    .max_connections = 64,
                    .payload_limit = 100000,
                    .request_timeout = 20,
                    .keep_alive_timeout = 20},
    };
}

void standin_start(struct standin *standin)
{
    struct server *server = &standin->server;
    struct error error = {0};

    engine.stopping = false;
    engine.holding = false;
    engine.n_cancelled = 0;
    assert_int_equal(pthread_create(&engine.thread, NULL, engine_run, NULL), 0);
    server->options = &standin->options;
    server->routes = &routes;
    server->draw = retry_draw;
    server->state = SERVER_SERVING;
    standin->model = (struct served_model){.options = &standin->options, .engine = &engine};
    server->models = &standin->model;
    server->n_models = 1;
    assert_int_equal(metrics_new(&server->metrics, &routes, 1), STATUS_OK);
    assert_int_equal(pool_new(&server->pool, (size_t)standin->options.request_threads, http_resume),
                     STATUS_OK);
    if (http_start(server, &error))
        fail_msg("%s", error.text);
}

void standin_stop(struct standin *standin)
{
    struct server *server = &standin->server;

    server->state = SERVER_STOPPING;
    http_abandon(server->http);
    http_free(server->http);
    pool_stop(server->pool);
    pthread_mutex_lock(&engine.mutex);
    engine.stopping = true;
    pthread_cond_signal(&engine.changed);
    pthread_mutex_unlock(&engine.mutex);
    pthread_join(engine.thread, NULL);
    pool_free(server->pool);
    metrics_free(server->metrics);
    assert_null(engine.first);
}

int standin_port(const struct standin *standin)
{
    const char *url = listener_url(standin->server.http->listeners[HTTP_LISTENER_PORT]);

    return atoi(strrchr(url, ':') + 1);
}

/* ---- the client ---- */

int client_connect(const struct standin *standin)
{
    const struct timeval timeout = {.tv_sec = 30};
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)standin_port(standin)),
        .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
    };
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(client >= 0);
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof address), 0);
    return client;
}

void client_send(int client, const char *text)
{
    assert_int_equal(send(client, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

void client_send_bytes(int client, size_t n_bytes)
{
    static char spaces[65536];

    memset(spaces, ' ', sizeof spaces);
    while (n_bytes > 0) {
        ssize_t n =
            send(client, spaces, n_bytes < sizeof spaces ? n_bytes : sizeof spaces, MSG_NOSIGNAL);

        assert_true(n > 0);
        n_bytes -= (size_t)n;
    }
}

void client_read_head(int client, struct answer *ret_answer)
{
    size_t len = 0;

    *ret_answer = (struct answer){0};
    while (!strstr(ret_answer->head, "\r\n\r\n")) {
        assert_true(len < sizeof ret_answer->head - 1);
        if (recv(client, ret_answer->head + len, 1, 0) != 1)
            return;
        len++;
    }
    assert_memory_equal(ret_answer->head, "HTTP/1.1 ", 9);
    ret_answer->status = atoi(ret_answer->head + 9);
}

void client_read(int client, struct answer *ret_answer)
{
    const char *length;
    size_t left;

    client_read_head(client, ret_answer);
    if (!ret_answer->status)
        return;
    length = strcasestr(ret_answer->head, "\r\ncontent-length:");
    assert_non_null(length);
    left = strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
    assert_true(left < sizeof ret_answer->body);
    while (left > 0) {
        ssize_t n = recv(client, ret_answer->body + ret_answer->body_len, left, 0);

        assert_true(n > 0);
        ret_answer->body_len += (size_t)n;
        left -= (size_t)n;
    }
}

bool client_is_closed(int client)
{
    char byte;

    return recv(client, &byte, 1, 0) == 0;
}

void client_ask(const struct standin *standin, const char *text, struct answer *ret_answer)
{
    int client = client_connect(standin);

    client_send(client, text);
    client_read(client, ret_answer);
    close(client);
}
