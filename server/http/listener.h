/* SPDX-License-Identifier: Apache-2.0 */

/* A listening socket, of a TCP port or a path, and the thread that accepts. Used by http only. */
#ifndef NESTD_SERVER_HTTP_LISTENER_H
#define NESTD_SERVER_HTTP_LISTENER_H

#include "engine/engine.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct listener;

struct listener_options {
    int socket;           /* that listens already, taken; -1: one is opened */
    const char *path;     /* of a Unix socket; NULL: a TCP port */
    const char *hostname; /* an address or a name, IPv4 or IPv6 */
    uint16_t port;        /* 0: any free one */
    const char *scheme;   /* of listener_url */

    /* Both on the listener's thread. While there is no room, connections wait to be accepted. The
     * callback owns the socket, which is non-blocking. */
    bool (*has_room)(void *user);
    void (*accepted)(void *user, int socket, const struct sockaddr *address, socklen_t len);
    void *user;
};

/* Opens the port or the path, if no socket is given; connections wait until listener_start. A socket that is left of an
 * earlier run is replaced; one on which somebody listens is not, nor any other file. An error names
 * the address and the reason. */
MUST_CHECK enum status listener_new(struct listener **ret_listener,
                                    const struct listener_options *options, struct error *error);
MUST_CHECK enum status listener_start(struct listener *listener);

/* "http://127.0.0.1:8080", with the actual port; "unix:PATH". */
const char *listener_url(const struct listener *listener);

/* The same for a person on this machine: the loopback address if it listens on all addresses. */
const char *listener_local_url(const struct listener *listener);

/* The address that it listens on. */
struct sockaddr_storage listener_address(const struct listener *listener);

/* Removes the path, if it has one, accepts what has connected so far, and closes. Of a socket that
 * was given nothing is removed or accepted: who waits there is its next holder's. NULL is allowed. */
void listener_free(struct listener *listener);

#endif
