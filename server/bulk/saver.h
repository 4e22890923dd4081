/* SPDX-License-Identifier: Apache-2.0 */

/* Brings what was written to the disk, and then the journal, on a thread of its own: a slow disk
 * holds up nobody. All functions on one thread, the owner's. */
#ifndef NESTD_SERVER_BULK_SAVER_H
#define NESTD_SERVER_BULK_SAVER_H

#include "server/bulk/journal.h"
#include "server/bulk/output.h"

enum { SAVER_MAX_OUTPUTS = 3 };

struct saver;

/* Borrows all until saver_free. outputs[n_outputs] are flushed by the owner before each save. */
MUST_CHECK enum status saver_new(struct saver **ret_saver, const char *journal_path,
                                 const json_t *run, struct output *const *outputs, size_t n_outputs,
                                 struct error *error);
void saver_free(struct saver *saver); /* waits for what runs; NULL is allowed */

/* Whether it has nothing to do, so that saver_start may be called. */
bool saver_is_idle(struct saver *saver);

/* Has the place saved, soon. */
void saver_start(struct saver *saver, const struct journal_place *place);

/* Waits for what runs. The first failure of all saves so far. */
MUST_CHECK enum status saver_wait(struct saver *saver, struct error *error);

#endif
