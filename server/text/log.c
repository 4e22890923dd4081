/* SPDX-License-Identifier: Apache-2.0 */

/* stderr is left blocking, since its open file is shared with other processes; instead it is asked
 * for room first. A pipe or a socket that has any takes a line of less than PIPE_BUF at once, and
 * the mutex keeps another thread's line from taking that room in between. (A terminal that is
 * stopped by hand may still block.) */

#include "server/text/log.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The most that Linux grants anyone by default: some 3000 requests. */
enum { PIPE_BYTES = 1 << 20 };

static const char *const level_names[] = {
    [LOG_ERROR] = "error",
    [LOG_WARNING] = "warning",
    [LOG_INFO] = "info",
    [LOG_DEBUG] = "debug",
};

static _Atomic(enum log_level) max_level = LOG_INFO;
static bool is_json;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* held from asking to writing */
static uint64_t n_unreported; /* lines lost and not reported yet; guarded by mutex */
static bool is_torn;          /* the last line lacks its end; guarded by mutex */
static atomic_uint_least64_t n_lost;

void log_open(bool as_json)
{
    is_json = as_json;
    /* Fails where stderr is no pipe, or is allowed no more: then bursts are shorter. */
    (void)fcntl(STDERR_FILENO, F_SETPIPE_SZ, PIPE_BYTES);
}

bool log_set_level(const char *name)
{
    for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            max_level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

bool log_wants(enum log_level level)
{
    return level <= atomic_load_explicit(&max_level, memory_order_relaxed);
}

void log_begin(struct log_line *line, enum log_level level, const char *message)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    log_line_begin(line, is_json, now, level_names[level], message);
}

/* A disk that fills up takes a part of a line. */
static bool put_bytes(const char *bytes, size_t len_bytes)
{
    ssize_t n = write(STDERR_FILENO, bytes, len_bytes);

    if (n > 0)
        is_torn = bytes[n - 1] != '\n';
    return n == (ssize_t)len_bytes;
}

/* False if there is no room, or if stderr has no reader any more. Under the mutex. */
static bool put(const struct log_line *line)
{
    struct pollfd stderr_ = {.fd = STDERR_FILENO, .events = POLLOUT};

    if (poll(&stderr_, 1, 0) != 1 || !(stderr_.revents & POLLOUT))
        return false;
    return (!is_torn || put_bytes("\n", 1)) && put_bytes(line->bytes, line->len);
}

/* Reports lost lines, if there are any. Under the mutex. */
static bool put_unreported(void)
{
    struct log_line line;

    if (n_unreported == 0)
        return true;
    log_begin(&line, LOG_WARNING, "log lines were lost: stderr was full");
    log_line_add_number(&line, "lines", n_unreported);
    log_line_end(&line);
    if (!put(&line))
        return false;
    n_unreported = 0;
    return true;
}

void log_end(struct log_line *line)
{
    log_line_end(line);
    pthread_mutex_lock(&mutex);
    if (!put_unreported() || !put(line)) {
        n_unreported++;
        atomic_fetch_add_explicit(&n_lost, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&mutex);
}

uint64_t log_count_lost(void)
{
    return atomic_load_explicit(&n_lost, memory_order_relaxed);
}

void log_write_va(enum log_level level, const char *format, va_list arguments)
{
    char message[LOG_LINE_MAX_BYTES];
    struct log_line line;
    size_t len;

    if (!log_wants(level) || vsnprintf(message, sizeof message, format, arguments) < 0)
        return;
    /* Libraries end their messages with a newline. */
    len = strlen(message);
    while (len > 0 && message[len - 1] == '\n')
        message[--len] = '\0';
    log_begin(&line, level, message);
    log_end(&line);
}

void log_write(enum log_level level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_write_va(level, format, arguments);
    va_end(arguments);
}
