/* SPDX-License-Identifier: Apache-2.0 */

/* A request begins with its first line: target and method. */

#include "server/http/http_private.h"

#include "server/exchange/request.h"
#include "server/exchange/route.h"
#include "server/exchange/server.h"
#include "server/http/http_framing.h"
#include "server/http/watch.h"

#include <string.h>

/* `uri` is libmicrohttpd's own copy of the line, in which a NUL ends the target and the version
 * follows. 0.9.75 accepts other NULs. */
static void read_line(struct request *request, const char *uri)
{
    const char *version = uri + strlen(uri) + 1;

    request->target = uri;
    request->line_end = version + strlen(MHD_HTTP_VERSION_1_1);
    request->is_http_1_0 = strncmp(version, MHD_HTTP_VERSION_1_0, 8) == 0;
    if (strncmp(version, "HTTP/1.", 7) != 0 || !framing_find_path(uri, &request->path_offset))
        request->path_offset = SIZE_MAX;
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9'                 ? c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                : -1;
}

/* The one parameter that a route reads. A name that does not fit is cut, and so is nobody's. */
static void read_asked_model(struct request *request, const char *uri)
{
    static const char parameter[] = "model=";
    const char *at = strchr(uri, '?');
    size_t len_bytes = 0;

    while (at && strncmp(at + 1, parameter, sizeof parameter - 1) != 0)
        at = strchr(at + 1, '&');
    at = at ? at + sizeof parameter : "";
    for (; *at && *at != '&' && len_bytes + 1 < sizeof request->asked_model; at++) {
        char c = *at == '+' ? ' ' : *at;

        if (c == '%' && digit_of(at[1]) >= 0 && digit_of(at[2]) >= 0) {
            c = (char)(digit_of(at[1]) * 16 + digit_of(at[2]));
            at += 2;
        }
        request->asked_model[len_bytes++] = c;
    }
}

/* nestd reads no other query, and libmicrohttpd would keep every parameter in the connection's memory:
 * about 500 fill it, and 0.9.75 then loses the request. `uri` is its own copy, which it parses
 * next. */
static void drop_query(const char *uri)
{
    char *query = strchr(uri, '?');

    if (query)
        query[1] = '\0';
}

void *http_line_receive(void *user, const char *uri, struct MHD_Connection *connection)
{
    struct http *http = user;
    struct http_link *link =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    struct request *request;

    if (!link)
        return NULL;
    http_link_end_request(link, MHD_REQUEST_TERMINATED_WITH_ERROR);
    request = request_new(http->server);
    if (!request)
        return NULL;
    request->connection = connection;
    request->link = link;
    read_line(request, uri);
    read_asked_model(request, uri);
    drop_query(uri);
    link->request = request;
    link->n_requests++;
    http_link_list(link);
    atomic_fetch_add(&http->server->n_unanswered, 1);
    http_link_receive(link);
    return request;
}

const char *http_line_find_path(const struct request *request)
{
    if (request->path_offset == SIZE_MAX)
        return "";
    return request->target[request->path_offset] ? request->target + request->path_offset : "/";
}

const char *http_line_name_method(const char *method)
{
    static const char *const names[] = {
        MHD_HTTP_METHOD_GET,
        MHD_HTTP_METHOD_HEAD,
        MHD_HTTP_METHOD_POST,
        MHD_HTTP_METHOD_PUT,
        MHD_HTTP_METHOD_OPTIONS,
        "PATCH",
        "DELETE",
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(method, names[i]) == 0)
            return names[i];
    }
    return "other";
}

unsigned http_line_method_bit(const char *method)
{
    if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
        return METHOD_GET;
    if (strcmp(method, MHD_HTTP_METHOD_OPTIONS) == 0)
        return METHOD_OPTIONS;
    return strcmp(method, MHD_HTTP_METHOD_POST) == 0 ? METHOD_POST : 0;
}
