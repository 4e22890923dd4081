/* SPDX-License-Identifier: Apache-2.0 */

/* Stopping so that nothing is lost (promise 8), and the signals that ask for it. For main. */
#ifndef NESTD_SERVER_DRAIN_H
#define NESTD_SERVER_DRAIN_H

#include <stdbool.h>
#include <stdint.h>

struct server;

/* Takes SIGTERM and SIGINT from all threads that are made from here on; they are read from the
 * descriptor that is returned instead. -1 if that fails. */
int signals_open(void);

enum wakeup {
    WAKEUP_SIGNAL,
    WAKEUP_OTHER, /* `other` can be read */
    WAKEUP_TIME,
};

/* Waits for a signal, which is taken; for `other` unless it is -1; and for no longer than
 * timeout_us unless that is negative. */
enum wakeup signals_wait(int signals, int other, int64_t timeout_us);

/* DRAINING, then STOPPING: readiness fails for --drain-delay, the port closes, accepted requests
 * are answered within --drain-timeout; the rest is given up. A second signal ends the delay. False
 * if requests were given up. */
bool drain(struct server *server, int signals);

#endif
