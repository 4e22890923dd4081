/* SPDX-License-Identifier: Apache-2.0 */

/* The texts of a file (or of stdin), one after another, each with the id that its record has: lines,
 * JSON Lines, or CSV and TSV with a first row of names. Untrusted (records/reader.h). One owner, one
 * thread. */
#ifndef NESTD_SERVER_BULK_SOURCE_H
#define NESTD_SERVER_BULK_SOURCE_H

#include "config/options.h"
#include "engine/engine.h"
#include "server/text/slice.h"

#include <stddef.h>
#include <stdint.h>

enum source_format { SOURCE_LINES, SOURCE_JSONL, SOURCE_CSV, SOURCE_TSV };

/* What it is by --input-format, or by the file's name: "auto" takes .jsonl, .ndjson, .csv and .tsv,
 * also before .gz, and lines for all else. */
enum source_format source_find_format(const char *name, const char *path);
const char *source_format_name(enum source_format format);

struct source_setup {
    const char *path; /* "-": stdin */
    enum source_format format;
    struct option_list text_fields; /* put together with blanks; not of lines */
    const char *id_field;           /* NULL: "id" or "_id", if the first record has one */
    size_t i_shard; /* only records i_shard, i_shard + n_shards, ... of the file count */
    size_t n_shards;
};

struct source;

/* Borrows what the setup points at. IO, INVALID (a CSV without the fields), NO_MEMORY. */
MUST_CHECK enum status source_open(struct source **ret_source, const struct source_setup *setup,
                                   struct error *error);
void source_free(struct source *source); /* NULL is allowed */

struct record {
    struct slice text; /* not empty */
    struct slice id;   /* as JSON: of the record, else the line's number */
    size_t line;
};

/* The next record, borrowed until the next call; text.bytes is NULL after the last. INVALID is a bad
 * record, of which only `line` is set, and `error` names file and line: one may go on with the next.
 * IO and NO_MEMORY are the end. */
MUST_CHECK enum status source_next(struct source *source, struct record *ret_record,
                                   struct error *error);

/* Of all records so far, bad ones too: how many, and a digest of what they hold. */
size_t source_count(const struct source *source);
uint32_t source_get_digest(const struct source *source);

/* How much of the file was read, 0 to 1; negative where nobody knows. */
double source_get_share(const struct source *source);

#endif
