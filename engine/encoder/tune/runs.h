/* SPDX-License-Identifier: Apache-2.0 */

/* How long the runs of one way took, and when that is enough to prefer it. Private to the
 * encoder. */
#ifndef NESTD_ENGINE_ENCODER_TUNE_RUNS_H
#define NESTD_ENGINE_ENCODER_TUNE_RUNS_H

#include <stdbool.h>
#include <stddef.h>

enum { RUNS_MAX = 16, RUNS_MIN = 4 };

/* Zeroed: none yet. */
struct runs {
    double seconds[RUNS_MAX]; /* [n], ascending */
    size_t n;
};

void runs_add(struct runs *runs, double seconds); /* n < RUNS_MAX */

double runs_median(const struct runs *runs); /* n > 0 */

/* Whether both the best and the median of at least RUNS_MIN are faster than the rule's way's by
 * 3 %: a machine is seldom quiet when a program starts on it. */
bool runs_are_clearly_faster(const struct runs *runs, const struct runs *rule);

/* Whether a team's runs were so much faster than one thread's that its threads must have run
 * together; two threads take about 0.55 of the time. */
bool runs_were_shared(const struct runs *team, const struct runs *alone);

#endif
