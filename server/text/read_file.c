/* SPDX-License-Identifier: Apache-2.0 */

#include "server/text/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* One byte more than is allowed tells that a file is too long; of a pipe no size is known before.
 */
static enum status read_all(int file, const char *path, size_t max_bytes, struct text *text,
                            struct error *error)
{
    char *room = text_reserve(text, max_bytes + 1);

    if (!room)
        return error_set(error, STATUS_NO_MEMORY, "%s: not enough memory to read it", path);
    while (text->len_bytes <= max_bytes) {
        ssize_t n = read(file, room + text->len_bytes, max_bytes + 1 - text->len_bytes);

        if (n == 0)
            return STATUS_OK;
        if (n > 0)
            text->len_bytes += (size_t)n;
        else if (errno != EINTR)
            return error_set(error, STATUS_IO, "%s: %s", path, strerror(errno));
    }
    return error_set(error, STATUS_INVALID, "%s: longer than the %zu bytes that are allowed", path,
                     max_bytes);
}

enum status read_file(const char *path, size_t max_bytes, struct text *ret_text,
                      struct error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct text text = {0};
    enum status status;

    if (file < 0)
        return error_set(error, STATUS_IO, "%s: %s", path, strerror(errno));
    status = read_all(file, path, max_bytes, &text, error);
    close(file);
    if (status)
        text_release(&text);
    else
        *ret_text = text;
    return status;
}
