/* SPDX-License-Identifier: Apache-2.0 */

/* When a refused client should retry. Clients that are refused at the same moment get different
 * times, or all would come back at once and be refused again. Pure, except for retry_draw(). */
#ifndef NESTD_SERVER_EXCHANGE_RETRY_H
#define NESTD_SERVER_EXCHANGE_RETRY_H

#include <stddef.h>

struct retry {
    unsigned seconds; /* 1 to 60 */
    unsigned ms;      /* the same time in milliseconds */
};

/* How long the queued tokens take at this speed (0: not known yet). */
double retry_estimate_s(size_t queued_tokens, double tokens_per_second);

/* A time from 1 to 2 times the estimate; `chance`, from 0 to below 1, says where in between. */
struct retry retry_spread(double estimate_s, double chance);

/* A random chance. Any thread. */
double retry_draw(void);

#endif
