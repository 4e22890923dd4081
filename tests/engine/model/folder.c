/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/engine/model/data_dir.h"
#include "tests/engine/model/folder.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void folder_init(struct folder *folder)
{
    const char *parent = getenv("TMPDIR");

    snprintf(folder->path, sizeof folder->path, "%.40s/nestd-test-XXXXXX",
             parent ? parent : "/tmp");
    assert_non_null(mkdtemp(folder->path));
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

void folder_release(struct folder *folder)
{
    assert_int_equal(nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

const char *folder_path(const struct folder *folder, const char *name)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", folder->path, name);
    return path;
}

static char *read_file(const char *path, size_t *ret_len_bytes)
{
    FILE *file = fopen(path, "rb");
    struct stat about;
    char *bytes;

    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &about), 0);
    *ret_len_bytes = (size_t)about.st_size;
    bytes = malloc(*ret_len_bytes + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *ret_len_bytes, file), *ret_len_bytes);
    bytes[*ret_len_bytes] = '\0';
    fclose(file);
    return bytes;
}

char *folder_read(const struct folder *folder, const char *name, size_t *ret_len_bytes)
{
    return read_file(folder_path(folder, name), ret_len_bytes);
}

void folder_write(const struct folder *folder, const char *name, const void *bytes,
                  size_t len_bytes)
{
    char inner[256];
    FILE *file;

    for (const char *slash = name; (slash = strchr(slash, '/')); slash++) {
        snprintf(inner, sizeof inner, "%.*s", (int)(slash - name), name);
        mkdir(folder_path(folder, inner), 0700);
    }
    file = fopen(folder_path(folder, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len_bytes, file), len_bytes);
    assert_int_equal(fclose(file), 0);
}

void folder_write_text(const struct folder *folder, const char *name, const char *text)
{
    folder_write(folder, name, text, strlen(text));
}

void folder_replace(const struct folder *folder, const char *name, const char *old, const char *now)
{
    size_t len_bytes;
    char *text = folder_read(folder, name, &len_bytes);
    char *at = strstr(text, old);
    char *changed;

    assert_non_null(at);
    assert_null(strstr(at + 1, old));
    assert_true(asprintf(&changed, "%.*s%s%s", (int)(at - text), text, now, at + strlen(old)) > 0);
    folder_write_text(folder, name, changed);
    free(changed);
    free(text);
}

void folder_delete(const struct folder *folder, const char *name)
{
    assert_int_equal(remove(folder_path(folder, name)), 0);
}

static const struct folder *copy_target;
static size_t copy_prefix_bytes;

static int copy_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    size_t len_bytes;
    char *bytes;

    (void)about;
    (void)where;
    if (kind != FTW_F)
        return 0;
    bytes = read_file(path, &len_bytes);
    folder_write(copy_target, path + copy_prefix_bytes, bytes, len_bytes);
    free(bytes);
    return 0;
}

void folder_init_copy(struct folder *folder, const char *model)
{
    char source[PATH_MAX];

    folder_init(folder);
    snprintf(source, sizeof source, "%s/%s", DATA_DIR, model);
    copy_target = folder;
    copy_prefix_bytes = strlen(source) + 1;
    assert_int_equal(nftw(source, copy_one, 8, FTW_PHYS), 0);
}

static size_t count_values(const struct folder_tensor *tensor)
{
    return tensor->n_rows * (tensor->n_columns ? tensor->n_columns : 1);
}

/* The header of a safetensors file; returns its length. */
static size_t write_header(const struct folder_tensor *tensors, size_t n_tensors, char *header)
{
    size_t len = (size_t)sprintf(header, "{");
    size_t at = 0;

    for (size_t i = 0; i < n_tensors; i++) {
        const struct folder_tensor *tensor = &tensors[i];
        size_t end = at + count_values(tensor) * sizeof *tensor->values;

        len += (size_t)sprintf(header + len, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[%zu",
                               i ? "," : "", tensor->name, tensor->n_rows);
        if (tensor->n_columns)
            len += (size_t)sprintf(header + len, ",%zu", tensor->n_columns);
        len += (size_t)sprintf(header + len, "],\"data_offsets\":[%zu,%zu]}", at, end);
        at = end;
    }
    return len + (size_t)sprintf(header + len, "}");
}

void folder_write_tensors(const struct folder *folder, const char *name,
                          const struct folder_tensor *tensors, size_t n_tensors)
{
    char file[4096] = {0};
    size_t len = write_header(tensors, n_tensors, file + 8);

    file[0] = (char)(len & 0xff);
    file[1] = (char)(len >> 8);
    len += 8;
    for (size_t i = 0; i < n_tensors; i++) {
        size_t len_bytes = count_values(&tensors[i]) * sizeof *tensors->values;

        assert_true(len + len_bytes <= sizeof file);
        memcpy(file + len, tensors[i].values, len_bytes);
        len += len_bytes;
    }
    folder_write(folder, name, file, len);
}
