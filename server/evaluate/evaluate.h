/* SPDX-License-Identifier: Apache-2.0 */

/* nestd evaluate: which size and format of vectors is enough, on one's own data. On the main thread,
 * until it is done. */
#ifndef NESTD_SERVER_EVALUATE_EVALUATE_H
#define NESTD_SERVER_EVALUATE_EVALUATE_H

#include "engine/engine.h"

struct options;

/* Whether the options name one data set, and formats that there are; STATUS_INVALID names the
 * option. */
MUST_CHECK enum status evaluate_check(const struct options *options, struct error *error);

/* Reads, encodes, measures, and prints to stdout; progress goes to stderr. An option that does not
 * fit the model is STATUS_UNSUPPORTED. */
MUST_CHECK enum status evaluate_run(const struct options *options, struct error *error);

#endif
