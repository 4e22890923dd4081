/* SPDX-License-Identifier: Apache-2.0 */

/* The files that a run writes: OUTPUT; beside an array OUTPUT.ids.jsonl, an id a row; where bad
 * records are left out OUTPUT.bad.jsonl, a line each; and OUTPUT.run.json (journal.h). A stream
 * (output.h) has none but itself. One owner. */
#ifndef NESTD_SERVER_BULK_TARGETS_H
#define NESTD_SERVER_BULK_TARGETS_H

#include "server/bulk/journal.h"
#include "server/bulk/output.h"
#include "server/bulk/rows.h"
#include "server/bulk/saver.h"
#include "server/text/buffer.h"

#include <stdbool.h>

struct targets {
    struct rows rows;
    char *ids_path; /* NULL: no such file */
    char *bad_path;
    char *journal_path; /* NULL: a stream */
    struct output *output;
    struct output *ids;
    struct output *bad;
    struct output *all[SAVER_MAX_OUTPUTS]; /* [n_all]: those above that there are, `output` last */
    size_t n_all;
    struct saver *saver;
    const json_t *run;
    struct buffer row;
};

/* What is asked for of what may be there already. */
enum targets_begin {
    TARGETS_NEW,      /* neither output nor journal may be there */
    TARGETS_RESUME,   /* goes on where a run was interrupted, if one was */
    TARGETS_OVERWRITE /* begins anew */
};

/* Names them. NO_MEMORY. `path` must outlive them. */
MUST_CHECK enum status targets_init(struct targets *targets, const char *path,
                                    const struct rows *rows, bool with_bad, struct error *error);
void targets_release(struct targets *targets); /* leaves what was written */

/* INVALID where that does not fit what is there: for before a model is loaded. */
MUST_CHECK enum status targets_check(const struct targets *targets, const char *path,
                                     enum targets_begin begin, struct error *error);

/* Opens them at the place of the journal, or at the beginning. A run that is complete, or only lacks
 * its names, which it is given: ret_place->state is JOURNAL_COMPLETE, and nothing is open. `run`
 * must outlive them. */
MUST_CHECK enum status targets_open(struct targets *targets, const char *path,
                                    enum targets_begin begin, const json_t *run,
                                    struct journal_place *ret_place, struct error *error);

MUST_CHECK enum status targets_add_row(struct targets *targets, const float *vector, float scale,
                                       struct slice id, struct error *error);
MUST_CHECK enum status targets_add_bad(struct targets *targets, size_t line, struct slice why,
                                       struct error *error);

/* Notes in the place how long the files are now: what comes after can be taken back. */
void targets_measure(const struct targets *targets, struct journal_place *place);

/* Has the place, measured before, saved, if the last save is over. */
MUST_CHECK enum status targets_save(struct targets *targets, const struct journal_place *place,
                                    struct error *error);

/* The same, and waits. */
MUST_CHECK enum status targets_save_now(struct targets *targets, const struct journal_place *place,
                                        struct error *error);

/* All rows are there: saves, and gives the files their names. */
MUST_CHECK enum status targets_finish(struct targets *targets, const char *path,
                                      struct journal_place *place, struct error *error);

#endif
