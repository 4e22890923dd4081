/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/files/document.h"

#include "engine/base/memory.h"
#include "engine/files/file.h"
#include "engine/files/json_read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The largest such files in use are the tokenizer.json of large vocabularies as transformers writes
 * them, indented: 17 MB for XLM-R, 33 MB for Gemma. */
enum { MAX_DOCUMENT_BYTES = 64 << 20 };

static enum status parse(struct document *ret_document, const char *path, const char *name,
                         bool want_array, struct error *error)
{
    /* Transformers writes "no limit" as the integer 10^30, which no integer type holds. */
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL;
    AUTO_FREE char *bytes = NULL;
    enum status status;
    size_t len_bytes = 0;
    json_error_t fault;
    json_t *root;

    status = file_read(path, MAX_DOCUMENT_BYTES, &bytes, &len_bytes, error);
    if (status)
        return status;
    root = json_read(bytes, len_bytes, flags, &fault);
    if (!root) {
        if (!fault.text[0]) /* jansson has no words for short memory */
            return STATUS_NO_MEMORY;
        return error_set(error, STATUS_INVALID, "%s: is not valid JSON: line %d, column %d: %s",
                         name, fault.line, fault.column, fault.text);
    }
    if (want_array ? !json_is_array(root) : !json_is_object(root)) {
        json_decref(root);
        return error_set(error, STATUS_INVALID, "%s: must be a JSON %s", name,
                         want_array ? "array" : "object");
    }
    ret_document->root = root;
    snprintf(ret_document->name, sizeof ret_document->name, "%s", name);
    return STATUS_OK;
}

enum status document_open(struct document *ret_document, const char *folder, const char *name,
                          bool want_array, struct error *error)
{
    AUTO_FREE char *path = path_join(folder, name);

    if (!path)
        return STATUS_NO_MEMORY;
    return parse(ret_document, path, name, want_array, error);
}

enum status document_open_if_there(struct document *ret_document, const char *folder,
                                   const char *name, bool want_array, struct error *error)
{
    AUTO_FREE char *path = path_join(folder, name);

    if (!path)
        return STATUS_NO_MEMORY;
    if (!file_exists(path)) {
        ret_document->root = NULL;
        return STATUS_OK;
    }
    return parse(ret_document, path, name, want_array, error);
}

void document_release(struct document *document)
{
    if (!document)
        return;
    json_decref(document->root);
    document->root = NULL;
}

const char *document_show(const json_t *value, char text[DOCUMENT_SHOWN_BYTES])
{
    size_t len_bytes = json_dumpb(value, text, DOCUMENT_SHOWN_BYTES - 1,
                                  JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));

    /* json_dumpb returns what it needs; over its room it has written a part, or nothing. */
    if (len_bytes == 0 || len_bytes > DOCUMENT_SHOWN_BYTES - 1) {
        snprintf(text, DOCUMENT_SHOWN_BYTES, "%s",
                 json_is_string(value)   ? "a long text"
                 : json_is_array(value)  ? "a long array"
                 : json_is_object(value) ? "a long object"
                                         : "something else");
        return text;
    }
    text[len_bytes] = '\0';
    /* Numbers were read as reals (document_open), so 7 would be shown as 7.0. */
    if (json_is_real(value) && len_bytes > 2 && strcmp(text + len_bytes - 2, ".0") == 0)
        text[len_bytes - 2] = '\0';
    return text;
}

/* The value of a key, NULL where it is absent or null. */
static const json_t *get(const struct document *document, const char *key)
{
    const json_t *value = json_object_get(document->root, key);

    return json_is_null(value) ? NULL : value;
}

static enum status complain(const struct document *document, const char *key, const char *wanted,
                            const json_t *value, struct error *error)
{
    char shown[DOCUMENT_SHOWN_BYTES];

    return error_set(error, STATUS_INVALID, "%s: \"%s\" must be %s, not %s", document->name, key,
                     wanted, document_show(value, shown));
}

bool document_read_size(const json_t *value, size_t min, size_t max, size_t *ret_size)
{
    double number;

    if (!json_is_number(value))
        return false;
    number = json_number_value(value);
    if (!(number >= (double)min && number <= (double)max) || number != floor(number))
        return false;
    *ret_size = (size_t)number;
    return true;
}

