/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/server/records/written.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct written written_new(const void *bytes, size_t len_bytes)
{
    struct written written = {.descriptor = memfd_create("written", MFD_CLOEXEC)};

    if (written.descriptor < 0 || write(written.descriptor, bytes, len_bytes) != (ssize_t)len_bytes)
        abort();
    snprintf(written.path, sizeof written.path, "/proc/self/fd/%d", written.descriptor);
    return written;
}

void written_release(struct written *written)
{
    close(written->descriptor);
}
