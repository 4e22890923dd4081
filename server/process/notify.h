/* SPDX-License-Identifier: Apache-2.0 */

/* What the service manager is told of the server's state: sd_notify(3)'s protocol, datagrams to the
 * socket that NOTIFY_SOCKET names. For the command serve, on the main thread. */
#ifndef NESTD_SERVER_PROCESS_NOTIFY_H
#define NESTD_SERVER_PROCESS_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* Whether there is a service manager that listens. */
bool notify_has_manager(void);

/* Lines of NAME=VALUE. Nothing where there is no service manager; never blocks, and what cannot be
 * sent is lost: the manager's own time limits decide then. */
void notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Within which time WATCHDOG=1 is wanted again; 0: not at all. */
int64_t notify_get_watchdog_us(void);

#endif
