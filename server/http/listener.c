/* SPDX-License-Identifier: Apache-2.0 */

/* Accepting is ours and not libmicrohttpd's for three reasons: the limit of connections is exact
 * and not divided among HTTP threads; what has connected before the port closes is still accepted
 * (promise 8); and libmicrohttpd 0.9.75 can abort the process when told to stop listening while its
 * threads are busy, because they and the caller both take the socket out of epoll. */

#include "server/http/listener.h"

#include "server/text/log.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BACKLOG = 4096,              /* the kernel takes the minimum of this and net.core.somaxconn */
    RETRY_MS = 20,               /* without room, or descriptors */
    URL_BYTES = NI_MAXHOST + 32, /* more than a path can be long */
};

struct listener {
    struct listener_options options;
    int socket;
    int wakeup; /* an eventfd: written once, to stop */
    char url[URL_BYTES];
    char local_url[URL_BYTES];
    pthread_t thread;
    bool has_thread;
    bool has_path; /* the socket is at its path */
};

/* Opens, binds and listens on one address. Returns -1 and errno. */
static int open_socket(const struct addrinfo *address)
{
    int socket_ = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                         address->ai_protocol);
    const int on = 1, off = 0;

    if (socket_ < 0)
        return -1;
    /* A restart then need not wait until the kernel forgets the last run's connections. */
    setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    /* "::" means IPv4 too, whatever the system's default. */
    if (address->ai_family == AF_INET6)
        setsockopt(socket_, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(socket_, address->ai_addr, address->ai_addrlen) || listen(socket_, BACKLOG)) {
        int reason = errno;

        close(socket_);
        errno = reason;
        return -1;
    }
    return socket_;
}

static enum status open_port(struct listener *listener, struct error *error)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    const struct listener_options *options = &listener->options;
    struct addrinfo *addresses;
    char port[8];
    int reason;

    snprintf(port, sizeof port, "%u", options->port);
    reason = getaddrinfo(options->hostname, port, &hints, &addresses);
    if (reason)
        return error_set(error, STATUS_IO, "cannot listen on %s port %s: %s", options->hostname,
                         port, reason == EAI_SYSTEM ? strerror(errno) : gai_strerror(reason));
    for (const struct addrinfo *address = addresses; address; address = address->ai_next) {
        listener->socket = open_socket(address);
        if (listener->socket >= 0)
            break;
    }
    reason = errno;
    freeaddrinfo(addresses);
    if (listener->socket < 0)
        return error_set(error, STATUS_IO, "cannot listen on %s port %s: %s", options->hostname,
                         port, strerror(reason));
    return STATUS_OK;
}

/* Removes a socket on which nobody listens. Returns why the path cannot be had; NULL: it can. */
static const char *clear_path(const struct sockaddr_un *address)
{
    struct stat found;
    int socket_;
    int reason = 0;

    if (lstat(address->sun_path, &found))
        return errno == ENOENT ? NULL : strerror(errno);
    if (!S_ISSOCK(found.st_mode))
        return "there is a file that is no socket";
    socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket_ < 0)
        return strerror(errno);
    if (connect(socket_, (const struct sockaddr *)address, sizeof *address))
        reason = errno;
    close(socket_);
    if (reason == 0 || reason == EAGAIN) /* EAGAIN: and many wait there */
        return "another process listens there";
    if (reason != ECONNREFUSED)
        return strerror(reason);
    return unlink(address->sun_path) ? strerror(errno) : NULL;
}

static enum status open_path(struct listener *listener, struct error *error)
{
    const char *path = listener->options.path;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *reason;

    if (strlen(path) >= sizeof address.sun_path)
        return error_set(error, STATUS_INVALID,
                         "cannot listen on %.120s...: a socket's path has at most %zu bytes", path,
                         sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, strlen(path));
    reason = clear_path(&address);
    if (!reason) {
        listener->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (listener->socket < 0 ||
            bind(listener->socket, (const struct sockaddr *)&address, sizeof address))
            reason = strerror(errno);
        else
            listener->has_path = true;
    }
    if (!reason && listen(listener->socket, BACKLOG))
        reason = strerror(errno);
    if (reason)
        return error_set(error, STATUS_IO, "cannot listen on %s: %s", path, reason);
    return STATUS_OK;
}

static void format_url(const struct listener *listener, int family, const char *host,
                       const char *port, char ret_url[URL_BYTES])
{
    snprintf(ret_url, URL_BYTES, family == AF_INET6 ? "%s://[%s]:%s" : "%s://%s:%s",
             listener->options.scheme, host, port);
}

