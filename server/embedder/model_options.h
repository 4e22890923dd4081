/* SPDX-License-Identifier: Apache-2.0 */

/* What --model-id and the options beside it ask of the engine. Pure but for reading the folder. */
#ifndef NESTD_SERVER_EMBEDDER_MODEL_OPTIONS_H
#define NESTD_SERVER_EMBEDDER_MODEL_OPTIONS_H

#include "engine/engine.h"

#include <stdbool.h>

struct options;

/* Borrows from `options`, which model_options_check() has passed. */
struct engine_options model_options_make(const struct options *options);

/* Whether there is a model's folder (only with_folder: while it is downloaded there is none), and
 * this CPU can do what is asked. An error names the option. */
MUST_CHECK enum status model_options_check(const struct options *options, bool with_folder,
                                           struct error *error);

#endif
