/* SPDX-License-Identifier: Apache-2.0 */

/* A growing byte string, for bodies and replies. One owner; not terminated by a NUL. Failure
 * sticks: once an append has failed, all later ones fail too, so a writer checks buffer_failed()
 * once, at the end. A buffer that has failed is incomplete and must not be sent.
 *
 * A buffer may have a claim (memory_budget.h), from which its capacity is taken. Then an append
 * also fails if the claim is refused. */
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
    struct memory_claim *memory; /* that its capacity is taken from; NULL: not counted */
};

void buffer_release(struct buffer *buffer); /* zeroes it, but keeps its claim; NULL is allowed */
bool buffer_failed(const struct buffer *buffer);

/* Makes the capacity exactly this, so that a buffer whose size is known does not grow by doubling.
 * Never shrinks it. False if it failed. */
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

/* The number of bytes that buffer_append_json_string() appends. */
size_t buffer_json_string_length(const char *bytes, size_t len_bytes);

/* The same for a C string; NULL becomes null. */
void buffer_append_json_or_null(struct buffer *buffer, const char *string);

#endif
