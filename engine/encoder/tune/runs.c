/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/tune/runs.h"

#include <assert.h>

static const double CLEARLY = 0.97;
static const double SHARED = 0.8;

void runs_add(struct runs *runs, double seconds)
{
    size_t i = runs->n++;

    assert(i < RUNS_MAX);
    for (; i > 0 && runs->seconds[i - 1] > seconds; i--)
        runs->seconds[i] = runs->seconds[i - 1];
    runs->seconds[i] = seconds;
}

double runs_median(const struct runs *runs)
{
    return runs->seconds[runs->n / 2];
}

bool runs_are_clearly_faster(const struct runs *runs, const struct runs *rule)
{
    return runs->n >= RUNS_MIN && rule->n >= RUNS_MIN &&
           runs->seconds[0] < CLEARLY * rule->seconds[0] &&
           runs_median(runs) < CLEARLY * runs_median(rule);
}

bool runs_were_shared(const struct runs *team, const struct runs *alone)
{
    return team->n >= RUNS_MIN && alone->n >= RUNS_MIN &&
           runs_median(team) < SHARED * runs_median(alone);
}
