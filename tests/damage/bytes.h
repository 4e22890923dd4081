/* SPDX-License-Identifier: Apache-2.0 */

/* A file's bytes, on the heap. The programs of this folder end where memory is missing. */
#ifndef NESTD_TESTS_DAMAGE_BYTES_H
#define NESTD_TESTS_DAMAGE_BYTES_H

#include <stddef.h>

struct bytes {
    char *data; /* [len], and a NUL */
    size_t len;
};

void bytes_release(struct bytes *bytes);

/* Replaces data[start to stop - 1] by text[len]. */
void bytes_splice(struct bytes *bytes, size_t start, size_t stop, const char *text, size_t len);

struct bytes bytes_copy(const struct bytes *bytes);
struct bytes bytes_read(const char *path);
void bytes_write(const struct bytes *bytes, const char *path);

/* Prints the reason and ends the program with 2. */
void die(const char *reason, const char *of) __attribute__((noreturn));

#endif
