/* SPDX-License-Identifier: Apache-2.0 */

/* How many connections the limit of open files leaves room for. Used by http only. */
#ifndef NESTD_SERVER_HTTP_CAPACITY_H
#define NESTD_SERVER_HTTP_CAPACITY_H

#include "engine/engine.h"

#include <stddef.h>
#include <stdint.h>

struct capacity {
    size_t n_connections; /* all requests are answered */
    /* Beyond those, so that a full server still answers its probes: a surplus connection is answered
     * and closed, or closed when nothing comes (watch.c), and makes room for the next. */
    size_t n_for_probes;
    size_t n_for_metrics; /* of those that come to the port of metrics, beyond both */
    size_t n_lingering;   /* refused ones that are kept until the client has read why (watch.h) */
};

/* With `open_files` of `max_files` open, before the first connection. At most max_connections
 * connections; fewer where files are short, and then some of them are for probes all the same.
 * INVALID: not even a few fit. */
MUST_CHECK enum status capacity_choose(struct capacity *ret_capacity, size_t max_connections,
                                       uint64_t open_files, uint64_t max_files,
                                       struct error *error);

#endif
