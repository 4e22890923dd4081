/* SPDX-License-Identifier: Apache-2.0 */

/* The header is untrusted. Opening parses it into one entry a tensor and checks, in this order,
 * that
 *
 *   1. the header lies inside the file, begins with '{', is JSON and names no tensor twice;
 *   2. each entry has a dtype, a shape of whole numbers and a byte range with begin <= end;
 *   3. the range is as long as shape and dtype say (where the dtype is one of the format's);
 *   4. the ranges, in order, cover the data without overlap or hole, to the last byte of the file.
 *
 * After that a tensor's pointer and shape can be trusted. Entries are then sorted by name for
 * finding. */
#include "engine/files/safetensors.h"

#include "engine/base/memory.h"
#include "engine/files/file.h"
#include "engine/files/json_read.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    LENGTH_BYTES = 8,
    MAX_HEADER_BYTES = 100000000, /* the format's own limit */
};

/* The format's dtypes of whole bytes. Others (such as F4) are accepted as long as nobody asks for
 * them. */
enum use { USE_NONE, USE_REAL, USE_WHOLE };
static const struct format_dtype {
    const char *name;
    size_t size_bytes;
    enum use use;
    enum dtype dtype;
} format_dtypes[] = {
    {"F32", 4, USE_REAL, DTYPE_FLOAT32},
    {"F16", 2, USE_REAL, DTYPE_FLOAT16},
    {"BF16", 2, USE_REAL, DTYPE_BFLOAT16},
    {"I8", 1, USE_WHOLE, DTYPE_INT8},
    {"I64", 8, USE_WHOLE, DTYPE_INT64},
    {"F64", 8, .use = USE_NONE},
    {"U64", 8, .use = USE_NONE},
    {"C64", 8, .use = USE_NONE},
    {"I32", 4, .use = USE_NONE},
    {"U32", 4, .use = USE_NONE},
    {"I16", 2, .use = USE_NONE},
    {"U16", 2, .use = USE_NONE},
    {"U8", 1, .use = USE_NONE},
    {"BOOL", 1, .use = USE_NONE},
    {"F8_E4M3", 1, .use = USE_NONE},
    {"F8_E5M2", 1, .use = USE_NONE},
    {"F8_E8M0", 1, .use = USE_NONE},
};
enum { N_FORMAT_DTYPES = sizeof format_dtypes / sizeof *format_dtypes };

struct entry {
    const char *name;                 /* in the header */
    const char *dtype_text;           /* in the header */
    const struct format_dtype *dtype; /* NULL: not in the table */
    size_t begin;                     /* from the start of the data */
    size_t end;
    size_t n_dims;
    size_t dims[TENSOR_MAX_DIMS]; /* the first ones */
};

struct safetensors {
    char *name; /* the file's, for complaints */
    unsigned char *mapping;
    size_t len_bytes;
    const unsigned char *data; /* in the mapping, behind the header */
    size_t data_bytes;
    json_t *header;
    struct entry *entries; /* [n_entries] */
    size_t n_entries;
};

static const struct format_dtype *find_dtype(const char *name)
{
    for (size_t i = 0; i < N_FORMAT_DTYPES; i++) {
        if (strcmp(name, format_dtypes[i].name) == 0)
            return &format_dtypes[i];
    }
    return NULL;
}

static enum status map_file(struct safetensors *file, const char *path, struct error *error)
{
    enum status status;
    void *mapping;
    int fd;

    status = file_open(path, &fd, &file->len_bytes, error);
    if (status)
        return status;
    if (file->len_bytes < LENGTH_BYTES) {
        close(fd);
        return error_set(
            error, STATUS_INVALID,
            "%s: is not a safetensors file: %zu bytes is too short for the %d-byte header length",
            file->name, file->len_bytes, LENGTH_BYTES);
    }
    mapping = mmap(NULL, file->len_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (mapping == MAP_FAILED)
        return error_set(error, STATUS_IO, "%s: cannot be mapped: %s", file->name, strerror(errno));
    file->mapping = mapping;
    return STATUS_OK;
}

static enum status parse_header(struct safetensors *file, struct error *error)
{
    size_t rest_bytes = file->len_bytes - LENGTH_BYTES;
    const char *text = (const char *)file->mapping + LENGTH_BYTES;
    uint64_t header_bytes = 0;
    json_error_t fault;

