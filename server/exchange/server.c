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

void served_model_init(struct served_model *model, const struct options *options)
{
    const char *model_id = options->model_id;
    struct slice name = name_in_cache(model_id);
    char *path = NULL;

    *model = (struct served_model){.options = options};
    if (name.len_bytes == 0)
        name = last_part(model_id);

    if (name.len_bytes == 0) {
        path = realpath(model_id, NULL);
        if (path)
            name = last_part(path);
    }
    if (name.len_bytes == 0)
        name = (struct slice){"model", strlen("model")};
    snprintf(model->folder_name, sizeof(model->folder_name), "%.*s", (int)name.len_bytes,
             name.bytes);
    free(path);
}

const char *served_model_name(const struct served_model *model)
{
    const char *served = model->options->served_model_name;

    return served ? served : model->folder_name;
}

bool server_is_loaded(const struct server *server)
{
    for (size_t i = 0; i < server->n_models; i++) {
        if (!atomic_load(&server->models[i].engine))
            return false;
    }
    return server->n_models > 0;
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

static bool is_listed(const struct served_model *model, const char *name, size_t len_bytes)
{
    const char *listed;

    for (size_t i = 0; (listed = served_model_list_name(model, i)) != NULL; i++) {
        if (is(listed, name, len_bytes))
            return true;
    }
    return false;
}

static bool is_any(const char *alias)
{
    return strcmp(alias, "*") == 0;
}

static bool takes_any(const struct served_model *model)
{
    const struct option_list *aliases = &model->options->model_alias;
    size_t i = 0;

    while (i < aliases->n_values && !is_any(aliases->values[i]))
        i++;
    return i < aliases->n_values;
}

bool server_takes_any_model(const struct server *server)
{
    size_t i = 0;

    while (i < server->n_models && !takes_any(&server->models[i]))
        i++;
    return i < server->n_models;
}

static bool is_model_id(const struct served_model *model, const char *name, size_t len_bytes)
{
    return !model->options->served_model_name && is(model->options->model_id, name, len_bytes);
}

/* ORGANISATION/NAME: the name on Hugging Face's hub; it is served here as NAME. */
static bool is_after_organisation(const struct served_model *model, const char *name,
                                  size_t len_bytes)
{
    const char *slash = memchr(name, '/', len_bytes);

    return slash && slash > name &&
           is_listed(model, slash + 1, len_bytes - (size_t)(slash + 1 - name));
}

static bool answers_to_any(const struct served_model *model, const char *name, size_t len_bytes)
{
    (void)name;
    (void)len_bytes;
    return takes_any(model);
}

struct served_model *server_find_model(const struct server *server, const char *name,
                                       size_t len_bytes)
{
    static bool (*const ways[])(const struct served_model *, const char *, size_t) = {
        is_listed, is_model_id, is_after_organisation, answers_to_any};

    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++)
        for (size_t i = 0; i < server->n_models; i++)
            if (ways[way](&server->models[i], name, len_bytes))
                return &server->models[i];
    return NULL;
}

/* The listed names, perhaps with duplicates and "*"; NULL after the last. */
static const char *get_name(const struct served_model *model, size_t i)
{
    const struct option_list *aliases = &model->options->model_alias;

    if (i == 0)
        return served_model_name(model);
    return i - 1 < aliases->n_values ? aliases->values[i - 1] : NULL;
}

static bool is_first_of_its_name(const struct served_model *model, size_t i)
{
    for (size_t before = 0; before < i; before++) {
        if (strcmp(get_name(model, before), get_name(model, i)) == 0)
            return false;
    }
    return true;
}

const char *served_model_list_name(const struct served_model *model, size_t i)
{
    const char *name;

    for (size_t at = 0; (name = get_name(model, at)) != NULL; at++) {
        if (!is_first_of_its_name(model, at) || (at > 0 && is_any(name)))
            continue;
        if (i == 0)
            return name;
        i--;
    }
    return NULL;
}

const char *server_list_name(const struct server *server, size_t i,
                             const struct served_model **ret_model)
{
    for (size_t model = 0; model < server->n_models; model++) {
        const char *name;

        for (size_t at = 0; (name = served_model_list_name(&server->models[model], at)); at++) {
            if (i-- > 0)
                continue;
            *ret_model = &server->models[model];
            return name;
        }
    }
    return NULL;
}

static enum status check_pair(const struct served_model *model, const struct served_model *other,
                              struct error *error)
{
    const char *name;

    for (size_t i = 0; (name = served_model_list_name(other, i)) != NULL; i++) {
        if (is_listed(model, name, strlen(name)))
            return error_set(error, STATUS_INVALID,
                             "two models are called %.100s: give each a --served-model-name of "
                             "its own, after its --model-id",
                             name);
    }
    if (takes_any(model) && takes_any(other))
        return error_set(error, STATUS_INVALID,
                         "--model-alias=*: expected for one model only; it is for %.100s and for "
                         "%.100s",
                         served_model_name(model), served_model_name(other));
    return STATUS_OK;
}

enum status server_check_names(const struct server *server, struct error *error)
{
    for (size_t i = 0; i < server->n_models; i++) {
        for (size_t before = 0; before < i; before++) {
            enum status status = check_pair(&server->models[before], &server->models[i], error);

            if (status)
                return status;
        }
    }
    return STATUS_OK;
}

struct server_offer server_describe_offer(const struct server *server)
{
    const bool is_one = server->n_models == 1;
    struct server_offer offer;
    size_t len_bytes = (size_t)snprintf(offer.text, sizeof offer.text, "This server's %s",
                                        is_one ? "model is" : "models are");

    for (size_t i = 0; i < server->n_models && len_bytes < sizeof offer.text; i++)
        len_bytes +=
            (size_t)snprintf(offer.text + len_bytes, sizeof offer.text - len_bytes, "%s '%s'",
                             i > 0 ? "," : "", served_model_name(&server->models[i]));
    return offer;
}
