/* SPDX-License-Identifier: Apache-2.0 */

#include "server/text/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* One byte more than is allowed tells that a file is too long; of a pipe no size is known before.
 */
static enum status read_all(int file, const char *path, size_t max_bytes, struct buffer *buffer,
                            struct error *error)
{
    char *room = buffer_reserve(buffer, max_bytes + 1);

    if (!room)
        return error_set(error, STATUS_NO_MEMORY, "%s: not enough memory to read it", path);
    while (buffer->len_bytes <= max_bytes) {
        ssize_t n = read(file, room + buffer->len_bytes, max_bytes + 1 - buffer->len_bytes);

        if (n == 0)
            return STATUS_OK;
        if (n > 0)
            buffer->len_bytes += (size_t)n;
        else if (errno != EINTR)
            return error_set(error, STATUS_IO, "%s: %s", path, strerror(errno));
    }
    return error_set(error, STATUS_INVALID, "%s: longer than the %zu bytes that are allowed", path,
                     max_bytes);
}

enum status read_file(const char *path, size_t max_bytes, struct buffer *ret_text,
                      struct error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct buffer buffer = {0};
    enum status status;

    if (file < 0)
        return error_set(error, STATUS_IO, "%s: %s", path, strerror(errno));
    status = read_all(file, path, max_bytes, &buffer, error);
    close(file);
    if (status)
        buffer_release(&buffer);
    else
        *ret_text = buffer;
    return status;
}
