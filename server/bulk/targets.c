/* SPDX-License-Identifier: Apache-2.0 */

/* In which order what happens, so that a kill between any two steps loses nothing:
 *   rows are written to OUTPUT.partial ... synced ... the journal says how many, again and again
 *   the header gets its rows, all is synced, the journal says "naming"
 *   the ids, the bad records and at last the output get their names; the journal says "complete" */
#include "server/bulk/targets.h"

#include "server/text/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum status targets_init(struct targets *targets, const char *path, const struct rows *rows,
                         bool with_bad, struct error *error)
{
    bool failed = false;

    *targets = (struct targets){.rows = *rows};
    if (output_is_stream(path))
        return STATUS_OK;
    targets->journal_path = output_name(path, ".run.json");
    failed = !targets->journal_path;
    if (rows->is_npy) {
        targets->ids_path = output_name(path, ".ids.jsonl");
        failed = failed || !targets->ids_path;
    }
    if (with_bad) {
        targets->bad_path = output_name(path, ".bad.jsonl");
        failed = failed || !targets->bad_path;
    }
    return failed ? error_set(error, STATUS_NO_MEMORY, "not enough memory to start") : STATUS_OK;
}

static void close_outputs(struct targets *targets)
{
    saver_free(targets->saver);
    targets->saver = NULL;
    for (size_t i = 0; i < targets->n_all; i++)
        output_close(targets->all[i]);
    targets->n_all = 0;
}

void targets_release(struct targets *targets)
{
    close_outputs(targets);
    free(targets->ids_path);
    free(targets->bad_path);
    free(targets->journal_path);
    buffer_release(&targets->row);
}

/* ---- opening ---- */

enum status targets_check(const struct targets *targets, const char *path, enum targets_begin begin,
                          struct error *error)
{
    const bool has_output = targets->journal_path && access(path, F_OK) == 0;
    const bool has_journal = targets->journal_path && access(targets->journal_path, F_OK) == 0;

    if (!targets->journal_path && begin == TARGETS_RESUME)
        return error_set(error, STATUS_INVALID,
                         "--resume: %s is no file, so an interrupted run has left nothing in it",
                         path);
    if (begin == TARGETS_NEW && has_output)
        return error_set(error, STATUS_INVALID,
                         "--output=%s: is there already; --overwrite replaces it", path);
    if (begin == TARGETS_NEW && has_journal)
        return error_set(error, STATUS_INVALID,
                         "%s: a run was interrupted; --resume goes on, --overwrite begins anew",
                         targets->journal_path);
    if (begin == TARGETS_RESUME && has_output && !has_journal)
        return error_set(error, STATUS_INVALID,
                         "--resume: %s is there, but not %s, which would say what it is; "
                         "--overwrite replaces it",
                         path, targets->journal_path);
    return STATUS_OK;
}

static enum status open_one(struct targets *targets, const char *path, uint64_t keep_bytes,
                            struct output **ret_output, struct error *error)
{
    enum status status;

    if (!path)
        return STATUS_OK;
    status = output_open(ret_output, path, keep_bytes, error);
    if (!status)
        targets->all[targets->n_all++] = *ret_output;
    return status;
}

static enum status open_all(struct targets *targets, const char *path,
                            const struct journal_place *place, struct error *error)
{
    enum status status =
        open_one(targets, targets->ids_path, place->ids_bytes, &targets->ids, error);

    if (!status)
        status = open_one(targets, targets->bad_path, place->bad_bytes, &targets->bad, error);
    if (!status)
        status = open_one(targets, path, place->output_bytes, &targets->output, error);
    return status;
}

static enum status add_header(struct targets *targets, struct error *error)
{
    char header[ROWS_HEADER_BYTES];

    if (!targets->rows.is_npy || output_get_size(targets->output) > 0)
        return STATUS_OK;
    rows_write_header(&targets->rows, 0, header);
    return output_append(targets->output, header, sizeof(header), error);
}

static enum status flush_all(struct targets *targets, struct error *error)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < targets->n_all && !status; i++)
        status = output_flush(targets->all[i], error);
    return status;
}

static enum status name_all(struct targets *targets, const char *path, struct journal_place *place,
                            struct error *error);

enum status targets_open(struct targets *targets, const char *path, enum targets_begin begin,
                         const json_t *run, struct journal_place *ret_place, struct error *error)
{
    struct journal_place place = {0};
    bool found = false;
    enum status status = STATUS_OK;

    targets->run = run;
    if (targets->journal_path && begin == TARGETS_RESUME)
        status = journal_read(targets->journal_path, run, &found, &place, error);
    if (!status && place.state == JOURNAL_NAMING)
        status = name_all(targets, path, &place, error);
    if (!status && place.state == JOURNAL_COMPLETE && access(path, F_OK))
        status = error_set(error, STATUS_INVALID,
                           "--resume: by %s the run is complete, but %s is not there; --overwrite "
                           "begins anew",
                           targets->journal_path, path);
    if (status || place.state == JOURNAL_COMPLETE) {
        *ret_place = place;
        return status;
    }
    status = open_all(targets, path, &place, error);
    if (!status)
        status = add_header(targets, error);
    if (!status)
        status = flush_all(targets, error);
    if (!status && targets->journal_path)
        status = saver_new(&targets->saver, targets->journal_path, run, targets->all,
                           targets->n_all, error);
    if (!status)
        targets_measure(targets, &place);
    if (!status && !found)
        status = targets_save_now(targets, &place, error);
    *ret_place = place;
    return status;
}

