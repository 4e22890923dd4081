/* SPDX-License-Identifier: Apache-2.0 */

#include "server/exchange/server.h"

#include "config/options.h"
#include "server/text/amount.h"
#include "server/text/slice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The last part of a path, without trailing slashes; empty if that is no name (".", "/"). */
static struct slice last_part(const char *path)
{
    struct slice part = {path, strlen(path)};

    while (part.len_bytes > 0 && part.bytes[part.len_bytes - 1] == '/')
        part.len_bytes--;
    for (size_t i = part.len_bytes; i > 0; i--) {
        if (part.bytes[i - 1] == '/') {
            part = (struct slice){part.bytes + i, part.len_bytes - i};
            break;
        }
    }
    return slice_is(part, ".") || slice_is(part, "..") ? (struct slice){0} : part;
}

/* NAME of .../models--ORG--NAME/snapshots/COMMIT, where Hugging Face's cache has a model; else
 * nothing. */
static struct slice name_in_cache(const char *path)
{
    static const char prefix[] = "models--";
    const char *end = strstr(path, "/snapshots/");
    const char *name = end;

    while (name && name > path && name[-1] != '/')
        name--;
    if (!name || strncmp(name, prefix, strlen(prefix)) != 0)
        return (struct slice){0};
    name += strlen(prefix);
    for (const char *c = name; c + 1 < end; c++) {
        if (c[0] == '-' && c[1] == '-')
            name = c + 2;
    }
    return (struct slice){name, (size_t)(end - name)};
}

void server_name_model(struct server *server)
{
    const char *model_id = server->options->model_id;
    struct slice name = name_in_cache(model_id);
    char *path = NULL;

    if (name.len_bytes == 0)
        name = last_part(model_id);

    if (name.len_bytes == 0) {
        path = realpath(model_id, NULL);
        if (path)
            name = last_part(path);
    }
    if (name.len_bytes == 0)
        name = (struct slice){"model", strlen("model")};
    snprintf(server->model_name, sizeof(server->model_name), "%.*s", (int)name.len_bytes,
             name.bytes);
    free(path);
}

const char *server_model_name(const struct server *server)
{
    const char *served = server->options->served_model_name;

    return served ? served : server->model_name;
}

bool server_is_stalled(const struct server *server)
{
    const double timeout_s = server->options->stall_timeout;

    return timeout_s > 0 && (double)atomic_load(&server->stalled_us) >= timeout_s * 1e6;
}

struct server_delay server_describe_delay(const struct server *server)
{
    uint64_t total_bytes = atomic_load(&server->download_total_bytes);
    struct server_delay delay;

    if (total_bytes == 0)
        snprintf(delay.text, sizeof delay.text, "The model is being loaded");
    else
        snprintf(delay.text, sizeof delay.text, "The model is not there yet: downloading %s",
                 amount_of(atomic_load(&server->download_done_bytes), total_bytes).text);
    return delay;
}

/* Without the tag that Ollama's clients put behind a name that has none. */
static struct slice cut_tag(const char *name, size_t len_bytes)
{
    static const char tag[] = ":latest";
    const size_t tag_bytes = sizeof(tag) - 1;

    if (len_bytes > tag_bytes && memcmp(name + len_bytes - tag_bytes, tag, tag_bytes) == 0)
        len_bytes -= tag_bytes;
    return (struct slice){name, len_bytes};
}

static bool is(const char *known, const char *name, size_t len_bytes)
{
    const struct slice a = cut_tag(known, strlen(known));
    const struct slice b = cut_tag(name, len_bytes);

    return a.len_bytes == b.len_bytes && memcmp(a.bytes, b.bytes, a.len_bytes) == 0;
}

static bool is_listed(const struct server *server, const char *name, size_t len_bytes)
{
    const char *listed;

    for (size_t i = 0; (listed = server_list_name(server, i)) != NULL; i++) {
        if (is(listed, name, len_bytes))
            return true;
    }
    return false;
}

static bool is_any(const char *alias)
{
    return strcmp(alias, "*") == 0;
}

bool server_takes_any_model(const struct server *server)
{
    const struct option_list *aliases = &server->options->model_alias;
    size_t i = 0;

    while (i < aliases->n_values && !is_any(aliases->values[i]))
        i++;
    return i < aliases->n_values;
}

bool server_knows_model(const struct server *server, const char *name, size_t len_bytes)
{
    const struct options *options = server->options;
    const char *slash = memchr(name, '/', len_bytes);

    if (server_takes_any_model(server) || is_listed(server, name, len_bytes))
        return true;
    if (!options->served_model_name && is(options->model_id, name, len_bytes))
        return true;
    /* ORGANISATION/NAME: the name on Hugging Face's hub; it is served here as NAME. */
    return slash && slash > name &&
           is_listed(server, slash + 1, len_bytes - (size_t)(slash + 1 - name));
}

/* The listed names, perhaps with duplicates and "*"; NULL after the last. */
static const char *get_name(const struct server *server, size_t i)
{
    const struct option_list *aliases = &server->options->model_alias;

    if (i == 0)
        return server_model_name(server);
    return i - 1 < aliases->n_values ? aliases->values[i - 1] : NULL;
}

static bool is_first_of_its_name(const struct server *server, size_t i)
{
    for (size_t before = 0; before < i; before++) {
        if (strcmp(get_name(server, before), get_name(server, i)) == 0)
            return false;
    }
    return true;
}

const char *server_list_name(const struct server *server, size_t i)
{
    const char *name;

    for (size_t at = 0; (name = get_name(server, at)) != NULL; at++) {
        if (!is_first_of_its_name(server, at) || (at > 0 && is_any(name)))
            continue;
        if (i == 0)
            return name;
        i--;
    }
    return NULL;
}
