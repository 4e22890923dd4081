/* SPDX-License-Identifier: Apache-2.0 */
#include "server/bulk/office_local.h"

#include "config/options.h"
#include "server/api/embed/limits.h"
#include "server/api/routes.h"
#include "server/embedder/model_options.h"
#include "server/exchange/pool.h"
#include "server/exchange/request.h"
#include "server/exchange/request_submit.h"
#include "server/exchange/retry.h"
#include "server/exchange/server.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

struct seat {
    struct request *request; /* NULL: free */
    struct answer *answer;
    char *path; /* which the request borrows */
};

struct office_local {
    struct server server;      /* first, so that answered() finds the rest */
    struct served_model model; /* its only one */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t n_taken; /* requests that are not done; this and the seats guarded by mutex */
    struct seat seats[OFFICE_MAX_REQUESTS];
};

static struct seat *find_seat(struct office_local *office, const struct request *request)
{
    for (size_t i = 0; i < OFFICE_MAX_REQUESTS; i++)
        if (office->seats[i].request == request)
            return &office->seats[i];
    return NULL;
}

static void set_answer(struct answer *answer, struct request *request)
{
    const struct buffer *body = &request->reply.body;

    answer->status = STATUS_OK;
    answer->http_status = request->reply.http_status;
    answer->body.len_bytes = 0;
    buffer_append(&answer->body, body->bytes, body->len_bytes);
    if (request_is_gone(request))
        answer->status = error_set(&answer->error, STATUS_STOPPING, "given up");
    else if (buffer_failed(body) || buffer_failed(&answer->body))
        answer->status =
            error_set(&answer->error, STATUS_NO_MEMORY, "not enough memory to answer it");
}

/* A request's reply is complete, or it was given up. */
static void answered(struct request *request)
{
    struct office_local *office = (struct office_local *)request->server;
    struct answer *answer;
    struct seat *seat;
    char *path;

    /* Free before the answer is told: the next may be submitted at once. */
    pthread_mutex_lock(&office->mutex);
    seat = find_seat(office, request);
    answer = seat->answer;
    path = seat->path;
    *seat = (struct seat){0};
    pthread_mutex_unlock(&office->mutex);
    set_answer(answer, request);
    answer->done(answer);
    pthread_mutex_lock(&office->mutex);
    office->n_taken--; /* last: who closes the office waits for it */
    pthread_cond_broadcast(&office->changed);
    pthread_mutex_unlock(&office->mutex);
    request_free(request);
    free(path);
}

static enum status open_server(struct server *server, struct served_model *model,
                               struct error *error)
{
    const struct options *options = server->options;
    struct engine_options engine_options = model_options_make(options);
    struct engine *engine = NULL;
    enum status status = model_options_check(options, true, error);

    served_model_init(model, options);
    server->models = model;
    server->n_models = 1;
    /* Seats bound what is queued. */
    engine_options.max_queued_tokens = SIZE_MAX / 2;
    if (!status)
        status = engine_open(&engine, &engine_options, NULL, error);
    if (status)
        return status;
    status = limits_new(&model->limits, options, engine_get_info(engine), error);
    model->engine = engine;
    server->state = SERVER_SERVING;
    if (!status)
        status = pool_new(&server->pool, (size_t)options->request_threads, answered);
    return status;
}

void office_local_close(struct office_local *office)
{
    if (!office)
        return;
    pthread_mutex_lock(&office->mutex);
    for (size_t i = 0; i < OFFICE_MAX_REQUESTS; i++)
        if (office->seats[i].request)
            request_gone(office->seats[i].request);
    while (office->n_taken > 0)
        pthread_cond_wait(&office->changed, &office->mutex);
    pthread_mutex_unlock(&office->mutex);
    pool_stop(office->server.pool);
    engine_close(office->model.engine);
    pool_free(office->server.pool);
    limits_free(office->model.limits);
    pthread_cond_destroy(&office->changed);
    pthread_mutex_destroy(&office->mutex);
    free(office);
}

static const struct route *find_route(const struct office_local *office, const char *path)
{
    unsigned allowed = 0;
    const struct route *route = routes_find(office->server.routes, path, METHOD_POST, &allowed);

    return route && allowed == 0 && route->method == METHOD_POST ? route : NULL;
}

