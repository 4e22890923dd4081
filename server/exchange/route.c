/* SPDX-License-Identifier: Apache-2.0 */
#include "server/exchange/route.h"

#include <string.h>

static bool takes_path(const struct route *route, const char *path)
{
    size_t len_bytes = strlen(route->path);

    if (len_bytes > 1 && route->path[len_bytes - 1] == '/')
        return strncmp(path, route->path, len_bytes) == 0;
    return strcmp(path, route->path) == 0;
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
