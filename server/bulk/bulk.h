/* SPDX-License-Identifier: Apache-2.0 */

/* A file of texts to a file of vectors, a window at a time: while the embedder encodes some, the next
 * are read and the last are written, in the input's order. What is held does not grow with the
 * input. One owner, one thread. */
#ifndef NESTD_SERVER_BULK_BULK_H
#define NESTD_SERVER_BULK_BULK_H

#include "server/bulk/source.h"
#include "server/bulk/targets.h"
#include "server/embedder/embedder.h"

#include <signal.h>
#include <stdbool.h>

struct bulk_setup {
    struct source_setup source;
    struct rows rows; /* n_dims is filled in by the embedder's */
    const char *output;
    enum targets_begin begin;
    bool skips_bad; /* bad records are left out and noted, else the first one ends the run */
    struct embed_prompt prompt;
    json_t *run;   /* what the output depends on, besides the input */
    bool may_draw; /* a bar, where stderr is a terminal */

    /* For signals: once *stop is not 0, and wake, an eventfd, was written, the run stops. */
    const volatile sig_atomic_t *stop;
    int wake;
};

struct bulk_result {
    struct journal_place place;
    size_t n_texts; /* by this call */
    double elapsed_s;
    bool was_complete; /* nothing was left to be done */
    bool was_stopped;
    bool can_resume; /* not complete, and --resume would go on */
};

struct bulk;

/* Borrows the embedder and what the setup points at. */
MUST_CHECK enum status bulk_new(struct bulk **ret_bulk, struct embedder *embedder,
                                const struct bulk_setup *setup, struct error *error);

/* After the embedder was closed: until then windows may be its. NULL is allowed. */
void bulk_free(struct bulk *bulk);

/* Runs until all is written, a signal stops it (which is OK), or something fails. What was written
 * till then is saved in any case. */
MUST_CHECK enum status bulk_run(struct bulk *bulk, struct bulk_result *ret_result,
                                struct error *error);

#endif
