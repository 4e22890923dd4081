/* SPDX-License-Identifier: Apache-2.0 */

/* Routes for those who watch the server. Handlers of routes.c, on the HTTP thread. They touch no
 * queue of inference (promise 7). */
#ifndef NESTD_SERVER_API_HEALTH_H
#define NESTD_SERVER_API_HEALTH_H

#include "server/exchange/route.h"

#include <stdbool.h>

struct request;

enum route_outcome
health_livez(struct request *request); /* GET /livez: 200 while the program answers at all */
enum route_outcome
health_readyz(struct request *request); /* GET /readyz: 200 while it should be sent work */
enum route_outcome
health_metrics(struct request *request); /* GET /metrics: Prometheus' text format */

/* Is the model loaded and the server not about to end? If not, answers 503. */
bool health_check_serving(struct request *request);

#endif
