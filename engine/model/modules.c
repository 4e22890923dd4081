/* SPDX-License-Identifier: Apache-2.0 */

/* modules.json is an array of {"name", "path", "type"}; the modules run in its order. A type is a
 * Python name: "sentence_transformers.models.Pooling" up to version 5,
 * "sentence_transformers.sentence_transformer.modules.pooling.Pooling" since; its first and last
 * parts tell. Each module's own files lie in the folder at its path.
 *
 * sentence-transformers passes what stands in a module's file to a constructor, which refuses
 * unknown keys; so does this, since a setting that is not known may change the numbers. */
#include "engine/model/modules.h"

#include "engine/base/memory.h"
#include "engine/files/document.h"
#include "engine/files/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODULES_FILE "modules.json"

/* The module at `path` of the model folder `model_dir`. */
struct place {
    const char *model_dir;
    const char *path;
};

static enum status open_in(const struct place *place, const char *name, struct document *document,
                           struct error *error)
{
    AUTO_FREE char *path = path_join(place->path, name);

    if (!path)
        return STATUS_NO_MEMORY;
    return document_open(document, place->model_dir, path, false, error);
}

/* The document's root is NULL where there is no such file. */
static enum status open_if_in(const struct place *place, const char *name,
                              struct document *document, struct error *error)
{
    AUTO_FREE char *path = path_join(place->path, name);

    if (!path)
        return STATUS_NO_MEMORY;
    return document_open_if_there(document, place->model_dir, path, false, error);
}

/* --- Pooling ---------------------------------------------------------------------------------- */

/* The switches of versions before 6, in the order in which their vectors are concatenated. */
static const struct {
    const char *key;
    enum pooling_mode mode;
} switches[] = {
    {"pooling_mode_cls_token", POOLING_CLS},
    {"pooling_mode_max_tokens", POOLING_MAX},
    {"pooling_mode_mean_tokens", POOLING_MEAN},
    {"pooling_mode_mean_sqrt_len_tokens", POOLING_MEAN_SQRT_LEN},
    {"pooling_mode_weightedmean_tokens", POOLING_WEIGHTED_MEAN},
    {"pooling_mode_lasttoken", POOLING_LAST_TOKEN},
};

static enum status read_switches(const struct document *config, struct pooling *pooling,
                                 struct error *error)
{
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        bool on = false;
        enum status status = document_get_bool(config, switches[i].key, &on, error);

        if (status)
            return status;
        if (on)
            pooling->order[pooling->n_modes++] = switches[i].mode;
    }
    if (pooling->n_modes == 0)
        pooling->order[pooling->n_modes++] = POOLING_MEAN;
    return STATUS_OK;
}

static enum status add_mode(const struct document *config, const json_t *value,
                            struct pooling *pooling, struct error *error)
{
    const char *name = json_string_value(value);
    char shown[DOCUMENT_SHOWN_BYTES];
    enum pooling_mode mode;

    if (!name || !pooling_mode_parse(name, &mode))
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: \"pooling_mode\" is %s; cls, max, mean, mean_sqrt_len_tokens, "
                         "weightedmean and lasttoken are served",
                         config->name, document_show(value, shown));
    for (size_t i = 0; i < pooling->n_modes; i++) {
        if (pooling->order[i] == mode)
            return error_set(error, STATUS_UNSUPPORTED, "%s: \"pooling_mode\" names %s twice",
                             config->name, name);
    }
    pooling->order[pooling->n_modes++] = mode;
    return STATUS_OK;
}

/* "pooling_mode", a name or an array of names; where it is there, the switches mean nothing. */
static enum status read_modes(const struct document *config, struct pooling *pooling,
                              struct error *error)
{
    const json_t *value = json_object_get(config->root, "pooling_mode");

    if (!value || json_is_null(value))
        return read_switches(config, pooling, error);
    if (!json_is_array(value) || json_array_size(value) == 0)
        return add_mode(config, value, pooling, error);
    for (size_t i = 0; i < json_array_size(value); i++) {
        enum status status = add_mode(config, json_array_get(value, i), pooling, error);

        if (status)
            return status;
    }
    return STATUS_OK;
}

