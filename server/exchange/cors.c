/* SPDX-License-Identifier: Apache-2.0 */
#include "server/exchange/cors.h"

#include "config/options.h"
#include "server/exchange/request.h"
#include "server/exchange/route.h"
#include "server/exchange/server.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* "https://example.org" or "http://localhost:3000": a scheme, a host, perhaps a port; in lower
 * case, with nothing after them. */
static bool is_origin(const char *text)
{
    const char *host = strstr(text, "://");
    size_t n_scheme = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+-.");

    if (!host || n_scheme == 0 || text + n_scheme != host || host[3] == '\0')
        return false;
    for (const char *at = host + 3; *at; at++) {
        if (!isgraph((unsigned char)*at) || isupper((unsigned char)*at) || strchr("/?#@\\", *at))
            return false;
    }
    return true;
}

enum status cors_check(const struct options *options, struct error *error)
{
    const struct option_list *list = &options->cors_allow_origin;

    for (size_t i = 0; i < list->n_values; i++) {
        const char *value = list->values[i];

        if (strcmp(value, "*") == 0)
            continue;
        if (!is_origin(value) || strlen(value) >= sizeof(((struct reply_header *)0)->value))
            return error_set(error, STATUS_INVALID,
                             "--cors-allow-origin=%.160s: expected *, or a scheme, a host and "
                             "perhaps a port, in lower case and with nothing after them, such as "
                             "https://example.org or http://localhost:3000",
                             value);
    }
    return STATUS_OK;
}

bool cors_is_on(const struct options *options)
{
    return options->cors_allow_origin.n_values > 0;
}

/* The value of Access-Control-Allow-Origin for a request from `origin`, which may be NULL. Returns
 * NULL if that origin is not allowed. */
static const char *match(const struct option_list *allowed, const char *origin)
{
    for (size_t i = 0; i < allowed->n_values; i++) {
        const char *value = allowed->values[i];

        if (strcmp(value, "*") == 0 || (origin && strcmp(value, origin) == 0))
            return value;
    }
    return NULL;
}

struct method_names cors_name_methods(const struct request *request)
{
    static const struct {
        unsigned method;
        const char *names;
    } rows[] = {{METHOD_GET, "GET, HEAD"}, {METHOD_POST, "POST"}, {METHOD_OPTIONS, "OPTIONS"}};
    unsigned methods = routes_list_methods(request->server->routes, request->route->path);
    struct method_names list = {0};
    size_t len_bytes = 0;

    if (cors_is_on(request->server->options))
        methods |= METHOD_OPTIONS;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (methods & rows[i].method)
            len_bytes += (size_t)snprintf(list.text + len_bytes, sizeof(list.text) - len_bytes,
                                          "%s%s", len_bytes > 0 ? ", " : "", rows[i].names);
    }
    return list;
}

void cors_answer_preflight(struct request *request)
{
    struct reply *reply = &request->reply;
    struct method_names methods = cors_name_methods(request);

    reply->http_status = 204;
    reply_add_header(reply, "Allow", "%s", methods.text);
    if (!match(&request->server->options->cors_allow_origin, request->origin))
        return;
    reply_add_header(reply, "Access-Control-Allow-Methods", "%s", methods.text);
    /* The star covers what client libraries add, such as OpenAI's x-stainless-*. Old browsers do
     * not know it, and it never includes Authorization. */
    reply_add_header(reply, "Access-Control-Allow-Headers",
                     "Authorization, Content-Type, X-Api-Key, api-key, *");
    /* The maximum that any browser accepts. */
    reply_add_header(reply, "Access-Control-Max-Age", "86400");
}

void cors_add_headers(struct request *request)
{
    const struct options *options = request->server->options;
    struct reply *reply = &request->reply;
    const char *origin = match(&options->cors_allow_origin, request->origin);

    if (!cors_is_on(options))
        return;
    reply_add_header(reply, "Vary", "Origin");
    if (!origin)
        return;
    reply_add_header(reply, "Access-Control-Allow-Origin", "%s", origin);
    reply_add_header(
        reply, "Access-Control-Expose-Headers",
        "x-request-id, Server-Timing, Retry-After, retry-after-ms, x-truncated-inputs");
}
