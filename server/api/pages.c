/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/pages.h"

#include "server/embedded.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"

#include <stdio.h>
#include <string.h>

/* The pages need nothing but these files and the API. */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
_Static_assert(sizeof policy <= sizeof(((struct reply_header *)0)->value), "it would be cut");

static const struct type {
    const char *suffix; /* of a file's name */
    const char *content_type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
};

static const char *type_of(const char *name)
{
    const char *suffix = strrchr(name, '.');

    for (size_t i = 0; suffix && i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(suffix, types[i].suffix) == 0)
            return types[i].content_type;
    }
    return "application/octet-stream";
}

static void respond_file(struct request *request, const struct embedded_file *file)
{
    struct reply *reply = &request->reply;

    respond_text(request, type_of(file->name), "");
    buffer_append(&reply->body, file->content.bytes, file->content.len_bytes);
    reply_add_header(reply, "Content-Security-Policy", "%s", policy);
    reply_add_header(reply, "X-Content-Type-Options", "nosniff");
    reply_add_header(reply, "Referrer-Policy", "no-referrer");
    /* Files of another version of the program must not be mixed with these. */
    reply_add_header(reply, "Cache-Control", "no-cache");
}

static enum route_outcome respond_missing(struct request *request)
{
    respond_problem(request, PROBLEM_NOT_FOUND, NULL, "The pages have no such file");
    return ROUTE_ANSWERED;
}

static enum route_outcome respond_named(struct request *request, const char *name)
{
    for (size_t i = 0; i < n_embedded_web; i++) {
        if (strcmp(name, embedded_web[i].name) == 0) {
            respond_file(request, &embedded_web[i]);
            return ROUTE_ANSWERED;
        }
    }
    return respond_missing(request);
}

enum route_outcome pages_get_playground(struct request *request)
{
    return respond_named(request, "index.html");
}

enum route_outcome pages_get_docs(struct request *request)
{
    return respond_named(request, "docs.html");
}

/* /guide/moving is guide/moving.html. */
enum route_outcome pages_get_guide(struct request *request)
{
    char name[64];
    int len = snprintf(name, sizeof name, "guide/%s.html", request->path_tail);

    return len > 0 && (size_t)len < sizeof name ? respond_named(request, name)
                                                : respond_missing(request);
}

enum route_outcome pages_get_file(struct request *request)
{
    /* The pages have addresses of their own, to which their links are relative. */
    if (strstr(request->path_tail, ".html"))
        return respond_missing(request);
    return respond_named(request, request->path_tail);
}