    for (int i = LENGTH_BYTES - 1; i >= 0; i--)
        header_bytes = header_bytes << 8 | file->mapping[i];
    if (header_bytes > rest_bytes || header_bytes > MAX_HEADER_BYTES)
        return error_set(
            error, STATUS_INVALID,
            "%s: is truncated or not a safetensors file: it claims a header of %" PRIu64
            " bytes, but there are %zu (max: %d)",
            file->name, header_bytes, rest_bytes, MAX_HEADER_BYTES);
    if (header_bytes == 0 || text[0] != '{')
        return error_set(error, STATUS_INVALID,
                         "%s: is not a safetensors file: its header does not begin with '{'",
                         file->name);
    file->header = json_read(text, (size_t)header_bytes, JSON_REJECT_DUPLICATES, &fault);
    if (!file->header) {
        if (!fault.text[0]) /* jansson has no words for short memory */
            return STATUS_NO_MEMORY;
        return error_set(error, STATUS_INVALID, "%s: its header is not valid JSON: byte %d: %.200s",
                         file->name, fault.position, fault.text);
    }
    file->data = file->mapping + LENGTH_BYTES + header_bytes;
    file->data_bytes = rest_bytes - (size_t)header_bytes;
    return STATUS_OK;
}

/* A whole number from 0 that fits a size_t. */
static bool get_count(const json_t *value, size_t *ret_count)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *ret_count = (size_t)json_integer_value(value);
    return true;
}

/* Reads "shape" into the entry; *ret_n_elements is the product, false if it is not one. */
static bool read_shape(const json_t *shape, struct entry *entry, size_t *ret_n_elements)
{
    size_t n_elements = 1;

    if (!json_is_array(shape))
        return false;
    entry->n_dims = json_array_size(shape);
    for (size_t i = 0; i < entry->n_dims; i++) {
        size_t dim;

        if (!get_count(json_array_get(shape, i), &dim) ||
            !size_multiply(n_elements, dim, &n_elements))
            return false;
        if (i < TENSOR_MAX_DIMS)
            entry->dims[i] = dim;
    }
    *ret_n_elements = n_elements;
    return true;
}

static enum status read_entry(const struct safetensors *file, const char *name, const json_t *about,
                              struct entry *ret_entry, struct error *error)
{
    const json_t *range = json_object_get(about, "data_offsets");
    struct entry entry = {.name = name};
    size_t n_elements;
    size_t size_bytes;

    entry.dtype_text = json_string_value(json_object_get(about, "dtype"));
    if (!entry.dtype_text)
        return error_set(error, STATUS_INVALID, "%s: tensor \"%.100s\" has no dtype", file->name,
                         name);
    if (!read_shape(json_object_get(about, "shape"), &entry, &n_elements))
        return error_set(error, STATUS_INVALID,
                         "%s: tensor \"%.100s\" has no shape of whole numbers whose product is "
                         "a size",
                         file->name, name);
    if (json_array_size(range) != 2 || !get_count(json_array_get(range, 0), &entry.begin) ||
        !get_count(json_array_get(range, 1), &entry.end) || entry.begin > entry.end)
        return error_set(error, STATUS_INVALID,
                         "%s: tensor \"%.100s\" has no data_offsets of a begin and an end after it",
                         file->name, name);
    entry.dtype = find_dtype(entry.dtype_text);
    if (entry.dtype && (!size_multiply(n_elements, entry.dtype->size_bytes, &size_bytes) ||
                        size_bytes != entry.end - entry.begin))
        return error_set(error, STATUS_INVALID,
                         "%s: tensor \"%.100s\" has %zu bytes, but its shape and dtype %s make %zu "
                         "values of %zu",
                         file->name, name, entry.end - entry.begin, entry.dtype_text, n_elements,
                         entry.dtype->size_bytes);
    *ret_entry = entry;
    return STATUS_OK;
}

static enum status read_entries(struct safetensors *file, struct error *error)
{
    const char *name;
    json_t *about;

    /* One too many where there is __metadata__; never none, since calloc(0) may give NULL. */
    file->entries = calloc(json_object_size(file->header) + 1, sizeof *file->entries);
    if (!file->entries)
        return STATUS_NO_MEMORY;
    json_object_foreach(file->header, name, about)
    {
        enum status status;

        if (strcmp(name, "__metadata__") == 0)
            continue;
        status = read_entry(file, name, about, &file->entries[file->n_entries], error);
        if (status)
            return status;
        file->n_entries++;
    }
    return STATUS_OK;
}

