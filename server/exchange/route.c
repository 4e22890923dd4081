/* SPDX-License-Identifier: Apache-2.0 */
#include "server/exchange/route.h"

#include <string.h>

/* How long its path is, if others that begin with it are its own too; else 0. */
static size_t measure_beginning(const struct route *route)
{
    size_t len_bytes = strlen(route->path);

    return len_bytes > 1 && route->path[len_bytes - 1] == '/' ? len_bytes : 0;
}

static bool takes_path(const struct route *route, const char *path)
{
    size_t len_bytes = measure_beginning(route);

    if (len_bytes > 0)
        return strncmp(path, route->path, len_bytes) == 0;
    return strcmp(path, route->path) == 0;
}

const char *route_find_tail(const struct route *route, const char *path)
{
    size_t len_bytes = route ? measure_beginning(route) : 0;

    return len_bytes > 0 ? path + len_bytes : "";
}

unsigned routes_list_methods(const struct routes *routes, const char *path)
{
    unsigned methods = 0;

    for (size_t i = 0; i < routes->n; i++) {
        if (strcmp(routes->rows[i].path, path) == 0)
            methods |= routes->rows[i].method;
    }
    return methods;
}

size_t routes_find_first(const struct routes *routes, const struct route *route)
{
    size_t i = 0;

    if (!route)
        return routes->n;
    while (strcmp(routes->rows[i].path, route->path) != 0)
        i++;
    return i;
}

const struct route *routes_find(const struct routes *routes, const char *path, unsigned method,
                                unsigned *ret_allowed)
{
    const struct route *other = NULL;

    *ret_allowed = 0;
    for (size_t i = 0; i < routes->n; i++) {
        const struct route *route = &routes->rows[i];

        if (!takes_path(route, path))
            continue;
        if (route->method & method)
            return route;
        if (!other)
            other = route;
    }
    if (other)
        *ret_allowed = routes_list_methods(routes, other->path);
    return other;
}
