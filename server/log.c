/* SPDX-License-Identifier: Apache-2.0 */

#include "server/log.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MOST_BYTES = 1024 };

static const char *const level_names[] = {
    [LOG_ERROR] = "error",
    [LOG_WARNING] = "warning",
    [LOG_INFO] = "info",
    [LOG_DEBUG] = "debug",
};

static _Atomic(enum log_level) most_level = LOG_INFO;

bool log_set_level(const char *name)
{
    for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            most_level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

bool log_wants(enum log_level level)
{
    return level <= atomic_load_explicit(&most_level, memory_order_relaxed);
}

/* "2026-11-23T10:00:00.123Z info    ", UTC. */
static size_t write_prefix(char *line, size_t size, enum log_level level)
{
    struct timespec now;
    struct tm utc;
    size_t len;
    int more;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    len = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &utc);
    more = snprintf(line + len, size - len, ".%03ldZ %-7s ", now.tv_nsec / 1000000,
                    level_names[level]);
    return len + (more > 0 ? (size_t)more : 0);
}

void log_write_va(enum log_level level, const char *format, va_list arguments)
{
    char line[LINE_MOST_BYTES];
    size_t start, len;
    int wanted;

    if (!log_wants(level))
        return;
    start = write_prefix(line, sizeof line, level);
    wanted = vsnprintf(line + start, sizeof line - start, format, arguments);
    if (wanted < 0)
        return;
    len = start + (size_t)wanted;
    if (len > sizeof line - 1)
        len = sizeof line - 1;
    /* libraries end their messages with a newline; no one writes two lines in one */
    while (len > start && line[len - 1] == '\n')
        len--;
    for (size_t i = start; i < len; i++) {
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?';
    }
    line[len] = '\n';
    /* One write, so that lines of several threads do not mix. A log that cannot be written has
     * nowhere to be told of. */
    if (write(STDERR_FILENO, line, len + 1) < 0)
        return;
}

void log_write(enum log_level level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_write_va(level, format, arguments);
    va_end(arguments);
}
