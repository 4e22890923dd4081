/* SPDX-License-Identifier: Apache-2.0 */

/* A growing byte string, for bodies and replies. One owner; not terminated by a NUL. Failure
 * sticks: once an append has failed, all later ones do, and text_failed() tells, so a writer checks
 * once at its end. A text that has failed is not whole and must not be sent.
 *
 * A text may have a claim (memory_budget.h), from which its capacity is taken: then an append also
 * fails where the claim is refused. */
#ifndef NESTD_SERVER_TEXT_TEXT_H
#define NESTD_SERVER_TEXT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct memory_claim;

/* Zeroed: empty. */
struct text {
    char *bytes; /* [capacity_bytes], of which len_bytes are in use; NULL at first */
    size_t len_bytes;
    size_t capacity_bytes;
    bool failed;
    struct memory_claim *memory; /* whose capacity is counted; NULL: nobody's */
};

void text_release(struct text *text); /* and zeroes it but for its claim; NULL is allowed */
bool text_failed(const struct text *text);

/* Gives it room for so many bytes in all and no more, so that one whose size is known takes just
 * that, and does not grow by doubling. False if it failed; fewer than are in use change nothing. */
bool text_set_capacity(struct text *text, size_t capacity_bytes);

/* Makes room for `len_bytes` more and returns where they go (the caller then adds to len_bytes what
 * it wrote); NULL if memory is short. */
char *text_reserve(struct text *text, size_t len_bytes);

void text_append(struct text *text, const char *bytes, size_t len_bytes);
void text_append_string(struct text *text, const char *string);
void text_appendf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A JSON string with its quotes; `bytes` is UTF-8. */
void text_append_json_string(struct text *text, const char *bytes, size_t len_bytes);

/* How many bytes that appends. */
size_t text_json_string_length(const char *bytes, size_t len_bytes);

/* The same of a C string; NULL becomes null. */
void text_append_json_or_null(struct text *text, const char *string);

#endif
