/* SPDX-License-Identifier: Apache-2.0 */

/* Sockets that listen already and were passed to this process: systemd's socket activation,
 * sd_listen_fds(3). Used by http only. */
#ifndef NESTD_SERVER_HTTP_INHERITED_H
#define NESTD_SERVER_HTTP_INHERITED_H

#include "engine/engine.h"

/* The caller's from then on; -1: none. */
struct inherited {
    int port;    /* TCP */
    int path;    /* Unix */
    int metrics; /* either, by the name "metrics" */
};

/* Reads LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, and closes the sockets to children. An error names
 * the descriptor: one that does not listen, or a second of its kind. On the main thread. */
MUST_CHECK enum status inherited_take(struct inherited *ret_inherited, struct error *error);

#endif
