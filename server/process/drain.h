/* SPDX-License-Identifier: Apache-2.0 */

/* Stopping so that nothing is lost (promise 8). For the command serve. */
#ifndef NESTD_SERVER_PROCESS_DRAIN_H
#define NESTD_SERVER_PROCESS_DRAIN_H

#include <stdbool.h>

struct server;

/* DRAINING, then STOPPING: readiness fails for --drain-delay, the port closes, accepted requests
 * are answered within --drain-timeout; the rest are given up. A second signal ends the delay. False
 * if requests were given up. */
bool drain(struct server *server, int signals);

#endif
