/* SPDX-License-Identifier: Apache-2.0 */

#include "server/hub/wire/patience.h"

#include "server/hub/wire/explain.h"
#include "server/text/log.h"

#include <sys/random.h>
#include <time.h>

enum { MAX_DOUBLINGS = 4 };

double hub_patience_next_s(struct hub_patience *patience, const struct hub_reply *reply,
                           double chance)
{
    unsigned n = patience->n_failures++;

    if (patience->n_failures >= patience->max_tries ||
        reply->retry_after_s > HUB_PATIENCE_MAX_WAIT_S)
        return -1;
    if (reply->retry_after_s > 0)
        return reply->retry_after_s + chance;
    return (1u << (n < MAX_DOUBLINGS ? n : MAX_DOUBLINGS)) * (1 + chance / 2);
}

static double draw_chance(void)
{
    uint32_t bits = 0;

    (void)!getrandom(&bits, sizeof bits, GRND_NONBLOCK);
    return bits / 4294967296.0;
}

bool hub_patience_wait(struct hub_patience *patience, const struct hub_reply *reply)
{
    double wait_s = hub_patience_next_s(patience, reply, draw_chance());
    struct timespec time = {.tv_sec = (time_t)wait_s,
                            .tv_nsec = (long)((wait_s - (double)(time_t)wait_s) * 1e9)};

    if (wait_s < 0)
        return false;
    log_write(LOG_WARNING, "the hub: %s; trying again in %.1f s (try %u of %u)",
              hub_describe(reply).text, wait_s, patience->n_failures + 1, patience->max_tries);
    while (nanosleep(&time, &time))
        continue;
    return true;
}
