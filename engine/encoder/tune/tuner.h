/* SPDX-License-Identifier: Apache-2.0 */

/* Measures at load which ways (ways.h) are the fastest for this CPU and model. Private to the
 * encoder. */
#ifndef NESTD_ENGINE_ENCODER_TUNE_TUNER_H
#define NESTD_ENGINE_ENCODER_TUNE_TUNER_H

#include "engine/base/status.h"

#include <stddef.h>

struct encoder;

/* Leaves the faster ways in encoder->ways, in less than 300 ms. n_threads: the workers that there
 * will be. Before the first context is made. NO_MEMORY. */
MUST_CHECK enum status tuner_run(struct encoder *encoder, size_t n_threads);

#endif
