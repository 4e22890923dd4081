/* SPDX-License-Identifier: Apache-2.0 */

/* One line an event on stderr: "2026-11-23T10:00:00.123Z info  text". Any thread; a line is one write. Never a user's text or key. */
#ifndef NESTD_SERVER_LOG_H
#define NESTD_SERVER_LOG_H

enum log_level {
    LOG_ERROR,
    LOG_WARNING,
    LOG_INFO,
    LOG_DEBUG,
};

void log_set_level(enum log_level level);
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
