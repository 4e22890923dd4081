/* SPDX-License-Identifier: Apache-2.0 */

/* Which model's texts are encoded next, where several models share the workers: the one that has
 * had the least of their time. A model that comes to wait begins where the others are, so it can
 * neither save up time while it has nothing to do nor be made to wait for it (start-time fair
 * queueing: Goyal, Vin and Cheng, "Start-Time Fair Queueing", 1996).
 *
 * Small groups and large ones take turns as they do within a model (turns.h), whichever models
 * they are for, and the time of each kind is counted by itself: a bulk load of one model holds up
 * neither another's small requests nor its own. With one model nothing is left to choose.
 *
 * The batcher's, under its mutex. */
#ifndef NESTD_ENGINE_SCHEDULE_ORDER_H
#define NESTD_ENGINE_SCHEDULE_ORDER_H

#include "engine/base/status.h"
#include "engine/schedule/turns.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct order {
    struct turns *turns; /* [n_models] */
    size_t n_models;
    bool was_small;        /* the last pass of order_fill */
    int64_t reached_us[2]; /* [is_small]: where those are that are served */
};

/* The turns are the caller's to set up. */
MUST_CHECK enum status order_init(struct order *order, size_t n_models);
void order_release(struct order *order); /* zeroed memory is allowed */

/* A group of the model comes to wait: called before the first of its jobs does. */
void order_enter(struct order *order, size_t model, const struct job_group *group);

/* A worker has spent this long on the pass. */
void order_charge(struct order *order, const struct pass *pass, int64_t duration_us);

/* Whether anything waits; whether small groups do. */
bool order_has_waiting(const struct order *order);
bool order_has_small(const struct order *order);

/* Moves waiting jobs of one model, now RUNNING, into an empty pass, and says in it whose. */
void order_fill(struct order *order, struct pass *pass);

/* The same for small groups only, up to a slice of tokens. */
void order_fill_small(struct order *order, struct pass *pass);

#endif