static enum status read_pooling_config(const struct document *config, struct modules *modules,
                                       struct error *error)
{
    static const char *const known[] = {
        "word_embedding_dimension",
        "embedding_dimension",
        "pooling_mode",
        "include_prompt",
        "pooling_mode_cls_token",
        "pooling_mode_max_tokens",
        "pooling_mode_mean_tokens",
        "pooling_mode_mean_sqrt_len_tokens",
        "pooling_mode_weightedmean_tokens",
        "pooling_mode_lasttoken",
    };
    enum status status;

    status = document_check_keys(config, known, sizeof known / sizeof *known, error);
    if (!status)
        status = read_modes(config, &modules->pooling, error);
    if (!status)
        status = document_get_bool(config, "include_prompt", &modules->include_prompt, error);
    if (!status)
        status = document_get_size(config, "word_embedding_dimension", 1, 1 << 16,
                                   &modules->embedding_dims, error);
    if (!status)
        status = document_get_size(config, "embedding_dimension", 1, 1 << 16,
                                   &modules->embedding_dims, error);
    if (!status && modules->embedding_dims == 0)
        status = error_set(error, STATUS_INVALID,
                           "%s: has neither \"embedding_dimension\" nor "
                           "\"word_embedding_dimension\"",
                           config->name);
    return status;
}

static enum status read_pooling(const struct place *place, struct modules *modules,
                                struct error *error)
{
    struct document config;
    enum status status;

    modules->pooling.n_modes = 0;
    status = open_in(place, "config.json", &config, error);
    if (status)
        return status;
    status = read_pooling_config(&config, modules, error);
    document_release(&config);
    return status;
}

/* --- Normalize -------------------------------------------------------------------------------- */

static enum status read_normalize(const struct place *place, struct modules *modules,
                                  struct error *error)
{
    static const char *const known[] = {"module_input_name", "module_output_name"};
    struct document config;
    enum status status;

    modules->normalize = true;
    status = open_if_in(place, "config.json", &config, error);
    if (status || !config.root)
        return status;
    status = document_check_keys(&config, known, sizeof known / sizeof *known, error);
    for (size_t i = 0; !status && i < sizeof known / sizeof *known; i++)
        status = document_demand(&config, known[i], "sentence_embedding", error);
    document_release(&config);
    return status;
}

/* --- Dropout ---------------------------------------------------------------------------------- */

/* Sets numbers to zero while a model is trained; there is nothing to do with a trained one. */
static enum status read_dropout(const struct place *place, struct modules *modules,
                                struct error *error)
{
    static const char *const known[] = {"dropout"};
    struct document config = {.root = NULL};
    enum status status = open_if_in(place, "config.json", &config, error);

    (void)modules;
    if (!status)
        status = document_check_keys(&config, known, sizeof known / sizeof *known, error);
    document_release(&config);
    return status;
}

/* --- Transformer ------------------------------------------------------------------------------ */

/* The Transformer's own files are for later (input_limits.h); only where it lies is kept. */
static enum status read_transformer(const struct place *place, struct modules *modules,
                                    struct error *error)
{
    (void)error;
    modules->transformer_path = strdup(place->path);
    return modules->transformer_path ? STATUS_OK : STATUS_NO_MEMORY;
}

/* --- modules.json ----------------------------------------------------------------------------- */

/* Reads a module's own file. */
typedef enum status read_own_file(const struct place *place, struct modules *modules,
                                  struct error *error);

/* The first two must be there, in this order; after them come the others, in any number. */
static const struct {
    const char *name;
    read_own_file *read;
} served[] = {
    {"Transformer", read_transformer},
    {"Pooling", read_pooling},
    {"Normalize", read_normalize},
    {"Dropout", read_dropout},
};
enum { N_REQUIRED = 2, N_SERVED = sizeof served / sizeof *served, MAX_MODULES = 64 };

/* Whether a path leads from the model folder to a place inside it. */
static bool path_stays_inside(const char *path)
{
    if (path[0] == '/')
        return false;
    while (path[0]) {
        size_t len = strcspn(path, "/");

        if (len == 2 && memcmp(path, "..", 2) == 0)
            return false;
        path += len + (path[len] == '/');
    }
    return true;
}

