/* SPDX-License-Identifier: Apache-2.0 */

/* How often, and after how long, a request to the hub is tried again. */
#ifndef NESTD_SERVER_HUB_WIRE_PATIENCE_H
#define NESTD_SERVER_HUB_WIRE_PATIENCE_H

#include "server/hub/wire/client.h"

#include <stdbool.h>

enum {
    HUB_PATIENCE_TRIES = 5,
    HUB_PATIENCE_MAX_WAIT_S = 300,
};

struct hub_patience {
    unsigned n_failures; /* since something new last came */
    unsigned max_tries;  /* 1: none is repeated */
};

/* After a failure: the seconds until the next try, which grow, or those that the reply names;
 * below 0 where there is to be none. `chance`, from 0 to below 1, spreads the tries of many. */
double hub_patience_next_s(struct hub_patience *patience, const struct hub_reply *reply,
                           double chance);

/* Logs the failure and waits. False where there is to be no other try. */
bool hub_patience_wait(struct hub_patience *patience, const struct hub_reply *reply);

#endif
