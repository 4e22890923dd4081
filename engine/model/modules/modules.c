/* SPDX-License-Identifier: Apache-2.0 */

/* modules.json is an array of {"name", "path", "type"}; the modules run in its order. A type is a
 * Python name: "sentence_transformers.models.Pooling" up to version 5,
 * "sentence_transformers.sentence_transformer.modules.pooling.Pooling" since; its first and last
 * parts tell. Each module's own files lie in the folder at its path.
 *
 * sentence-transformers passes what stands in a module's file to a constructor, which refuses
 * unknown keys; so does this, since a setting that is not known may change the numbers. */
#include "engine/model/modules/modules.h"

#include "engine/model/modules/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODULES_FILE "modules.json"

/* What takes texts in comes first, and a pooling or a LogitScore after a Transformer; after them
 * come the others, in any number, but nothing after a LogitScore. */
enum module_rank { MODULE_FIRST, MODULE_SECOND, MODULE_LATER, MODULE_NOWHERE };
static const struct {
    const char *name;
    module_reader *read;
    enum module_rank rank;
} served[] = {
    {"Transformer", module_read_transformer, MODULE_FIRST},
    {"MLMTransformer", module_read_masked_model, MODULE_FIRST},
    {"StaticEmbedding", module_read_static_embedding, MODULE_FIRST},
    {"Pooling", module_read_pooling, MODULE_SECOND},
    {"SpladePooling", module_read_splade_pooling, MODULE_SECOND},
    {"LogitScore", module_read_logit_score, MODULE_SECOND},
    {"Dense", module_read_dense, MODULE_LATER},
    {"LayerNorm", module_read_layer_norm, MODULE_LATER},
    {"Normalize", module_read_normalize, MODULE_LATER},
    {"Dropout", module_read_dropout, MODULE_LATER},
};
enum { N_SERVED = sizeof served / sizeof *served, MAX_MODULES = 64 };

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

/* What reads the module of that type after `index` others; NULL where it may not stand there. */
static module_reader *find_module(const char *type, size_t index, const struct modules *modules)
{
    bool wants_second = index == 1 && !modules->table.weights;
    enum module_rank rank = index == 0 ? MODULE_FIRST : wants_second ? MODULE_SECOND : MODULE_LATER;

    if (modules->answers.are_asked)
        rank = MODULE_NOWHERE;
    for (size_t i = 0; i < N_SERVED; i++) {
        if (served[i].rank == rank && type_is(type, served[i].name))
            return served[i].read;
    }
    return NULL;
}

/* Each route becomes a folder of its own beside the model's: MODEL-query, MODEL-document. */
#define SPLIT                                                                                      \
    "python3 -c 'import sys;from sentence_transformers import SentenceTransformer as S;"           \
    "d=sys.argv[1];m=S(d,device=\"cpu\");f=lambda x:getattr(x,\"sub_modules\",{});"                \
    "[S(modules=[z for x in m for z in (f(x)[k]if k in "                                           \
    "f(x)else[x])],prompts=m.prompts,similarity_fn_name="                                          \
    "m.similarity_fn_name,device=\"cpu\").save(d+\"-\"+k) for y in m for k in f(y).keys()]' "

static enum status refuse_type(const struct document *module, const char *type,
                               const char *model_dir, struct error *error)
{
    if (type_is(type, "Router") || type_is(type, "Asym"))
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: \"type\" is \"%.100s\", which holds a model for each kind of text; "
                         "save each as a model and serve those, by: " SPLIT "%s",
                         module->name, type, model_dir);
    return error_set(error, STATUS_UNSUPPORTED,
                     "%s: \"type\" is \"%.100s\"; Transformer and Pooling, or StaticEmbedding, "
                     "and then perhaps Dense, LayerNorm, Normalize or Dropout are served, in "
                     "this order, or Transformer and LogitScore, or MLMTransformer and "
                     "SpladePooling",
                     module->name, type);
}

static enum status read_module(const char *model_dir, const struct document *module, size_t index,
                               struct modules *modules, struct error *error)
{
    struct module_place place = {.model_dir = model_dir, .path = NULL};
    const char *type = NULL;
    module_reader *read;
    enum status status;

    status = document_get_string(module, "type", &type, error);
    if (!status)
        status = document_get_string(module, "path", &place.path, error);
    if (status)
        return status;
    if (!type || !place.path)
        return error_set(error, STATUS_INVALID, "%s: has no \"%s\"", module->name,
                         type ? "path" : "type");
    read = find_module(type, index, modules);
    if (!read)
        return refuse_type(module, type, model_dir, error);
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
    if (n == 0)
        return error_set(error, STATUS_UNSUPPORTED, MODULES_FILE ": lists no Transformer module");
    return STATUS_OK;
}

enum status modules_demand_pooling(const struct modules *modules, struct error *error)
{
    if (modules->is_masked_model && !modules->sparse.pooling)
        return error_set(error, STATUS_UNSUPPORTED,
                         MODULES_FILE ": lists an MLMTransformer, but no SpladePooling");
    if (modules->found && !modules->pools)
        return error_set(error, STATUS_UNSUPPORTED, MODULES_FILE ": lists no Pooling module");
    return STATUS_OK;
}

enum status modules_read(struct modules *ret_modules, const char *model_dir, struct error *error)
{
    struct modules modules = {
        .pooling = {.order = {POOLING_MEAN}, .n_modes = 1},
        .include_prompt = true,
    };
    const struct module_place whole = {.model_dir = model_dir, .path = ""};
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
        status = modules.transformer_path ? module_read_model2vec(&whole, &modules, error)
                                          : STATUS_NO_MEMORY;
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
    token_table_close(&modules->table);
    transform_release(&modules->transform);
}