enum status document_get_size(const struct document *document, const char *key, size_t min,
                              size_t max, size_t *value, struct error *error)
{
    const json_t *found = get(document, key);
    char wanted[100];

    if (!found || document_read_size(found, min, max, value))
        return STATUS_OK;
    snprintf(wanted, sizeof wanted, "a whole number from %zu to %zu", min, max);
    return complain(document, key, wanted, found, error);
}

enum status document_get_real(const struct document *document, const char *key, double min,
                              double max, double *value, struct error *error)
{
    const json_t *found = get(document, key);
    char wanted[100];
    double number;

    if (!found)
        return STATUS_OK;
    number = json_number_value(found);
    if (!json_is_number(found) || !(number >= min && number <= max)) {
        snprintf(wanted, sizeof wanted, "a number from %g to %g", min, max);
        return complain(document, key, wanted, found, error);
    }
    *value = number;
    return STATUS_OK;
}

/* "No limit" is written as 10^30. */
enum status document_get_limit(const struct document *document, const char *key, size_t *value,
                               struct error *error)
{
    double limit = 0;
    enum status status = document_get_real(document, key, 2, 1e300, &limit, error);

    if (!status && limit > 0)
        *value = limit < 1e9 ? (size_t)limit : 0;
    return status;
}

enum status document_get_bool(const struct document *document, const char *key, bool *value,
                              struct error *error)
{
    const json_t *found = get(document, key);

    if (!found)
        return STATUS_OK;
    if (!json_is_boolean(found))
        return complain(document, key, "true or false", found, error);
    *value = json_is_true(found);
    return STATUS_OK;
}

enum status document_get_string(const struct document *document, const char *key,
                                const char **value, struct error *error)
{
    const json_t *found = get(document, key);

    if (!found)
        return STATUS_OK;
    if (!json_is_string(found))
        return complain(document, key, "a text", found, error);
    *value = json_string_value(found);
    return STATUS_OK;
}

enum status document_get_object(const struct document *document, const char *key,
                                struct document *ret_inner, struct error *error)
{
    json_t *found = json_object_get(document->root, key);

    if (json_is_null(found))
        found = NULL;
    if (found && !json_is_object(found))
        return complain(document, key, "an object", found, error);
    ret_inner->root = found;
    snprintf(ret_inner->name, sizeof ret_inner->name, "%.60s: \"%.50s\"", document->name, key);
    return STATUS_OK;
}

enum status document_refuse(const struct document *document, const char *key, struct error *error)
{
    const json_t *found = get(document, key);
    char shown[DOCUMENT_SHOWN_BYTES];

    if (!found || json_is_false(found))
        return STATUS_OK;
    if ((json_is_array(found) && json_array_size(found) == 0) ||
        (json_is_object(found) && json_object_size(found) == 0) ||
        (json_is_string(found) && json_string_length(found) == 0))
        return STATUS_OK;
    return error_set(error, STATUS_UNSUPPORTED, "%s: \"%s\" is %s, which nestd cannot do",
                     document->name, key, document_show(found, shown));
}

enum status document_refuse_count(const struct document *document, const char *key,
                                  struct error *error)
{
    const json_t *found = get(document, key);

    if (json_is_number(found) && json_number_value(found) == 0)
        return STATUS_OK;
    return document_refuse(document, key, error);
}

enum status document_demand(const struct document *document, const char *key, const char *wanted,
                            struct error *error)
{
    const char *found = wanted;
    enum status status = document_get_string(document, key, &found, error);

    if (status)
        return status;
    if (strcmp(found, wanted) != 0)
        return error_set(error, STATUS_UNSUPPORTED, "%s: \"%s\" is \"%.60s\"; supported: \"%s\"",
                         document->name, key, found, wanted);
    return STATUS_OK;
}

enum status document_check_keys(const struct document *document, const char *const known[],
                                size_t n_known, struct error *error)
{
    json_t *value;
    const char *key;

    json_object_foreach(document->root, key, value)
    {
        size_t i = 0;

        while (i < n_known && strcmp(key, known[i]) != 0)
            i++;
        if (i == n_known) {
            char shown[DOCUMENT_SHOWN_BYTES];

            return error_set(error, STATUS_UNSUPPORTED,
                             "%s: \"%.100s\" (%s) is a setting that nestd does not know",
                             document->name, key, document_show(value, shown));
        }
    }
    return STATUS_OK;
}
