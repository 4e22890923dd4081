/* SPDX-License-Identifier: Apache-2.0 */
#include "server/exchange/request.h"

#include "server/exchange/server.h"

#include <stdlib.h>

struct request *request_new(struct server *server)
{
    struct request *request = calloc(1, sizeof *request);

    if (!request)
        return NULL;
    request->server = server;
    request->model = server->models;
    request->memory.budget = &server->memory;
    request->body.memory = &request->memory;
    request->path_tail = "";
    request->began_us = clock_now_us();
    pthread_mutex_init(&request->mutex, NULL);
    return request;
}

void request_free(struct request *request)
{
    if (!request)
        return;
    if (request->free_work)
        request->free_work(request->work);
    buffer_release(&request->body);
    reply_release(&request->reply);
    memory_claim_release(&request->memory);
    pthread_mutex_destroy(&request->mutex);
    free(request);
}

bool request_is_gone(struct request *request)
{
    bool gone;

    pthread_mutex_lock(&request->mutex);
    gone = request->gone;
    pthread_mutex_unlock(&request->mutex);
    return gone;
}
