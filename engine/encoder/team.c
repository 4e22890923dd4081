/* SPDX-License-Identifier: Apache-2.0 */

/* INVARIANTS
 *  1. Phase p + 1 begins only when n_working is 0, so all members of phase p have ended it: work,
 *     user and n_tiles are never written while a helper may read them.
 *  2. A helper takes part from the phase after its admission, and the owner counts it in n_working
 *     from then on; so admitted_phase is not overwritten before it has been read.
 *  3. n_inside is raised while the team is certain to be open, and team_close waits for it to fall
 *     to 0.
 *
 * Waiting spins: a phase of a short text lasts some tens of microseconds, less than it takes to
 * wake a sleeping thread. After a while the processor is offered to others, for there may be fewer
 * cores than threads. */
#include "engine/encoder/team.h"

#include <sched.h>

enum { SPINS_BEFORE_YIELD = 4000 };

static void pause_briefly(unsigned *n_spins)
{
    if (++*n_spins >= SPINS_BEFORE_YIELD) {
        sched_yield();
        return;
    }
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

void team_open(struct team *team)
{
    team->n_helpers = 0;
    atomic_store(&team->n_working, 0);
    atomic_store(&team->n_tickets, 0);
    atomic_store(&team->n_admitted, 0);
    atomic_store(&team->n_inside, 0);
    atomic_store(&team->closed, false);
}

static void take_tiles(struct team *team, void *member)
{
    size_t tile;

    while ((tile = atomic_fetch_add_explicit(&team->next_tile, 1, memory_order_relaxed)) <
           team->n_tiles)
        team->work(member, team->user, tile);
}

/* Makes a phase known to the helpers. */
static void begin_phase(struct team *team, team_work *work, void *user, size_t n_tiles)
{
    team->work = work;
    team->user = user;
    team->n_tiles = n_tiles;
    atomic_store_explicit(&team->next_tile, 0, memory_order_relaxed);
    atomic_store_explicit(&team->n_working, team->n_helpers, memory_order_relaxed);
    atomic_fetch_add_explicit(&team->phase, 1, memory_order_release);
}

static void end_phase(struct team *team)
{
    unsigned n_spins = 0;

    while (atomic_load_explicit(&team->n_working, memory_order_acquire) > 0)
        pause_briefly(&n_spins);
}

bool team_has_helpers(const struct team *team)
{
    return team->n_helpers > 0;
}

void team_run(struct team *team, void *member, team_work *work, void *user, size_t n_tiles)
{
    begin_phase(team, work, user, n_tiles);
    take_tiles(team, member);
    end_phase(team);
}

size_t team_admit(struct team *team)
{
    size_t n_tickets = atomic_load_explicit(&team->n_tickets, memory_order_acquire);
    size_t n_admitted = atomic_load_explicit(&team->n_admitted, memory_order_relaxed);

    if (n_tickets > n_admitted) {
        atomic_store(&team->admitted_phase, atomic_load(&team->phase));
        team->n_helpers += n_tickets - n_admitted;
        atomic_store_explicit(&team->n_admitted, n_tickets, memory_order_release);
    }
    return team->n_helpers + 1;
}

bool team_dismiss(struct team *team)
{
    if (team->n_helpers == 0)
        return false;
    begin_phase(team, NULL, NULL, 0);
    end_phase(team);
    team->n_helpers = 0;
    return true;
}

void team_close(struct team *team)
{
    unsigned n_spins = 0;

    atomic_store(&team->closed, true);
    team_dismiss(team);
    while (atomic_load_explicit(&team->n_inside, memory_order_acquire) > 0)
        pause_briefly(&n_spins);
}

void team_enter(struct team *team)
{
    atomic_fetch_add(&team->n_inside, 1);
}

struct team *team_pick(struct team *first)
{
    struct team *picked = NULL;
    size_t max_tokens = 0;

    for (struct team *team = first; team; team = team->next_open) {
        /* The owner, the helpers, and those on their way. */
        size_t n_members = atomic_load_explicit(&team->n_inside, memory_order_relaxed) + 1;
        size_t n_tokens = team->n_tokens / n_members;

        if (n_members < team->max_members && (!picked || n_tokens > max_tokens)) {
            picked = team;
            max_tokens = n_tokens;
        }
    }
    return picked;
}

/* Waits to be admitted; false if the team closes first. */
static bool wait_for_admission(struct team *team)
{
    size_t ticket = atomic_fetch_add_explicit(&team->n_tickets, 1, memory_order_acq_rel);
    unsigned n_spins = 0;

    while (atomic_load_explicit(&team->n_admitted, memory_order_acquire) <= ticket) {
        if (atomic_load(&team->closed)) /* after which nobody is admitted any more */
            return atomic_load_explicit(&team->n_admitted, memory_order_acquire) > ticket;
        pause_briefly(&n_spins);
    }
    return true;
}

void team_help(struct team *team, void *member)
{
    bool stays = wait_for_admission(team);
    unsigned phase = stays ? atomic_load(&team->admitted_phase) : 0;

    while (stays) {
        unsigned n_spins = 0;

        while (atomic_load_explicit(&team->phase, memory_order_acquire) == phase)
            pause_briefly(&n_spins);
        phase++;
        stays = team->work != NULL;
        if (stays)
            take_tiles(team, member);
        atomic_fetch_sub_explicit(&team->n_working, 1, memory_order_release);
    }
    atomic_fetch_sub_explicit(&team->n_inside, 1, memory_order_release);
}
