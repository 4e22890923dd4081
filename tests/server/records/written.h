/* SPDX-License-Identifier: Apache-2.0 */

/* A file of given bytes, in memory. */
#ifndef NESTD_TESTS_SERVER_RECORDS_WRITTEN_H
#define NESTD_TESTS_SERVER_RECORDS_WRITTEN_H

#include <stddef.h>

struct written {
    int descriptor;
    char path[40];
};

struct written written_new(const void *bytes, size_t len_bytes);
void written_release(struct written *written);

#endif
