/* SPDX-License-Identifier: Apache-2.0 */
#include "server/exchange/retry.h"

#include <math.h>
#include <stdint.h>
#include <sys/random.h>

/* The official OpenAI clients never wait longer than this. */
enum { MAX_RETRY_S = 60 };

double retry_estimate_s(size_t queued_tokens, double tokens_per_second)
{
    return tokens_per_second > 0 ? ceil((double)queued_tokens / tokens_per_second) : 1;
}

struct retry retry_spread(double estimate_s, double chance)
{
    double soonest_s = fmin(fmax(estimate_s, 1), MAX_RETRY_S);
    double latest_s = fmin(2 * soonest_s, MAX_RETRY_S);
    double chosen_s = soonest_s + chance * (latest_s - soonest_s);

    return (struct retry){.seconds = (unsigned)lround(chosen_s),
                          .ms = (unsigned)lround(chosen_s * 1000)};
}

double retry_draw(void)
{
    uint32_t bits = 0;

    /* Without random bits everybody gets the earliest time, which is still valid. */
    if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != sizeof(bits))
        return 0;
    return bits / 4294967296.0;
}