bool office_local_knows(const struct office_local *office, const char *path)
{
    return find_route(office, path);
}

enum status office_local_submit(struct office_local *office, const char *path, struct slice body,
                                struct answer *answer)
{
    struct request *request = request_new(&office->server);
    char *kept_path = strdup(path);
    struct seat *seat;

    if (request)
        buffer_append(&request->body, body.bytes, body.len_bytes);
    if (!request || !kept_path || buffer_failed(&request->body)) {
        request_free(request);
        free(kept_path);
        return STATUS_NO_MEMORY;
    }
    request->route = find_route(office, path);
    request->path_tail = route_find_tail(request->route, kept_path);
    request->method = "POST";
    request->n_body_bytes = body.len_bytes;
    request->gathered_us = request->began_us;
    request->stage = REQUEST_QUEUED;
    pthread_mutex_lock(&office->mutex);
    seat = find_seat(office, NULL);
    if (seat) {
        *seat = (struct seat){request, answer, kept_path};
        office->n_taken++;
    }
    pthread_mutex_unlock(&office->mutex);
    if (!seat) {
        request_free(request);
        free(kept_path);
        return STATUS_NO_MEMORY;
    }
    pool_push(office->server.pool, request);
    return STATUS_OK;
}

static void do_nothing(struct answer *answer)
{
    (void)answer;
}

/* Waits for the answer. While nothing else is submitted. */
static enum status ask(struct office_local *office, const char *path, const char *body,
                       struct answer *answer, struct error *error)
{
    enum status status =
        office_local_submit(office, path, (struct slice){body, strlen(body)}, answer);

    if (status)
        return error_set(error, status, "not enough memory to start");
    pthread_mutex_lock(&office->mutex);
    while (office->n_taken > 0)
        pthread_cond_wait(&office->changed, &office->mutex);
    pthread_mutex_unlock(&office->mutex);
    return answer->status ? error_set(error, answer->status, "%s", answer->error.text) : STATUS_OK;
}

/* Of the model, its number format and the kernels together: of what the model is for. */
static enum status make_digest(struct office_local *office, uint32_t *ret_digest,
                               struct error *error)
{
    static const struct {
        const char *path, *body;
    } requests[] = {
        {"/v1/embeddings", "{\"input\":\"nestd\",\"encoding_format\":\"base64\"}"},
        {"/rerank", "{\"query\":\"nestd\",\"texts\":[\"nestd\"],\"raw_scores\":true}"},
        {"/predict", "{\"inputs\":\"nestd\",\"raw_scores\":true}"},
    };
    struct answer answer = {.done = do_nothing};
    enum status status = STATUS_OK;

    for (size_t i = 0; i < sizeof requests / sizeof *requests && !status; i++) {
        status = ask(office, requests[i].path, requests[i].body, &answer, error);
        if (answer.http_status == 200)
            break;
    }
    if (!status && answer.http_status != 200)
        status = error_set(error, STATUS_INTERNAL, "the model cannot be started: %.*s",
                           (int)answer.body.len_bytes, answer.body.bytes);
    *ret_digest =
        (uint32_t)crc32_z(0, (const unsigned char *)answer.body.bytes, answer.body.len_bytes);
    buffer_release(&answer.body);
    return status;
}

/* ---- opening ---- */

enum status office_local_open(struct office_local **ret_office, const struct options *options,
                              struct office_info *ret_info, struct error *error)
{
    struct office_local *office = calloc(1, sizeof(*office));
    enum status status;

    if (!office)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory to start");
    office->server.options = options;
    office->server.routes = &api_routes;
    office->server.draw = retry_draw;
    pthread_mutex_init(&office->mutex, NULL);
    pthread_cond_init(&office->changed, NULL);
    status = open_server(&office->server, &office->model, error);
    if (!status)
        status = make_digest(office, &ret_info->digest, error);
    if (status) {
        office_local_close(office);
        return error_set(error, status, "not enough memory to start");
    }
    ret_info->model_name = served_model_name(&office->model);
    ret_info->dtype = engine_get_info(office->model.engine)->dtype;
    *ret_office = office;
    return STATUS_OK;
}
