/* SPDX-License-Identifier: Apache-2.0 */

/* How a call ended, and what to tell a person about it. Used by every engine module, in any thread.
 */
#ifndef NESTD_ENGINE_BASE_STATUS_H
#define NESTD_ENGINE_BASE_STATUS_H

#define MUST_CHECK __attribute__((warn_unused_result))

/* 0 is success, so `if (status)` reads as "if it failed". */
enum status {
    STATUS_OK = 0,
    STATUS_NO_MEMORY,   /* an allocation failed */
    STATUS_IO,          /* a file is missing or cannot be read */
    STATUS_INVALID,     /* a file or an argument is malformed */
    STATUS_UNSUPPORTED, /* well formed, but asks for what nestd cannot do */
    STATUS_TOO_LONG,    /* a text has more tokens than allowed and truncation is off */
    STATUS_OVERLOADED,  /* the queue is full: try again later */
    STATUS_STOPPING,    /* the engine takes no more work */
    STATUS_CANCELLED,   /* the caller gave up the work before it was done */
    STATUS_NOT_FINITE,  /* a vector holds an infinity or a NaN */
    STATUS_INTERNAL,    /* an outside library failed where it should not */
};

/* What went wrong while loading or configuring, for a person: names the file, the key or tensor,
 * what was found and what was expected. Zero it before use; the first error set wins. */
struct error {
    char text[1024]; /* a command and a path of the hub's cache fit */
};

/* Writes the text, unless one is there already; returns `status`, so that a failing function can
 * end with `return error_set(...)`. `error` may be NULL. Text longer than the field is cut. */
enum status error_set(struct error *error, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
