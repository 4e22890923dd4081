/* SPDX-License-Identifier: Apache-2.0 */

/* One line an event on stderr: "2026-11-23T10:00:00.123Z info    text". Any thread; a line is one
 * write. Never a user's text or key. */
#ifndef NESTD_SERVER_LOG_H
#define NESTD_SERVER_LOG_H

#include <stdarg.h>
#include <stdbool.h>

enum log_level {
    LOG_ERROR,
    LOG_WARNING,
    LOG_INFO, /* the level at start */
    LOG_DEBUG,
};

/* Lines above this level are not written. By a word of --log-level: false if it is none. */
bool log_set_level(const char *name);

/* Whether lines of this level are written: for those that are dear to make. */
bool log_wants(enum log_level level);

/* A line longer than about 1 KiB is cut; control characters are written as '?'. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_write_va(enum log_level level, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

#endif
