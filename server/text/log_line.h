/* SPDX-License-Identifier: Apache-2.0 */

/* A line of the log under construction, as text or as JSON:
 *
 *   2026-11-23T10:00:00.123Z info    request route=/livez id="a b"
 *   {"timestamp":"2026-11-23T10:00:00.123Z","level":"info","message":"request","route":"/livez"}
 *
 * Whatever it is given, the result is one line of valid UTF-8 without control characters, and valid
 * JSON if is_json. Control characters are written as escapes (\u001b), bytes that are not UTF-8 as
 * U+FFFD. A message that is too long is cut; a field that does not fit is left out. For log.c. */
#ifndef NESTD_SERVER_TEXT_LOG_LINE_H
#define NESTD_SERVER_TEXT_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Under PIPE_BUF, so that a pipe takes a line whole or not at all. */
enum { LOG_LINE_MAX_BYTES = 2048 };

struct log_line {
    char bytes[LOG_LINE_MAX_BYTES]; /* [len] */
    size_t len;
    bool is_json;
};

void log_line_begin(struct log_line *line, bool is_json, struct timespec now, const char *level,
                    const char *message);

/* Names are ours: letters and underscores. A field whose value is NULL is left out. */
void log_line_add_string(struct log_line *line, const char *name, const char *value);
void log_line_add_number(struct log_line *line, const char *name, uint64_t value);
void log_line_add_ms(struct log_line *line, const char *name, int64_t duration_us);

/* Ends the line with a newline; `bytes` is then ready to be written. */
void log_line_end(struct log_line *line);

#endif