static bool type_is(const char *type, const char *name)
{
    static const char family[] = "sentence_transformers.";
    const char *dot = strrchr(type, '.');

    return dot && strncmp(type, family, sizeof family - 1) == 0 && strcmp(dot + 1, name) == 0;
}

/* What reads the module of that type at that place of the list; NULL where it may not stand. */
static read_own_file *find_module(const char *type, size_t index)
{
    size_t first = index < N_REQUIRED ? index : N_REQUIRED;
    size_t end = index < N_REQUIRED ? index + 1 : N_SERVED;

    for (size_t i = first; i < end; i++) {
        if (type_is(type, served[i].name))
            return served[i].read;
    }
    return NULL;
}

static enum status read_module(const char *model_dir, const struct document *module, size_t index,
                               struct modules *modules, struct error *error)
{
    struct place place = {.model_dir = model_dir, .path = NULL};
    const char *type = NULL;
    read_own_file *read;
    enum status status;

    status = document_get_string(module, "type", &type, error);
    if (!status)
        status = document_get_string(module, "path", &place.path, error);
    if (status)
        return status;
    if (!type || !place.path)
        return error_set(error, STATUS_INVALID, "%s: has no \"%s\"", module->name,
                         type ? "path" : "type");
    read = find_module(type, index);
    if (!read)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: \"type\" is \"%.100s\"; Transformer, Pooling and then perhaps "
                         "Normalize or Dropout are served, in this order",
                         module->name, type);
    if (!path_stays_inside(place.path))
        return error_set(error, STATUS_INVALID,
                         "%s: \"path\" must be inside the model folder, but is \"%.100s\"",
                         module->name, place.path);
    return read(&place, modules, error);
}

/* sentence-transformers keeps modules by name: of two with the same one it forgets the first. */
static enum status check_name(const struct document *list, size_t index, struct error *error)
{
    const json_t *name = json_object_get(json_array_get(list->root, index), "name");

    for (size_t i = 0; name && i < index; i++) {
        if (json_equal(name, json_object_get(json_array_get(list->root, i), "name")))
            return error_set(error, STATUS_UNSUPPORTED,
                             MODULES_FILE "[%zu]: \"name\" is that of another module", index);
    }
    return STATUS_OK;
}

static enum status read_modules(const char *model_dir, const struct document *list,
                                struct modules *modules, struct error *error)
{
    size_t n = json_array_size(list->root);

    if (n > MAX_MODULES)
        return error_set(error, STATUS_UNSUPPORTED, MODULES_FILE ": lists more than %d modules",
                         MAX_MODULES);
    for (size_t i = 0; i < n; i++) {
        struct document module = {.root = json_array_get(list->root, i)};
        enum status status;

        snprintf(module.name, sizeof module.name, MODULES_FILE "[%zu]", i);
        status = check_name(list, i, error);
        if (!status)
            status = read_module(model_dir, &module, i, modules, error);
        if (status)
            return status;
    }
    if (n < N_REQUIRED)
        return error_set(error, STATUS_UNSUPPORTED, MODULES_FILE ": lists no %s module",
                         served[n].name);
    return STATUS_OK;
}

enum status modules_read(struct modules *ret_modules, const char *model_dir, struct error *error)
{
    struct modules modules = {
        .pooling = {.order = {POOLING_MEAN}, .n_modes = 1},
        .include_prompt = true,
    };
    struct document list;
    enum status status;

    status = document_open_if_there(&list, model_dir, MODULES_FILE, true, error);
    if (status)
        return status;
    modules.found = list.root != NULL;
    if (modules.found) {
        status = read_modules(model_dir, &list, &modules, error);
    } else {
        modules.transformer_path = strdup("");
        status = modules.transformer_path ? STATUS_OK : STATUS_NO_MEMORY;
    }
    document_release(&list);
    if (status) {
        modules_release(&modules);
        return status;
    }
    *ret_modules = modules;
    return STATUS_OK;
}

void modules_release(struct modules *modules)
{
    if (!modules)
        return;
    free(modules->transformer_path);
    modules->transformer_path = NULL;
}
