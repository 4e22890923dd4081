/* SPDX-License-Identifier: Apache-2.0 */

/* A route, and finding it in the table of all routes. */
#ifndef NESTD_SERVER_EXCHANGE_ROUTE_H
#define NESTD_SERVER_EXCHANGE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

struct request;
struct route_family;

enum route_method {
    METHOD_GET = 1 << 0, /* and HEAD */
    METHOD_POST = 1 << 1,
    METHOD_OPTIONS = 1 << 2, /* no route has it: cors.h answers it for all */
};

/* Who has the request after its start. */
enum route_outcome {
    ROUTE_ANSWERED,  /* still the caller: its reply is complete */
    ROUTE_SUBMITTED, /* the engine, by request_submit(); it may be done, and freed, already */
};

struct route {
    /* A path that ends in '/' (except "/" itself) matches every path that begins with it. */
    const char *path;
    enum route_method method;
    const struct route_family *family;
    bool needs_model; /* 503 while loading */
    bool needs_key;   /* 401 without a key, if keys are configured */
    bool is_probe;    /* comes every few seconds: logged at debug */

    /* GET: called on the HTTP thread; must answer at once, touching no queue (promise 7).
     * POST: called on a request thread with the whole body; answers or submits. */
    enum route_outcome (*start)(struct request *request);

    /* After the group is done, on a request thread: answers. NULL if start never submits. */
    void (*finish)(struct request *request);
};

/* All routes of a server: the table is api/routes.c's, and struct server hands it on. */
struct routes {
    const struct route *rows; /* [n] */
    size_t n;
};

/* The route of a path and method; NULL if the path is unknown. If only the method is wrong,
 * *ret_allowed has the methods that the path takes, and the route of one of them is returned, for
 * its family. Otherwise *ret_allowed is 0. HEAD counts as GET. */
const struct route *routes_find(const struct routes *routes, const char *path, unsigned method,
                                unsigned *ret_allowed);

/* What follows a route's path that ends in '/', of a path that it takes; else "". `route` may be
 * NULL. */
const char *route_find_tail(const struct route *route, const char *path);

/* The methods that a path takes, by all of its routes. */
unsigned routes_list_methods(const struct routes *routes, const char *path);

/* The index of the first route with the same path, which may be this one; routes->n for NULL. */
size_t routes_find_first(const struct routes *routes, const struct route *route);

#endif