static int compare_ranges(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;

    if (a->begin != b->begin)
        return a->begin < b->begin ? -1 : 1;
    return (a->end > b->end) - (a->end < b->end);
}

static int compare_names(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;

    return strcmp(a->name, b->name);
}

static enum status check_ranges(struct safetensors *file, struct error *error)
{
    size_t covered = 0;

    qsort(file->entries, file->n_entries, sizeof *file->entries, compare_ranges);
    for (size_t i = 0; i < file->n_entries; i++) {
        const struct entry *entry = &file->entries[i];

        if (entry->begin != covered)
            return error_set(error, STATUS_INVALID,
                             "%s: tensor \"%.100s\" begins at byte %zu of the data, where byte %zu "
                             "is due: tensors may neither overlap nor leave holes",
                             file->name, entry->name, entry->begin, covered);
        covered = entry->end;
        if (covered > file->data_bytes)
            return error_set(error, STATUS_INVALID,
                             "%s: is truncated: tensor \"%.100s\" ends at byte %zu of the data, "
                             "there are %zu",
                             file->name, entry->name, covered, file->data_bytes);
    }
    if (covered != file->data_bytes)
        return error_set(error, STATUS_INVALID,
                         "%s: has %zu bytes of data, but its tensors take %zu", file->name,
                         file->data_bytes, covered);
    qsort(file->entries, file->n_entries, sizeof *file->entries, compare_names);
    return STATUS_OK;
}

enum status safetensors_open(struct safetensors **ret_file, const char *path, struct error *error)
{
    struct safetensors *file = calloc(1, sizeof *file);
    enum status status = STATUS_NO_MEMORY;

    if (!file)
        return status;
    file->name = strdup(path_last_part(path));
    if (!file->name)
        goto fail;
    status = map_file(file, path, error);
    if (status)
        goto fail;
    status = parse_header(file, error);
    if (status)
        goto fail;
    status = read_entries(file, error);
    if (status)
        goto fail;
    status = check_ranges(file, error);
    if (status)
        goto fail;
    *ret_file = file;
    return STATUS_OK;

fail:
    safetensors_close(file);
    return status;
}

void safetensors_close(struct safetensors *file)
{
    if (!file)
        return;
    free(file->entries);
    json_decref(file->header);
    if (file->mapping)
        munmap(file->mapping, file->len_bytes);
    free(file->name);
    free(file);
}

static const struct entry *find_entry(const struct safetensors *file, const char *name)
{
    const struct entry key = {.name = name};

    return bsearch(&key, file->entries, file->n_entries, sizeof *file->entries, compare_names);
}

bool safetensors_has(const struct safetensors *file, const char *name)
{
    return find_entry(file, name) != NULL;
}

static enum status find(const struct safetensors *file, const char *name, bool whole_too,
                        struct tensor *ret_tensor, struct error *error)
{
    const struct entry *entry = find_entry(file, name);

    if (!entry)
        return error_set(error, STATUS_INVALID, "%s: has no tensor \"%s\"", file->name, name);
    if (!entry->dtype || entry->dtype->use == USE_NONE ||
        (entry->dtype->use == USE_WHOLE && !whole_too))
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: tensor \"%s\" has dtype %.20s; F32, F16%s can be read", file->name,
                         name, entry->dtype_text, whole_too ? ", BF16, I8 and I64" : " and BF16");
    if (entry->n_dims > TENSOR_MAX_DIMS)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: tensor \"%s\" has %zu dimensions, at most %d can be read", file->name,
                         name, entry->n_dims, TENSOR_MAX_DIMS);
    *ret_tensor = (struct tensor){
        .data = file->data + entry->begin,
        .dtype = entry->dtype->dtype,
        .n_dims = entry->n_dims,
    };
    memcpy(ret_tensor->dims, entry->dims, sizeof entry->dims);
    return STATUS_OK;
}

enum status safetensors_find(const struct safetensors *file, const char *name,
                             struct tensor *ret_tensor, struct error *error)
{
    return find(file, name, false, ret_tensor, error);
}

enum status safetensors_find_any(const struct safetensors *file, const char *name,
                                 struct tensor *ret_tensor, struct error *error)
{
    return find(file, name, true, ret_tensor, error);
}
