/* SPDX-License-Identifier: Apache-2.0 */

/* A folder as model2vec saves it, where modules.json is missing: config.json, whose "model_type" is
 * "model2vec" or, in others, absent beside a "normalize". What else config.json says is how the
 * model was made. */
#include "engine/model/modules/module.h"

#include <string.h>

enum { DEFAULT_MAX_TOKENS = 512 };

/* "max_length": null is no limit. */
static enum status read_max_tokens(const struct document *config, struct modules *modules,
                                   struct error *error)
{
    const json_t *value = json_object_get(config->root, "max_length");

    modules->max_tokens = json_is_null(value) ? 0 : DEFAULT_MAX_TOKENS;
    return document_get_size(config, "max_length", 1, SIZE_MAX / 2, &modules->max_tokens, error);
}

static enum status read_config(const struct document *config, struct modules *modules,
                               struct error *error)
{
    static const char *const known[] = {
        "model_type",     "architectures",
        "tokenizer_name", "apply_pca",
        "apply_zipf",     "sif_coefficient",
        "hidden_dim",     "seq_length",
        "normalize",      "max_length",
        "pooling",        "embedding_dtype",
        "head_config",    "vocabulary_quantization",
    };
    enum status status = document_check_keys(config, known, sizeof known / sizeof *known, error);

    if (!status)
        status = document_get_bool(config, "normalize", &modules->normalize, error);
    if (!status)
        status = read_max_tokens(config, modules, error);
    return status;
}

static enum status is_model2vec(const struct document *config, bool *ret_is, struct error *error)
{
    const char *type = NULL;
    enum status status = document_get_string(config, "model_type", &type, error);

    if (status)
        return status;
    *ret_is =
        type ? strcmp(type, "model2vec") == 0 : json_object_get(config->root, "normalize") != NULL;
    return STATUS_OK;
}

enum status module_read_model2vec(const struct module_place *place, struct modules *modules,
                                  struct error *error)
{
    struct document config;
    enum status status = module_open_if_there(place, "config.json", &config, error);

    if (status || !config.root)
        return status;
    status = is_model2vec(&config, &modules->by_model2vec, error);
    if (!status && modules->by_model2vec)
        status = read_config(&config, modules, error);
    if (!status && modules->by_model2vec)
        status = token_table_open(&modules->table, place->model_dir, place->path, error);
    document_release(&config);
    modules->n_dims = modules->table.n_dims;
    return status;
}
