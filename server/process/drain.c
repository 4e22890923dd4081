/* SPDX-License-Identifier: Apache-2.0 */

/* Promise 8. A load balancer notices a stop when readiness probes fail, and needs a few of them.
 * Meanwhile it sends requests, so everything is still served. From the start, replies close their
 * connections, so that clients which keep connections move away too. */

#include "server/process/drain.h"

#include "config/options.h"
#include "server/exchange/server.h"
#include "server/http/http.h"
#include "server/process/signals.h"
#include "server/text/log.h"

#include <stdint.h>

enum {
    POLL_US = 10000,
    /* Requests that have arrived on a kept connection but were not read yet are not counted. */
    QUIET_US = 100000,
};

/* While readiness fails. A second signal to stop ends it; SIGHUP is ignored. */
static void wait_for_delay(int signals, int64_t delay_us)
{
    int64_t deadline_us = clock_now_us() + delay_us;

    for (int64_t left_us = delay_us; left_us > 0; left_us = deadline_us - clock_now_us()) {
        if (signals_wait(signals, -1, left_us) == WAKEUP_STOP)
            return;
    }
}

/* Waits until no request has been unanswered for a while. False if time is up before. */
static bool wait_for_answers(const struct server *server, int signals, int64_t timeout_us)
{
    int64_t began_us = clock_now_us();
    int64_t busy_us = began_us; /* when something was last seen unanswered */

    for (;;) {
        int64_t now_us = clock_now_us();

        if (atomic_load(&server->n_unanswered) > 0)
            busy_us = now_us;
        if (now_us - busy_us >= QUIET_US)
            return true;
        if (now_us - began_us >= timeout_us && busy_us == now_us)
            return false;
        signals_wait(signals, -1, POLL_US);
    }
}

bool drain(struct server *server, int signals)
{
    const struct options *options = server->options;
    size_t n_unanswered;
    bool answered;

    server->state = SERVER_DRAINING;
    if (server_is_loaded(server) && options->drain_delay > 0) {
        log_write(LOG_INFO, "stopping: not ready any more, the port closes in %g s",
                  options->drain_delay);
        wait_for_delay(signals, (int64_t)(options->drain_delay * 1e6));
    }
    http_stop_listening(server->http);
    log_write(LOG_INFO, "stopping: the port is closed, %zu requests are unanswered",
              atomic_load(&server->n_unanswered));
    answered = wait_for_answers(server, signals, (int64_t)(options->drain_timeout * 1e6));
    n_unanswered = atomic_load(&server->n_unanswered);
    if (!answered)
        log_write(LOG_ERROR,
                  "%zu requests were not answered within %g s (--drain-timeout) and are "
                  "refused",
                  n_unanswered, options->drain_timeout);
    server->state = SERVER_STOPPING;
    http_abandon(server->http);
    return answered;
}
