/* SPDX-License-Identifier: Apache-2.0 */
#include "server/bulk/journal.h"

#include "server/bulk/output.h"
#include "server/text/read_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_JOURNAL_BYTES = 1 << 20 };

static const char *const states[] = {"running", "naming", "complete"};

/* ---- writing ---- */

static json_t *pack_place(const struct journal_place *place)
{
    return json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "state", states[place->state],
                     "records", (json_int_t)place->n_records, "rows", (json_int_t)place->n_rows,
                     "bad", (json_int_t)place->n_bad, "truncated", (json_int_t)place->n_truncated,
                     "digest", (json_int_t)place->digest, "output_bytes",
                     (json_int_t)place->output_bytes, "ids_bytes", (json_int_t)place->ids_bytes,
                     "bad_bytes", (json_int_t)place->bad_bytes);
}

enum status journal_write(const char *path, const json_t *run, const struct journal_place *place,
                          struct error *error)
{
    json_t *root = json_pack("{s:O,s:o}", "run", run, "place", pack_place(place));
    char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
    struct buffer line = {0};
    enum status status = STATUS_NO_MEMORY;

    if (text)
        buffer_appendf(&line, "%s\n", text);
    if (text && !buffer_failed(&line))
        status = output_replace(path, line.bytes, line.len_bytes, error);
    buffer_release(&line);
    free(text);
    json_decref(root);
    return status ? error_set(error, status, "%s: not enough memory", path) : STATUS_OK;
}

/* ---- reading ---- */

static bool get_size(const json_t *place, const char *key, uint64_t *ret_size)
{
    const json_t *value = json_object_get(place, key);

    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *ret_size = (uint64_t)json_integer_value(value);
    return true;
}

static bool get_state(const json_t *place, enum journal_state *ret_state)
{
    const char *word = json_string_value(json_object_get(place, "state"));

    for (enum journal_state state = JOURNAL_RUNNING; state <= JOURNAL_COMPLETE; state++) {
        if (word && strcmp(word, states[state]) == 0) {
            *ret_state = state;
            return true;
        }
    }
    return false;
}

static bool unpack_place(const json_t *json, struct journal_place *place)
{
    uint64_t n_records, n_rows, n_bad, n_truncated, digest;

    if (!get_state(json, &place->state) || !get_size(json, "records", &n_records) ||
        !get_size(json, "rows", &n_rows) || !get_size(json, "bad", &n_bad) ||
        !get_size(json, "truncated", &n_truncated) || !get_size(json, "digest", &digest) ||
        digest > UINT32_MAX || !get_size(json, "output_bytes", &place->output_bytes) ||
        !get_size(json, "ids_bytes", &place->ids_bytes) ||
        !get_size(json, "bad_bytes", &place->bad_bytes))
        return false;
    place->n_records = n_records;
    place->n_rows = n_rows;
    place->n_bad = n_bad;
    place->n_truncated = n_truncated;
    place->digest = (uint32_t)digest;
    return true;
}

static enum status complain(const char *path, const char *key, const json_t *had, const json_t *has,
                            struct error *error)
{
    char *was = json_dumps(had, JSON_ENCODE_ANY | JSON_COMPACT);
    char *is = json_dumps(has, JSON_ENCODE_ANY | JSON_COMPACT);

    (void)error_set(error, STATUS_INVALID,
                    "%s: the run to resume has %s %.80s, this one %.80s: give the same options, or "
                    "begin anew with --overwrite",
                    path, key, was ? was : "none", is ? is : "none");
    free(was);
    free(is);
    return STATUS_INVALID;
}

static enum status compare(const char *path, const json_t *had, const json_t *run,
                           struct error *error)
{
    const char *key;
    const json_t *value;

    json_object_foreach((json_t *)run, key, value)
    {
        if (!json_equal(json_object_get(had, key), value))
            return complain(path, key, json_object_get(had, key), value, error);
    }
    return STATUS_OK;
}

enum status journal_read(const char *path, const json_t *run, bool *ret_found,
                         struct journal_place *ret_place, struct error *error)
{
    struct buffer text = {0};
    json_t *root = NULL;
    enum status status = STATUS_OK;

    *ret_found = access(path, F_OK) == 0;
    *ret_place = (struct journal_place){0};
    if (!*ret_found)
        return STATUS_OK;
    status = read_file(path, MAX_JOURNAL_BYTES, &text, error);
    if (status)
        return status;
    root = json_loadb(text.bytes ? text.bytes : "", text.len_bytes, 0, NULL);
    buffer_release(&text);
    if (!root || !unpack_place(json_object_get(root, "place"), ret_place))
        status = error_set(error, STATUS_INVALID,
                           "%s: is no description of a run: begin anew with --overwrite", path);
    else
        status = compare(path, json_object_get(root, "run"), run, error);
    json_decref(root);
    return status;
}