/* ---- writing ---- */

enum status targets_add_row(struct targets *targets, const float *vector, float scale,
                            struct slice id, struct error *error)
{
    enum status status;

    targets->row.len_bytes = 0;
    rows_append(&targets->rows, vector, scale, id, &targets->row);
    if (buffer_failed(&targets->row))
        return error_set(error, STATUS_NO_MEMORY, "not enough memory for a row");
    status = output_append(targets->output, targets->row.bytes, targets->row.len_bytes, error);
    if (!status && targets->ids)
        status = output_append(targets->ids, id.bytes, id.len_bytes, error);
    if (!status && targets->ids)
        status = output_append(targets->ids, "\n", 1, error);
    return status;
}

enum status targets_add_bad(struct targets *targets, size_t line, struct slice why,
                            struct error *error)
{
    if (!targets->bad) {
        log_write(LOG_WARNING, "left out: %.*s", (int)why.len_bytes, why.bytes);
        return STATUS_OK;
    }
    targets->row.len_bytes = 0;
    buffer_appendf(&targets->row, "{\"line\":%zu,\"error\":", line);
    buffer_append_json_string(&targets->row, why.bytes, why.len_bytes);
    buffer_append_string(&targets->row, "}\n");
    if (buffer_failed(&targets->row))
        return error_set(error, STATUS_NO_MEMORY, "not enough memory for a row");
    return output_append(targets->bad, targets->row.bytes, targets->row.len_bytes, error);
}

/* ---- saving ---- */

void targets_measure(const struct targets *targets, struct journal_place *place)
{
    place->output_bytes = output_get_size(targets->output);
    place->ids_bytes = targets->ids ? output_get_size(targets->ids) : 0;
    place->bad_bytes = targets->bad ? output_get_size(targets->bad) : 0;
}

static enum status start_save(struct targets *targets, const struct journal_place *place,
                              struct error *error)
{
    enum status status = flush_all(targets, error);

    if (!status && targets->saver)
        saver_start(targets->saver, place);
    return status;
}

enum status targets_save(struct targets *targets, const struct journal_place *place,
                         struct error *error)
{
    if (!targets->saver || !saver_is_idle(targets->saver))
        return STATUS_OK;
    if (saver_wait(targets->saver, error))
        return STATUS_IO;
    return start_save(targets, place, error);
}

enum status targets_save_now(struct targets *targets, const struct journal_place *place,
                             struct error *error)
{
    enum status status = targets->saver ? saver_wait(targets->saver, error) : STATUS_OK;

    if (!status)
        status = start_save(targets, place, error);
    if (!status && targets->saver)
        status = saver_wait(targets->saver, error);
    return status;
}

/* ---- the end ---- */

static enum status name_one(const char *path, struct error *error)
{
    char *partial = path ? output_name(path, ".partial") : NULL;
    enum status status = STATUS_OK;

    if (path && !partial)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory");
    /* What has its name already got it before a kill. */
    if (path && rename(partial, path) && (errno != ENOENT || access(path, F_OK)))
        status = error_set(error, STATUS_IO, "%s: %s", path, strerror(errno));
    free(partial);
    return status;
}

static enum status name_all(struct targets *targets, const char *path, struct journal_place *place,
                            struct error *error)
{
    enum status status = name_one(targets->ids_path, error);

    if (!status)
        status = name_one(targets->bad_path, error);
    if (!status)
        status = name_one(path, error);
    if (!status) {
        place->state = JOURNAL_COMPLETE;
        output_sync_folder(path);
        status = journal_write(targets->journal_path, targets->run, place, error);
    }
    return status;
}

enum status targets_finish(struct targets *targets, const char *path, struct journal_place *place,
                           struct error *error)
{
    char header[ROWS_HEADER_BYTES];
    enum status status = flush_all(targets, error);

    if (!targets->journal_path)
        return status;
    rows_write_header(&targets->rows, place->n_rows, header);
    if (!status && targets->rows.is_npy)
        status = output_write_at(targets->output, 0, header, sizeof(header), error);
    place->state = JOURNAL_NAMING;
    if (!status)
        status = targets_save_now(targets, place, error);
    close_outputs(targets);
    return status ? status : name_all(targets, path, place, error);
}
