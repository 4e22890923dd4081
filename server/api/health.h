/* SPDX-License-Identifier: Apache-2.0 */

/* Routes for monitoring the server. Handlers of routes.c, on the HTTP thread. They touch no
 * inference queue (promise 7). */
#ifndef NESTD_SERVER_API_HEALTH_H
#define NESTD_SERVER_API_HEALTH_H

#include "server/exchange/route.h"

#include <stdbool.h>

struct request;

enum route_outcome health_livez(struct request *request); /* GET /livez: always 200 */
enum route_outcome
health_readyz(struct request *request); /* GET /readyz: 200 while it should get work */
enum route_outcome
health_metrics(struct request *request); /* GET /metrics: Prometheus' text format */

/* Whether the model is loaded and the server is not stopping. If not, answers 503. */
bool health_check_serving(struct request *request);

#endif
