/* SPDX-License-Identifier: Apache-2.0 */

/* When a client that was refused should come again. Clients that were refused at the same moment
 * are told different times, or they would all come back at once and be refused again. Pure but for
 * retry_draw(). */
#ifndef NESTD_SERVER_EXCHANGE_RETRY_H
#define NESTD_SERVER_EXCHANGE_RETRY_H

#include <stddef.h>

struct retry {
    unsigned seconds; /* 1 to 60 */
    unsigned ms;      /* the same time, finer */
};

/* How long so many tokens take when so many are encoded in a second (0: not known yet). */
double retry_estimate_s(size_t queued_tokens, double tokens_per_second);

/* A time from 1 to 2 times the estimate, by a `chance` from 0 to below 1. */
struct retry retry_spread(double estimate_s, double chance);

/* A chance that nobody foresees. Any thread. */
double retry_draw(void);

#endif
