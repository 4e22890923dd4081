/* SPDX-License-Identifier: Apache-2.0 */

/* Bytes that go to a client past libmicrohttpd. */

#include "server/http/http_private.h"

#include "server/http/tls.h"

#include <sys/socket.h>

bool http_write(struct http_link *link, const char *bytes, size_t len_bytes)
{
    if (link->tls)
        return tls_session_send(link->tls, bytes, len_bytes);
    return send(link->socket, bytes, len_bytes, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len_bytes;
}
