/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/files/file.h"

#include "engine/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *path_join(const char *folder, const char *name)
{
    const char *slash = folder[0] && name[0] ? "/" : "";
    char *path;

    if (asprintf(&path, "%s%s%s", folder, slash, name) < 0)
        return NULL;
    return path;
}

const char *path_last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

bool file_exists(const char *path)
{
    struct stat about;

    return lstat(path, &about) == 0;
}

/* A text of a few lines that stands for a large file until `git lfs pull` puts that in its place.
 */
static bool is_lfs_pointer(int fd, size_t len_bytes)
{
    static const char beginning[] = "version https://git-lfs.github.com/spec/";
    enum { MAX_POINTER_BYTES = 1024 };
    char bytes[sizeof beginning - 1];

    return len_bytes < MAX_POINTER_BYTES &&
           pread(fd, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes &&
           memcmp(bytes, beginning, sizeof bytes) == 0;
}

enum status file_open(const char *path, int *ret_fd, size_t *ret_len_bytes, struct error *error)
{
    /* Without O_NONBLOCK, opening a pipe would wait for its writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat about;

    if (fd < 0 && errno == ENOENT && file_exists(path))
        return error_set(
            error, STATUS_IO,
            "%.300s: is a link whose target does not exist (the files of a model in the hub's "
            "cache are links into its blobs folder: mount or copy both)",
            path);
    if (fd < 0)
        return error_set(error, STATUS_IO, "%.300s: cannot be opened: %s", path, strerror(errno));
    if (fstat(fd, &about) < 0 || !S_ISREG(about.st_mode)) {
        close(fd);
        return error_set(error, STATUS_INVALID, "%.300s: is not a regular file", path);
    }
    if (is_lfs_pointer(fd, (size_t)about.st_size)) {
        close(fd);
        return error_set(error, STATUS_INVALID,
                         "%.300s: is a Git LFS pointer, not the file itself: run 'git lfs pull' in "
                         "the folder",
                         path);
    }
    *ret_fd = fd;
    *ret_len_bytes = (size_t)about.st_size;
    return STATUS_OK;
}

static enum status read_all(int fd, char *bytes, size_t len_bytes, const char *path,
                            struct error *error)
{
    size_t have = 0;

    while (have < len_bytes) {
        ssize_t n = read(fd, bytes + have, len_bytes - have);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return error_set(error, STATUS_IO, "%.300s: cannot be read: %s", path,
                             n < 0 ? strerror(errno) : "it became shorter");
        have += (size_t)n;
    }
    return STATUS_OK;
}

enum status file_read(const char *path, size_t max_bytes, char **ret_bytes, size_t *ret_len_bytes,
                      struct error *error)
{
    AUTO_FREE char *bytes = NULL;
    enum status status;
    size_t len_bytes;
    int fd;

    status = file_open(path, &fd, &len_bytes, error);
    if (status)
        return status;
    if (len_bytes > max_bytes) {
        close(fd);
        return error_set(error, STATUS_INVALID, "%.300s: has %zu bytes (max: %zu)", path, len_bytes,
                         max_bytes);
    }
    bytes = malloc(len_bytes + 1);
    if (bytes)
        status = read_all(fd, bytes, len_bytes, path, error);
    else
        status = STATUS_NO_MEMORY;
    close(fd);
    if (status)
        return status;
    *ret_bytes = bytes;
    *ret_len_bytes = len_bytes;
    bytes = NULL;
    return STATUS_OK;
}
