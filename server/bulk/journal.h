/* SPDX-License-Identifier: Apache-2.0 */

/* What is known of a run beside its output, in OUTPUT.run.json: what it is (the model, the options
 * that its bytes depend on) and how far it has come. It is replaced whole, after what it counts is on
 * the disk; so whenever the run ends, by kill or power, it tells a place from which the same
 * bytes follow. Once the run is complete it stays as a description of the output. */
#ifndef NESTD_SERVER_BULK_JOURNAL_H
#define NESTD_SERVER_BULK_JOURNAL_H

#include "engine/engine.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum journal_state {
    JOURNAL_RUNNING,
    JOURNAL_NAMING,   /* all is written; files may have their names already */
    JOURNAL_COMPLETE, /* all have */
};

/* How far. Sums since the run's beginning, through all of its interruptions. */
struct journal_place {
    enum journal_state state;
    size_t n_records; /* of the input that were read, bad ones too */
    size_t n_rows;    /* that were written */
    size_t n_bad;
    size_t n_truncated;
    uint32_t digest; /* of the records that were read */
    uint64_t output_bytes;
    uint64_t ids_bytes;
    uint64_t bad_bytes;
};

/* Writes it: `run` is an object of texts and numbers. */
MUST_CHECK enum status journal_write(const char *path, const json_t *run,
                                     const struct journal_place *place, struct error *error);

/* Reads it back. A run that is not the same is INVALID, with what differs. No file: *ret_found is
 * false, and the place is zeroed. */
MUST_CHECK enum status journal_read(const char *path, const json_t *run, bool *ret_found,
                                    struct journal_place *ret_place, struct error *error);

#endif
