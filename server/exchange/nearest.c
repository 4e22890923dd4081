/* SPDX-License-Identifier: Apache-2.0 */

/* Tried in this order, on the path in lower case, with single slashes and without one at its end:
 *
 *   the route that does what another API's path does     /api/embed
 *   the longest route that the path ends with             /v1/v1/embeddings, /api/v1/embeddings
 *   the route at the smallest edit distance               /v1/embedding
 *
 * The work is bounded: long paths are not looked at, and there are a few dozen routes. */
#include "server/exchange/nearest.h"

#include "server/exchange/route.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum {
    MAX_PATH_BYTES = 64,
    MAX_EDITS = 3, /* and at most one in four characters */
};

struct plain_path {
    char text[MAX_PATH_BYTES + 1];
    size_t len_bytes;
};

static const struct {
    const char *path;
    const char *route;
} elsewhere[] = {
    {"/v1/embedding", "/v1/embeddings"}, /* rather than llama.cpp's */
    {"/healthz", "/health"},
    {"/swagger", "/docs"},
};

/* False if it is too long. */
static bool simplify(const char *path, struct plain_path *ret_plain)
{
    size_t n = 0;

    for (; *path; path++) {
        if (*path == '/' && n > 0 && ret_plain->text[n - 1] == '/')
            continue;
        if (n == MAX_PATH_BYTES)
            return false;
        ret_plain->text[n++] = (char)tolower((unsigned char)*path);
    }
    if (n > 1 && ret_plain->text[n - 1] == '/')
        n--;
    ret_plain->text[n] = '\0';
    ret_plain->len_bytes = n;
    return true;
}

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Characters to insert, to remove or to change: Levenshtein's distance, one row of its table at a
 * time. */
static size_t count_edits(const struct plain_path *path, const char *route)
{
    size_t row[MAX_PATH_BYTES + 1]; /* [j]: from path[0, j) to route[0, i) */

    for (size_t j = 0; j <= path->len_bytes; j++)
        row[j] = j;
    for (size_t i = 0; route[i]; i++) {
        size_t diagonal = row[0];

        row[0] = i + 1;
        for (size_t j = 1; j <= path->len_bytes; j++) {
            size_t changed = diagonal + (path->text[j - 1] != route[i]);

            diagonal = row[j];
            row[j] = min(changed, min(row[j], row[j - 1]) + 1);
        }
    }
    return row[path->len_bytes];
}

static bool ends_with(const struct plain_path *path, const char *route)
{
    size_t len_bytes = strlen(route);

    return len_bytes > 1 && len_bytes <= path->len_bytes &&
           memcmp(path->text + path->len_bytes - len_bytes, route, len_bytes) == 0;
}

static const char *find_elsewhere(const struct plain_path *path)
{
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
        if (strcmp(path->text, elsewhere[i].path) == 0)
            return elsewhere[i].route;
    }
    return NULL;
}

static const char *find_longest_end(const struct routes *routes, const struct plain_path *path)
{
    const char *longest = NULL;

    for (size_t i = 0; i < routes->n; i++) {
        if (ends_with(path, routes->rows[i].path) &&
            (!longest || strlen(routes->rows[i].path) > strlen(longest)))
            longest = routes->rows[i].path;
    }
    return longest;
}

static const char *find_min_edits(const struct routes *routes, const struct plain_path *path)
{
    size_t fewest = min(MAX_EDITS, path->len_bytes / 4) + 1;
    const char *nearest = NULL;

    for (size_t i = 0; i < routes->n; i++) {
        size_t n_edits = count_edits(path, routes->rows[i].path);

        if (n_edits < fewest) {
            fewest = n_edits;
            nearest = routes->rows[i].path;
        }
    }
    return nearest;
}

const char *nearest_path(const struct routes *routes, const char *path)
{
    struct plain_path plain;
    const char *found;

    if (!simplify(path, &plain))
        return NULL;
    found = find_elsewhere(&plain);
    if (!found)
        found = find_longest_end(routes, &plain);
    return found ? found : find_min_edits(routes, &plain);
}
