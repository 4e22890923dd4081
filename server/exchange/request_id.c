/* SPDX-License-Identifier: Apache-2.0 */
#include "server/exchange/request_id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { MADE_ID_BYTES = 16 };

static bool is_usable(const char *given)
{
    size_t len = strlen(given);

    for (size_t i = 0; i < len; i++) {
        if (given[i] < 0x20 || given[i] >= 0x7f)
            return false;
    }
    return len > 0 && len <= REQUEST_ID_MAX_BYTES;
}

void request_id_choose(char ret_id[REQUEST_ID_MAX_BYTES + 1], const char *given)
{
    unsigned char random[MADE_ID_BYTES];

    if (given && is_usable(given)) {
        memcpy(ret_id, given, strlen(given) + 1);
        return;
    }
    /* So few bytes never fail and never come short, once the kernel has its entropy. */
    if (getrandom(random, sizeof random, 0) < 0)
        return;
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(ret_id + 2 * i, 3, "%02x", random[i]);
}
