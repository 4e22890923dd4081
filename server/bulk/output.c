/* SPDX-License-Identifier: Apache-2.0 */
#include "server/bulk/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_BYTES = 1 << 20 };

struct output {
    const char *path;
    char *partial; /* NULL: a stream */
    int descriptor;
    uint64_t size;   /* with the block */
    bool has_failed; /* something is missing: nothing may follow */
    size_t n_block_bytes;
    char block[BLOCK_BYTES];
};

char *output_name(const char *path, const char *ending)
{
    char *name;

    return asprintf(&name, "%s%s", path, ending) < 0 ? NULL : name;
}

bool output_is_stream(const char *path)
{
    struct stat about;

    return strcmp(path, "-") == 0 || (stat(path, &about) == 0 && !S_ISREG(about.st_mode));
}

static enum status fail(const char *path, struct error *error)
{
    return error_set(error, STATUS_IO, "%s: %s", path, strerror(errno));
}

static enum status open_partial(struct output *output, uint64_t keep_bytes, struct error *error)
{
    struct stat about;

    output->descriptor = open(output->partial, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (output->descriptor < 0)
        return fail(output->partial, error);
    if (flock(output->descriptor, LOCK_EX | LOCK_NB))
        return error_set(error, STATUS_OVERLOADED, "%s: another nestd embed is writing it",
                         output->partial);
    if (fstat(output->descriptor, &about))
        return fail(output->partial, error);
    if ((uint64_t)about.st_size < keep_bytes)
        return error_set(error, STATUS_IO, "%s: has %lld bytes, but %llu were written",
                         output->partial, (long long)about.st_size, (unsigned long long)keep_bytes);
    if (ftruncate(output->descriptor, (off_t)keep_bytes) ||
        lseek(output->descriptor, (off_t)keep_bytes, SEEK_SET) < 0)
        return fail(output->partial, error);
    output->size = keep_bytes;
    return STATUS_OK;
}

static enum status open_stream(struct output *output, struct error *error)
{
    if (strcmp(output->path, "-") == 0)
        output->descriptor = dup(STDOUT_FILENO);
    else
        output->descriptor = open(output->path, O_WRONLY | O_CLOEXEC);
    return output->descriptor < 0 ? fail(output->path, error) : STATUS_OK;
}

enum status output_open(struct output **ret_output, const char *path, uint64_t keep_bytes,
                        struct error *error)
{
    struct output *output = calloc(1, sizeof(*output));
    enum status status = STATUS_NO_MEMORY;

    if (!output)
        return error_set(error, status, "%s: not enough memory to write it", path);
    output->path = path;
    output->descriptor = -1;
    if (output_is_stream(path)) {
        status = open_stream(output, error);
    } else {
        output->partial = output_name(path, ".partial");
        if (output->partial)
            status = open_partial(output, keep_bytes, error);
    }
    if (status) {
        output_close(output);
        return error_set(error, status, "%s: not enough memory to write it", path);
    }
    *ret_output = output;
    return STATUS_OK;
}

void output_close(struct output *output)
{
    if (!output)
        return;
    if (output->descriptor >= 0)
        close(output->descriptor);
    free(output->partial);
    free(output);
}

static enum status write_all(struct output *output, const char *bytes, size_t len_bytes,
                             struct error *error)
{
    if (output->has_failed)
        return error_set(error, STATUS_IO, "%s: is not written on", output->path);
    while (len_bytes > 0) {
        ssize_t n = write(output->descriptor, bytes, len_bytes);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            output->has_failed = true;
            return fail(output->partial ? output->partial : output->path, error);
        }
        bytes += n;
        len_bytes -= (size_t)n;
    }
    return STATUS_OK;
}

enum status output_flush(struct output *output, struct error *error)
{
    const size_t n = output->n_block_bytes;

    output->n_block_bytes = 0;
    return write_all(output, output->block, n, error);
}

enum status output_append(struct output *output, const void *bytes, size_t len_bytes,
                          struct error *error)
{
    if (len_bytes > BLOCK_BYTES - output->n_block_bytes) {
        enum status status = output_flush(output, error);

        if (status)
            return status;
    }
    output->size += len_bytes;
    if (len_bytes > BLOCK_BYTES)
        return write_all(output, bytes, len_bytes, error);
    memcpy(output->block + output->n_block_bytes, bytes, len_bytes);
    output->n_block_bytes += len_bytes;
    return STATUS_OK;
}

uint64_t output_get_size(const struct output *output)
{
    return output->size;
}

enum status output_sync(struct output *output, struct error *error)
{
    if (output->partial && fdatasync(output->descriptor))
        return fail(output->partial, error);
    return STATUS_OK;
}

enum status output_write_at(struct output *output, uint64_t offset, const void *bytes,
                            size_t len_bytes, struct error *error)
{
    ssize_t n = pwrite(output->descriptor, bytes, len_bytes, (off_t)offset);

    if (n < 0)
        return fail(output->partial, error);
    if ((size_t)n < len_bytes)
        return error_set(error, STATUS_IO, "%s: %s", output->partial, strerror(ENOSPC));
    return STATUS_OK;
}

void output_sync_folder(const char *path)
{
    char *copy = strdup(path);
    int folder = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (folder >= 0) {
        (void)fsync(folder);
        close(folder);
    }
    free(copy);
}

enum status output_publish(struct output *output, struct error *error)
{
    if (!output->partial)
        return STATUS_OK;
    if (rename(output->partial, output->path))
        return fail(output->path, error);
    output_sync_folder(output->path);
    return STATUS_OK;
}

enum status output_replace(const char *path, const void *bytes, size_t len_bytes,
                           struct error *error)
{
    struct output *output = NULL;
    enum status status = output_open(&output, path, 0, error);

    if (status)
        return status;
    status = output_append(output, bytes, len_bytes, error);
    if (!status)
        status = output_flush(output, error);
    if (!status)
        status = output_sync(output, error);
    if (!status)
        status = output_publish(output, error);
    output_close(output);
    return status;
}
