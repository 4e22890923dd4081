/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/health.h"

#include "config/options.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/server.h"
#include "server/observe/metrics.h"

enum route_outcome health_livez(struct request *request)
{
    if (server_is_stalled(request->server))
        respond_problem(request, PROBLEM_STALLED, NULL,
                        "The workers have work, but have not moved for %.0f s (--stall-timeout)",
                        (double)atomic_load(&request->server->stalled_us) / 1e6);
    else
        respond_text(request, "application/json", "{\"status\":\"alive\"}");
    return ROUTE_ANSWERED;
}

bool health_check_serving(struct request *request)
{
    enum server_state state = atomic_load(&request->server->state);

    if (state == SERVER_LOADING)
        respond_problem(request, PROBLEM_LOADING, NULL, "%s",
                        server_describe_delay(request->server).text);
    else if (state != SERVER_SERVING)
        respond_problem(request, PROBLEM_DRAINING, NULL, "The server is stopping");
    return state == SERVER_SERVING;
}

enum route_outcome health_readyz(struct request *request)
{
    if (health_check_serving(request))
        respond_text(request, "application/json", "{\"status\":\"ready\"}");
    return ROUTE_ANSWERED;
}

enum route_outcome health_metrics(struct request *request)
{
    respond_text(request, "text/plain; version=0.0.4; charset=utf-8", "");
    metrics_write(request->server, &request->reply.body);
    if (request->server->options->tei_metrics)
        metrics_write_tei(request->server, &request->reply.body);
    return ROUTE_ANSWERED;
}
