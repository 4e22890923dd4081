/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/inherited.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST = 3, MAX_SOCKETS = 16 };

/* A number from 0 to MAX_SOCKETS, or a process's. -1: none of that. */
static long read_number(const char *name)
{
    const char *text = getenv(name);
    char *end;
    long value;

    if (!text || text[0] < '0' || text[0] > '9')
        return -1;
    value = strtol(text, &end, 10);
    return *end ? -1 : value;
}

/* Whether the i-th of the names, which colons separate, is this one. */
static bool is_named(int i, const char *name)
{
    const char *names = getenv("LISTEN_FDNAMES");

    for (; names && i > 0; i--) {
        names = strchr(names, ':');
        names = names ? names + 1 : NULL;
    }
    return names && strncmp(names, name, strlen(name)) == 0 &&
           (names[strlen(name)] == '\0' || names[strlen(name)] == ':');
}

static int get_option(int socket_, int option)
{
    int value = -1;
    socklen_t len = sizeof value;

    return getsockopt(socket_, SOL_SOCKET, option, &value, &len) ? -1 : value;
}

/* NULL: it is no socket that listens. */
static int *find_place(struct inherited *inherited, int i)
{
    const int socket_ = FIRST + i;
    const int domain = get_option(socket_, SO_DOMAIN);

    if (get_option(socket_, SO_TYPE) != SOCK_STREAM || get_option(socket_, SO_ACCEPTCONN) != 1)
        return NULL;
    if (domain != AF_INET && domain != AF_INET6 && domain != AF_UNIX)
        return NULL;
    if (is_named(i, "metrics"))
        return &inherited->metrics;
    return domain == AF_UNIX ? &inherited->path : &inherited->port;
}

static enum status take(struct inherited *inherited, int i, struct error *error)
{
    const int socket_ = FIRST + i;
    int *place = find_place(inherited, i);

    if (!place)
        return error_set(error, STATUS_INVALID,
                         "LISTEN_FDS: descriptor %d is no TCP or Unix socket that listens",
                         socket_);
    if (*place >= 0)
        return error_set(
            error, STATUS_INVALID,
            "LISTEN_FDS: descriptor %d is a second %s: expected at most a TCP socket, a "
            "Unix socket, and one that LISTEN_FDNAMES calls metrics",
            socket_,
            place == &inherited->port   ? "TCP socket"
            : place == &inherited->path ? "Unix socket"
                                        : "socket for metrics");
    if (fcntl(socket_, F_SETFD, FD_CLOEXEC) || fcntl(socket_, F_SETFL, O_NONBLOCK | O_RDWR))
        return error_set(error, STATUS_IO, "LISTEN_FDS: descriptor %d cannot be set up", socket_);
    *place = socket_;
    return STATUS_OK;
}

enum status inherited_take(struct inherited *ret_inherited, struct error *error)
{
    const long n = read_number("LISTEN_FDS");
    struct inherited inherited = {-1, -1, -1};
    enum status status = STATUS_OK;

    if (n > 0 && read_number("LISTEN_PID") == (long)getpid()) {
        if (n > MAX_SOCKETS)
            return error_set(error, STATUS_INVALID, "LISTEN_FDS=%ld: expected at most %d", n,
                             MAX_SOCKETS);
        for (int i = 0; i < n && !status; i++)
            status = take(&inherited, i, error);
    }
    if (!status)
        *ret_inherited = inherited;
    return status;
}
