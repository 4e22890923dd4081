/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/capacity.h"

#include <inttypes.h>

enum {
    MAX_FOR_PROBES = 256,
    MAX_FOR_METRICS = 16,
    MAX_LINGERING = 256,
    OTHER_FILES = 2, /* opened for a moment: weights, keys, what /proc says */
    MIN_ROOM = 4,    /* two connections, one for probes, and one that lingers */
};

static size_t min_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

enum status capacity_choose(struct capacity *ret_capacity, size_t max_connections,
                            uint64_t open_files, uint64_t max_files, struct error *error)
{
    struct capacity capacity;
    size_t room;

    if (max_files < open_files + OTHER_FILES + MIN_ROOM)
        return error_set(error, STATUS_INVALID,
                         "only %" PRIu64 " files may be open, and %" PRIu64
                         " are: connections need %d more (ulimit -n, LimitNOFILE=)",
                         max_files, open_files, OTHER_FILES + MIN_ROOM);
    room = (size_t)(max_files - open_files - OTHER_FILES);
    capacity = (struct capacity){
        .n_for_probes = min_of(room / 4, MAX_FOR_PROBES),
        .n_for_metrics = min_of(room / 8, MAX_FOR_METRICS),
        .n_lingering = min_of(room / 4, MAX_LINGERING),
    };
    room -= capacity.n_for_probes + capacity.n_for_metrics + capacity.n_lingering;
    capacity.n_connections = min_of(room, max_connections);
    *ret_capacity = capacity;
    return STATUS_OK;
}
