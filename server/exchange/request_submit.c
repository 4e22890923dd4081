/* SPDX-License-Identifier: Apache-2.0 */

/* Two things race here: the client hangs up (request_gone, on the watch's thread), and the request
 * is submitted and finished (request threads, workers). What makes it safe:
 *
 * 1. Submitting and cancelling happen under the request's mutex, so a request that is gone is never
 *    submitted, and one that was submitted is always cancelled.
 * 2. The watch calls request_gone under its own mutex, for a request that a connection of its lists
 *    names. Before a request is freed, its connection has entered a phase without one (watch_enter),
 *    so the request's memory is there even if the group is done.
 * 3. A request that is done may be finished, answered and freed while request_submit is still about
 *    to unlock; so the thread that finishes it first takes the mutex once (request_is_gone). */

#include "server/exchange/request_submit.h"

#include "server/exchange/pool.h"
#include "server/exchange/request.h"
#include "server/exchange/server.h"

/* The engine is done with the group: on a worker's thread, or on the watch's. */
static void request_done(struct job_group *group)
{
    struct request *request = (struct request *)((char *)group - offsetof(struct request, group));

    pool_push(request->server->pool, request);
}

enum status request_submit(struct request *request)
{
    struct engine *engine = request->model->engine;
    enum status status = STATUS_STOPPING;

    pthread_mutex_lock(&request->mutex);
    if (request->gone) {
        status = STATUS_CANCELLED;
    } else if (engine) {
        request->group.done = request_done;
        request->stage = REQUEST_ENCODING;
        status = engine_submit(engine, &request->group);
        request->submitted = status == STATUS_OK;
    }
    if (status)
        request->stage = REQUEST_DECODING;
    pthread_mutex_unlock(&request->mutex);
    return status;
}

void request_gone(struct request *request)
{
    pthread_mutex_lock(&request->mutex);
    request->gone = true;
    if (request->submitted)
        engine_cancel(request->model->engine, &request->group);
    pthread_mutex_unlock(&request->mutex);
}
