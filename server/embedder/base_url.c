/* SPDX-License-Identifier: Apache-2.0 */
#include "server/embedder/base_url.h"

#include <string.h>

static const char route[] = "/embeddings";

static bool ends_with(const char *text, size_t len, const char *end)
{
    return len >= strlen(end) && memcmp(text + len - strlen(end), end, strlen(end)) == 0;
}

/* Whether the path ends in the route. */
static bool ends_with_route(const char *url, size_t len)
{
    return ends_with(url, len, route) && url[len - strlen(route) - 1] != '/'; /* that is a host */
}

/* The length of the version at the path's end, as in https://host/openai/v1; 0 if it has none. */
static size_t measure_version(const char *url, size_t len)
{
    size_t i = len;

    while (i > 0 && url[i - 1] >= '0' && url[i - 1] <= '9')
        i--;
    if (i == len || i < 3 || url[i - 1] != 'v' || url[i - 2] != '/' || url[i - 3] == '/')
        return 0; /* http://v1 is a host */
    return len - i + 2;
}

enum status base_url_read(const char *url, struct base_url *ret_base, struct error *error)
{
    static const char first_version[] = "/v1";
    size_t len = strlen(url);
    size_t len_version;
    bool names_route;

    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return error_set(error, STATUS_INVALID,
                         "--url: expected an address such as http://127.0.0.1:8080");
    if (strpbrk(url, "@?# "))
        return error_set(error, STATUS_INVALID,
                         "--url: expected no user, query or blanks; a key is given by --api-key");
    while (len > 0 && url[len - 1] == '/')
        len--;
    names_route = ends_with_route(url, len);
    if (names_route)
        len -= strlen(route);
    len_version = measure_version(url, len);
    ret_base->root = (struct slice){url, len - len_version};
    ret_base->version = (struct slice){url + len - len_version, len_version};
    if (len_version == 0 && !names_route)
        ret_base->version = (struct slice){first_version, strlen(first_version)};
    return STATUS_OK;
}
