/* SPDX-License-Identifier: Apache-2.0 */

#include "server/server.h"

#include "config/options.h"

#include <string.h>
#include <time.h>

/* The last part of a path; the path itself where that would say nothing (".", "models/"). */
static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *part = slash ? slash + 1 : path;

    if (*part == '\0' || strcmp(part, ".") == 0 || strcmp(part, "..") == 0)
        return path;
    return part;
}

const char *server_model_name(const struct server *server)
{
    const struct options *options = server->options;

    if (options->served_model_name)
        return options->served_model_name;
    return last_part(options->model_id);
}

static bool is(const char *known, const char *name, size_t len_bytes)
{
    return strlen(known) == len_bytes && memcmp(known, name, len_bytes) == 0;
}

bool server_knows_model(const struct server *server, const char *name, size_t len_bytes)
{
    const struct options *options = server->options;

    if (is(server_model_name(server), name, len_bytes))
        return true;
    if (!options->served_model_name && is(options->model_id, name, len_bytes))
        return true;
    for (size_t i = 0; i < options->model_alias.n_values; i++) {
        if (is(options->model_alias.values[i], name, len_bytes))
            return true;
    }
    return false;
}

/* Every name that might be one, some of them twice; NULL after the last. */
static const char *get_candidate(const struct server *server, size_t i)
{
    const struct options *options = server->options;

    switch (i) {
    case 0:
        return server_model_name(server);
    case 1:
        return options->model_id;
    default:
        return i - 2 < options->model_alias.n_values ? options->model_alias.values[i - 2] : NULL;
    }
}

static bool is_first_of_its_name(const struct server *server, size_t i)
{
    for (size_t before = 0; before < i; before++) {
        if (strcmp(get_candidate(server, before), get_candidate(server, i)) == 0)
            return false;
    }
    return true;
}

const char *server_list_name(const struct server *server, size_t i)
{
    const char *name;

    for (size_t at = 0; (name = get_candidate(server, at)) != NULL; at++) {
        if (!server_knows_model(server, name, strlen(name)) || !is_first_of_its_name(server, at))
            continue;
        if (i == 0)
            return name;
        i--;
    }
    return NULL;
}

int64_t clock_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
