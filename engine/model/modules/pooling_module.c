/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/modules/module.h"

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
    if (!status)
        modules->n_dims = modules->embedding_dims * modules->pooling.n_modes;
    return status;
}

enum status module_read_pooling(const struct module_place *place, struct modules *modules,
                                struct error *error)
{
    struct document config;
    enum status status;

    modules->pools = true;
    modules->pooling.n_modes = 0;
    status = module_open(place, "config.json", &config, error);
    if (status)
        return status;
    status = read_pooling_config(&config, modules, error);
    document_release(&config);
    return status;
}
