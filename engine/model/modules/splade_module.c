/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/modules/module.h"

#include <string.h>

static enum status read_strategy(const struct document *config, struct sparse_rule *rule,
                                 struct error *error)
{
    const char *name = "max";
    enum status status = document_get_string(config, "pooling_strategy", &name, error);

    if (status)
        return status;
    if (strcmp(name, "max") == 0)
        rule->pooling = SPARSE_MAX;
    else if (strcmp(name, "sum") == 0)
        rule->pooling = SPARSE_SUM;
    else
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: \"pooling_strategy\" is \"%.60s\"; max and sum are served",
                         config->name, name);
    return STATUS_OK;
}

static enum status read_activation(const struct document *config, struct sparse_rule *rule,
                                   struct error *error)
{
    const char *name = "relu";
    enum status status = document_get_string(config, "activation_function", &name, error);

    if (status)
        return status;
    rule->logs_twice = strcmp(name, "log1p_relu") == 0;
    if (!rule->logs_twice && strcmp(name, "relu") != 0)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: \"activation_function\" is \"%.60s\"; relu and log1p_relu are served",
                         config->name, name);
    return STATUS_OK;
}

/* "chunk_size" is how many tokens at a time: it changes no numbers. */
static enum status read_config(const struct document *config, struct modules *modules,
                               struct error *error)
{
    static const char *const known[] = {"pooling_strategy", "activation_function", "chunk_size",
                                        "word_embedding_dimension", "embedding_dimension"};
    enum status status = document_check_keys(config, known, sizeof known / sizeof *known, error);

    if (!status)
        status = read_strategy(config, &modules->sparse, error);
    if (!status)
        status = read_activation(config, &modules->sparse, error);
    if (!status)
        status = document_get_size(config, "word_embedding_dimension", 1, 1 << 24,
                                   &modules->embedding_dims, error);
    if (!status)
        status = document_get_size(config, "embedding_dimension", 1, 1 << 24,
                                   &modules->embedding_dims, error);
    return status;
}

enum status module_read_splade_pooling(const struct module_place *place, struct modules *modules,
                                       struct error *error)
{
    struct document config;
    enum status status;

    modules->pools = true;
    status = module_open(place, "config.json", &config, error);
    if (status)
        return status;
    status = read_config(&config, modules, error);
    document_release(&config);
    return status;
}
