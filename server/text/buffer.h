/* SPDX-License-Identifier: Apache-2.0 */

/* A growing byte string, for bodies and replies. One owner; not terminated by a NUL. Failure
 * sticks: once an append has failed, all later ones do, and buffer_failed() tells, so a writer checks
 * once at its end. A text that has failed is not whole and must not be sent.
 *
 * A text may have a claim (memory_budget.h), from which its capacity is taken: then an append also
 * fails where the claim is refused. */
#ifndef NESTD_SERVER_TEXT_BUFFER_H
#define NESTD_SERVER_TEXT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct memory_claim;

/* Zeroed: empty. */
struct buffer {
    char *bytes; /* [capacity_bytes], of which len_bytes are in use; NULL at first */
    size_t len_bytes;
    size_t capacity_bytes;
    bool failed;
    struct memory_claim *memory; /* whose capacity is counted; NULL: nobody's */
};

void buffer_release(struct buffer *buffer); /* and zeroes it but for its claim; NULL is allowed */
bool buffer_failed(const struct buffer *buffer);

/* Gives it room for so many bytes in all and no more, so that one whose size is known takes just
 * that, and does not grow by doubling. False if it failed; fewer than are in use change nothing. */
bool buffer_set_capacity(struct buffer *buffer, size_t capacity_bytes);

/* Makes room for `len_bytes` more and returns where they go (the caller then adds to len_bytes what
 * it wrote); NULL if memory is short. */
char *buffer_reserve(struct buffer *buffer, size_t len_bytes);

void buffer_append(struct buffer *buffer, const char *bytes, size_t len_bytes);
void buffer_append_string(struct buffer *buffer, const char *string);
void buffer_appendf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A JSON string with its quotes; `bytes` is UTF-8. */
void buffer_append_json_string(struct buffer *buffer, const char *bytes, size_t len_bytes);

/* How many bytes that appends. */
size_t buffer_json_string_length(const char *bytes, size_t len_bytes);

/* The same of a C string; NULL becomes null. */
void buffer_append_json_or_null(struct buffer *buffer, const char *string);

#endif
