/* SPDX-License-Identifier: Apache-2.0 */

/* A run's journal that someone has changed: what is taken of it can be written and read again. */
#include "server/bulk/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
    static int file = -1;
    static json_t *run;
    struct journal_place place;
    struct error error = {0};
    char path[40];
    bool found = false;
    enum status status;

    if (file < 0) {
        file = memfd_create("journal", 0);
        run = json_object();
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    if (ftruncate(file, 0) != 0 || pwrite(file, bytes, len_bytes, 0) != (ssize_t)len_bytes)
        abort();
    status = journal_read(path, run, &found, &place, &error);
    if (!found || (status != STATUS_OK) != (error.text[0] != '\0'))
        abort();
    if (!status && (place.state > JOURNAL_COMPLETE || place.output_bytes > INT64_MAX))
        abort();
    return 0;
}
