/* SPDX-License-Identifier: Apache-2.0 */

/* What one pass needs: its jobs, and the memory that encodes them, of each model its own. A worker's,
 * who has two: for the pass that it took, and for small requests between two tiles of that. */
#ifndef NESTD_ENGINE_SCHEDULE_LANE_H
#define NESTD_ENGINE_SCHEDULE_LANE_H

#include "engine/base/status.h"
#include "engine/encoder/team.h"
#include "engine/schedule/turns.h"
#include "engine/schedule/workers.h"

#include <stdbool.h>
#include <stddef.h>

struct encoder_context;
struct encoder_text;

struct lane {
    struct encoder_context **contexts; /* [n_models]; NULL: there is no encoder, but a table */
    struct pass pass;
    struct encoder_text *texts; /* [pass's maximum] */
    struct team team;
};

MUST_CHECK enum status lane_init(struct lane *lane, const struct workers_options *options,
                                 bool is_main);
void lane_release(struct lane *lane, size_t n_models); /* zeroed memory is allowed */

/* Of a pass of the i-th model. */
size_t lane_max_tokens(const struct workers_options *options, size_t i, bool is_main);

/* Adds what both lanes of one worker take for the i-th model; false if that is no number. */
bool lane_add_memory(const struct workers_options *options, size_t i, size_t *len_bytes);

#endif
