/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/matryoshka.h"

#include "engine/base/memory.h"
#include "engine/base/sizes.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Ascending, none twice; returns how many are left. */
static size_t sort(size_t *dims, size_t n_dims)
{
    size_t n_kept = 0;

    sizes_sort(dims, n_dims);
    for (size_t i = 0; i < n_dims; i++) {
        if (i == 0 || dims[i] != dims[i - 1])
            dims[n_kept++] = dims[i];
    }
    return n_kept;
}

enum status matryoshka_read(const struct document *config, size_t n_dims, size_t **ret_dims,
                            size_t *ret_n_dims, struct error *error)
{
    const json_t *list = json_object_get(config->root, "matryoshka_dimensions");
    size_t n_listed = json_array_size(list);
    size_t *dims;

    if (list && !json_is_null(list) && !json_is_array(list))
        return error_set(error, STATUS_INVALID,
                         "%s: \"matryoshka_dimensions\" must be an array of whole numbers",
                         config->name);
    if (n_listed == 0) {
        *ret_dims = NULL;
        *ret_n_dims = 0;
        return STATUS_OK;
    }
    dims = calloc(n_listed, sizeof *dims);
    if (!dims)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n_listed; i++) {
        const json_t *item = json_array_get(list, i);
        char shown[DOCUMENT_SHOWN_BYTES];

        if (!document_read_size(item, 1, n_dims, &dims[i])) {
            free(dims);
            return error_set(error, STATUS_INVALID,
                             "%s: \"matryoshka_dimensions\" must hold whole numbers from 1 to the "
                             "vector's %zu, holds %s",
                             config->name, n_dims, document_show(item, shown));
        }
    }
    *ret_dims = dims;
    *ret_n_dims = sort(dims, n_listed);
    return STATUS_OK;
}

/* --- in a text -------------------------------------------------------------------------------- */

enum { MAX_FOUND = 256 };

struct scan {
    const char *at;
    const char *end;
    size_t dims[MAX_FOUND];
    size_t n_dims;
};

/* Steps over white space and then over one of the characters, if it is there. */
static bool skip(struct scan *scan, const char *characters)
{
    while (scan->at < scan->end && isspace((unsigned char)*scan->at))
        scan->at++;
    if (scan->at == scan->end || !*scan->at || !strchr(characters, *scan->at))
        return false;
    scan->at++;
    return true;
}

/* False where no number follows; one too large for any vector is SIZE_MAX / 2 or more. */
static bool read_number(struct scan *scan, size_t *ret_number)
{
    const char *first;
    size_t number = 0;

    (void)skip(scan, "");
    first = scan->at;
    for (; scan->at < scan->end && isdigit((unsigned char)*scan->at); scan->at++)
        number = number < SIZE_MAX / 20 ? 10 * number + (size_t)(*scan->at - '0') : SIZE_MAX / 2;
    *ret_number = number;
    return scan->at > first;
}

/* `": [768, 512]`, what comes after the name; what is not of that form is no list of sizes. */
static enum status read_list(struct scan *scan, size_t max, struct error *error)
{
    size_t n_before = scan->n_dims;
    size_t number;

    if (!skip(scan, "\"'") || !skip(scan, ":") || !skip(scan, "[("))
        return STATUS_OK;
    while (read_number(scan, &number)) {
        if (number < 1 || number > max || scan->n_dims == MAX_FOUND) {
            scan->n_dims = n_before;
            return error_set(error, STATUS_INVALID,
                             "\"matryoshka_dims\" holds %zu, which is not from 1 to the vector's "
                             "%zu, or is one of too many",
                             number, max);
        }
        scan->dims[scan->n_dims++] = number;
        (void)skip(scan, ",");
    }
    if (!skip(scan, "])"))
        scan->n_dims = n_before;
    return STATUS_OK;
}

enum status matryoshka_find(const char *text, size_t len_bytes, size_t n_dims, size_t **ret_dims,
                            size_t *ret_n_dims, struct error *error)
{
    static const char name[] = "matryoshka_dims";
    AUTO_FREE struct scan *scan = calloc(1, sizeof *scan);
    enum status status = STATUS_OK;
    size_t n_found;

    if (!scan)
        return STATUS_NO_MEMORY;
    scan->at = text;
    scan->end = text + len_bytes;
    while (!status && scan->at) {
        scan->at = memmem(scan->at, (size_t)(scan->end - scan->at), name, sizeof name - 1);
        if (!scan->at)
            break;
        scan->at += sizeof name - 1;
        status = read_list(scan, n_dims, error);
    }
    n_found = sort(scan->dims, scan->n_dims);
    if (status || n_found == 0)
        return status;
    *ret_dims = malloc(n_found * sizeof **ret_dims);
    if (!*ret_dims)
        return STATUS_NO_MEMORY;
    memcpy(*ret_dims, scan->dims, n_found * sizeof **ret_dims);
    *ret_n_dims = n_found;
    return STATUS_OK;
}
