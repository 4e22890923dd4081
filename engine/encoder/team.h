/* SPDX-License-Identifier: Apache-2.0 */

/* Threads that share the work of one pass: its owner, and helpers that come and go between layers.
 * Only the owner decides what is done; a phase is a number of tiles that members take one by one,
 * and it ends for all at once.
 *
 * A helper's life:  team_enter [by whoever sends it] -> team_help [its own thread], which returns
 * when it is dismissed or the team is closed. */
#ifndef NESTD_ENGINE_ENCODER_TEAM_H
#define NESTD_ENGINE_ENCODER_TEAM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Does one tile; `member` is what that thread brought along, `user` is the phase's. */
typedef void team_work(void *member, void *user, size_t tile);

struct team {
    /* Of the phase, written by the owner before `phase` is raised. NULL work: helpers leave. */
    team_work *work;
    void *user;
    size_t n_tiles;
    size_t n_helpers; /* owner only */

    _Alignas(64) atomic_size_t next_tile;
    _Alignas(64) atomic_uint phase;
    atomic_size_t n_working;              /* helpers that have not ended the phase */
    _Alignas(64) atomic_size_t n_tickets; /* helpers that ever asked to be admitted */
    atomic_size_t n_admitted;             /* of these, by number */
    atomic_uint admitted_phase; /* the phase after which the last admitted ones take part */
    atomic_size_t n_inside;     /* entered and not left */
    atomic_bool closed;

    struct team *next_open; /* the batcher's, guarded by its mutex */
    size_t model;           /* the batcher's: whose pass it is, before the team is open to others */
    size_t n_tokens;        /* and of how many tokens, as is the next */
    size_t max_members;     /* more would find nothing to do */
};

/* Zeroed memory is an open team without helpers. */
void team_open(struct team *team);

/* Owner: whether a phase that begins now would be shared. */
bool team_has_helpers(const struct team *team);

/* Owner: runs a phase, taking part as `member`; returns when every tile is done. */
void team_run(struct team *team, void *member, team_work *work, void *user, size_t n_tiles);

/* Owner, between layers: takes in the helpers that wait. Returns the number of members, the owner
 * included. */
size_t team_admit(struct team *team);

/* Owner, between layers: sends all helpers away; the team stays open. False if there was none. */
bool team_dismiss(struct team *team);

/* Owner: no more helpers; waits until all have left. Nobody may call team_enter any more. */
void team_close(struct team *team);

/* Before a helper is sent: from here until team_help returns the team does not go away. */
void team_enter(struct team *team);

/* Of teams linked by next_open, the one whose members have the most tokens each; NULL where none has
 * anything for one more. What keeps the list keeps the teams there. */
struct team *team_pick(struct team *first);

/* Helper: works until sent away. */
void team_help(struct team *team, void *member);

#endif