struct sockaddr_storage listener_address(const struct listener *listener)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof address;

    (void)getsockname(listener->socket, (struct sockaddr *)&address, &len);
    return address;
}

static void write_urls(struct listener *listener)
{
    const struct sockaddr_storage address = listener_address(listener);
    char host[NI_MAXHOST], port[NI_MAXSERV];

    if (address.ss_family == AF_UNIX) {
        snprintf(listener->url, sizeof listener->url, "unix:%s",
                 ((const struct sockaddr_un *)&address)->sun_path);
        memcpy(listener->local_url, listener->url, sizeof listener->local_url);
        return;
    }
    if (getnameinfo((const struct sockaddr *)&address, sizeof address, host, sizeof host, port,
                    sizeof port, NI_NUMERICHOST | NI_NUMERICSERV))
        return;
    format_url(listener, address.ss_family, host, port, listener->url);
    if (strcmp(host, "0.0.0.0") == 0)
        snprintf(host, sizeof host, "127.0.0.1");
    else if (strcmp(host, "::") == 0)
        snprintf(host, sizeof host, "::1");
    format_url(listener, address.ss_family, host, port, listener->local_url);
}

enum status listener_new(struct listener **ret_listener, const struct listener_options *options,
                         struct error *error)
{
    struct listener *listener = calloc(1, sizeof *listener);
    enum status status;

    if (!listener)
        return STATUS_NO_MEMORY;
    listener->options = *options;
    listener->socket = options->socket;
    listener->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (listener->wakeup < 0)
        status = error_set(error, STATUS_IO, "cannot make an eventfd: %s", strerror(errno));
    else if (options->socket >= 0)
        status = STATUS_OK;
    else
        status = options->path ? open_path(listener, error) : open_port(listener, error);
    if (status) {
        listener_free(listener);
        return status;
    }
    write_urls(listener);
    *ret_listener = listener;
    return STATUS_OK;
}

const char *listener_url(const struct listener *listener)
{
    return listener->url;
}

const char *listener_local_url(const struct listener *listener)
{
    return listener->local_url;
}

/* Accepts all waiting connections. False if descriptors or memory are short. */
static bool accept_all(struct listener *listener)
{
    const struct listener_options *options = &listener->options;

    while (options->has_room(options->user)) {
        struct sockaddr_storage address;
        socklen_t len = sizeof address;
        int socket_ = accept4(listener->socket, (struct sockaddr *)&address, &len,
                              SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (socket_ >= 0) {
            options->accepted(options->user, socket_, (struct sockaddr *)&address, len);
            continue;
        }
        switch (errno) {
        case EAGAIN:
            return true;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            return false;
        default:
            break; /* an error of that one connection: accept(2) says to continue */
        }
    }
    return true;
}

static void *run(void *argument)
{
    struct listener *listener = argument;
    const struct listener_options *options = &listener->options;
    bool short_of = false; /* descriptors or memory */

    for (;;) {
        bool waits = short_of || !options->has_room(options->user);
        struct pollfd polled[] = {
            {.fd = listener->wakeup, .events = POLLIN},
            {.fd = waits ? -1 : listener->socket, .events = POLLIN},
        };
        bool accepted;

        poll(polled, 2, waits ? RETRY_MS : -1);
        if (polled[0].revents && options->socket >= 0)
            return NULL;
        accepted = accept_all(listener);
        if (!accepted && !short_of)
            log_write(LOG_WARNING, "cannot accept more connections now: out of file descriptors or "
                                   "memory");
        short_of = !accepted;
        if (polled[0].revents)
            return NULL;
    }
}

enum status listener_start(struct listener *listener)
{
    if (pthread_create(&listener->thread, NULL, run, listener))
        return STATUS_NO_MEMORY;
    listener->has_thread = true;
    return STATUS_OK;
}

void listener_free(struct listener *listener)
{
    if (!listener)
        return;
    /* First: whoever has connected is still accepted, and a server that comes next to the path keeps
     * its socket. */
    if (listener->has_path)
        unlink(listener->options.path);
    if (listener->has_thread) {
        eventfd_write(listener->wakeup, 1);
        pthread_join(listener->thread, NULL);
    }
    if (listener->socket >= 0)
        close(listener->socket);
    if (listener->wakeup >= 0)
        close(listener->wakeup);
    free(listener);
}
