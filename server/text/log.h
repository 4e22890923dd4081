/* SPDX-License-Identifier: Apache-2.0 */

/* One line an event on stderr, as text or JSON (log_line.h). Any thread; a line is one write. Never
 * a user's text or key.
 *
 * A log never holds up its writer: a line for which stderr, a pipe or a socket that nobody reads,
 * has no room at once is lost. It is counted, and the next line that gets through is preceded by
 * one that says how many were lost. */
#ifndef NESTD_SERVER_TEXT_LOG_H
#define NESTD_SERVER_TEXT_LOG_H

#include "server/text/log_line.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum log_level {
    LOG_ERROR,
    LOG_WARNING,
    LOG_INFO, /* the level at start */
    LOG_DEBUG,
};

/* Gives stderr, where it is a pipe, room for a burst of lines; they are JSON from here on, or text.
 * While no other thread logs. */
void log_open(bool as_json);

/* Lines above this level are not written. By a word of --log-level: false if it is none. */
bool log_set_level(const char *name);

/* Whether lines of this level are written: for those that are dear to make. */
bool log_wants(enum log_level level);

/* A line longer than about 2 KiB is cut. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_write_va(enum log_level level, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* A line with fields: begun, added to by log_line_add_*, and written. Ask log_wants() first. */
void log_begin(struct log_line *line, enum log_level level, const char *message);
void log_end(struct log_line *line);

uint64_t log_count_lost(void); /* lines, since the start */

#endif
