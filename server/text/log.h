/* SPDX-License-Identifier: Apache-2.0 */

/* One line per event on stderr, as text or JSON (log_line.h). Any thread; each line is one write.
 * Never log a user's text or key.
 *
 * Logging never blocks. If stderr is a pipe or a socket that is full, the line is dropped and
 * counted; the next line that gets through is preceded by one that reports how many were lost. */
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

/* Call while no other thread logs. If stderr is a pipe, makes room in it for a burst of lines. */
void log_open(bool as_json);

/* Lines above this level are not written. `name` is a word of --log-level; false if it is not. */
bool log_set_level(const char *name);

/* Whether lines of this level are written. Ask before building a costly line. */
bool log_wants(enum log_level level);

/* A line longer than about 2 KiB is cut. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_write_va(enum log_level level, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* A line with fields: begin it, add fields with log_line_add_*(), end it. Ask log_wants() first. */
void log_begin(struct log_line *line, enum log_level level, const char *message);
void log_end(struct log_line *line);

uint64_t log_count_lost(void); /* lines, since the start */

#endif
