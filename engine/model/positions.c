/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/positions.h"

#include <math.h>
#include <string.h>

/* ---- the table ---- */

static bool has_table(const struct family *family)
{
    for (const struct family_tensor *row = family->model_tensors; row->name; row++)
        if (row->offset == offsetof(struct model, position_embeddings))
            return true;
    return false;
}

/* The first token's row is the one after the padding token's. */
static enum status read_padding(const struct document *config, struct arch *arch,
                                struct error *error)
{
    enum status status = document_get_size(config, "pad_token_id", 0, arch->vocab_size - 1,
                                           &arch->padding_id, error);

    arch->first_position = arch->padding_id + 1;
    return status;
}

static enum status read_table(const struct document *config, const struct family *family,
                              struct arch *arch, struct error *error)
{
    bool is_used = has_table(family);

    arch->n_positions = arch->n_position_rows;
    if (is_used && family->table_key) {
        enum status status = document_get_bool(config, family->table_key, &is_used, error);

        if (status)
            return status;
    }
    if (!is_used) {
        arch->n_position_rows = 0;
        return STATUS_OK;
    }
    if (arch->skips_padding && arch->first_position == 0) {
        enum status status = read_padding(config, arch, error);

        if (status)
            return status;
    }
    if (arch->n_position_rows <= arch->first_position)
        return error_set(error, STATUS_INVALID,
                         "%s: \"%s\" is %zu, but the first token is at position %zu", config->name,
                         family->sizes[ARCH_POSITIONS].key, arch->n_position_rows,
                         arch->first_position);
    arch->n_positions = arch->n_position_rows - arch->first_position;
    return STATUS_OK;
}

/* ---- rotary positions ---- */

/* Whole heads are rotated. */
static enum status demand_whole(const struct document *document, const char *key,
                                struct error *error)
{
    double part = 1;
    enum status status = document_get_real(document, key, 0, 1, &part, error);

    if (!status && part != 1)
        return error_set(error, STATUS_UNSUPPORTED, "%s: \"%s\" is %g; supported: 1",
                         document->name, key, part);
    return status;
}

/* The kinds of scaling that are a change of theta or of all angles. */
static enum status read_scaling(const struct document *scaling, size_t head_size,
                                struct rotary *rotary, struct error *error)
{
    const char *kind = NULL;
    double factor = 1;
    enum status status = document_get_string(scaling, "type", &kind, error);

    if (!status)
        status = document_get_string(scaling, "rope_type", &kind, error);
    if (!status)
        status = document_get_real(scaling, "factor", 1, 1e6, &factor, error);
    if (!status && !kind && factor != 1)
        status =
            error_set(error, STATUS_INVALID,
                      "%s: \"factor\" is given, and no \"type\" that says of what", scaling->name);
    if (!status) /* scales each pair of numbers by another factor */
        status = document_refuse(scaling, "mixed_b", error);
    if (status || !kind || strcmp(kind, "default") == 0)
        return status;
    if (strcmp(kind, "linear") == 0) {
        rotary->divisor = factor;
        return STATUS_OK;
    }
    if (strcmp(kind, "ntk") == 0) {
        rotary->theta *= (float)factor;
        rotary->divisor = pow(factor, 2 / (double)head_size);
        return STATUS_OK;
    }
    return error_set(error, STATUS_UNSUPPORTED,
                     "%s: unsupported \"type\" \"%.60s\" (supported: default, linear, ntk)",
                     scaling->name, kind);
}

/* One kind of layer's, out of the object that has its theta and perhaps its scaling. */
static enum status read_parameters(const struct document *parameters, size_t head_size,
                                   struct rotary *rotary, struct error *error)
{
    double theta = (double)rotary->theta;
    enum status status = document_get_real(parameters, "rope_theta", 1, 1e12, &theta, error);

    if (!status)
        status = demand_whole(parameters, "partial_rotary_factor", error);
    rotary->theta = (float)theta;
    return status ? status : read_scaling(parameters, head_size, rotary, error);
}

/* "rope_parameters", with an object for each kind of layer where there are two. */
static enum status read_new_rotary(const struct document *parameters, struct arch *arch,
                                   struct error *error)
{
    static const char *const kinds[] = {"full_attention", "sliding_attention"};
    enum status status = STATUS_OK;

    for (size_t i = 0; i < 2 && !status; i++) {
        struct document inner;

        status = document_get_object(parameters, kinds[i], &inner, error);
        if (!status)
            status = read_parameters(inner.root ? &inner : parameters, arch->head_size,
                                     &arch->rotary[i], error);
    }
    return status;
}

static enum status read_old_rotary(const struct document *config,
                                   const struct family_rotary *family, struct arch *arch,
                                   struct error *error)
{
    double thetas[] = {family->theta,
                       family->local_theta_key ? family->local_theta : family->theta};
    struct document scaling;
    enum status status = document_get_object(config, "rope_scaling", &scaling, error);

    if (!status)
        status = demand_whole(config, "partial_rotary_factor", error);
    if (!status)
        status = demand_whole(config, "rotary_emb_fraction", error); /* NomicBERT's name for it */
    if (!status && family->theta_key)
        status = document_get_real(config, family->theta_key, 1, 1e12, &thetas[0], error);
    if (!family->local_theta_key)
        thetas[1] = thetas[0];
    else if (!status)
        status = document_get_real(config, family->local_theta_key, 1, 1e12, &thetas[1], error);
    for (size_t i = 0; i < 2; i++)
        arch->rotary[i] = (struct rotary){.theta = (float)thetas[i], .divisor = 1};
    if (!status && scaling.root)
        status = read_scaling(&scaling, arch->head_size, &arch->rotary[0], error);
    if (!family->local_theta_key)
        arch->rotary[1] = arch->rotary[0];
    return status;
}

static enum status read_rotary(const struct document *config, const struct family *family,
                               struct arch *arch, struct error *error)
{
    struct document parameters;
    enum status status = read_old_rotary(config, &family->rotary, arch, error);

    if (!status)
        status = document_get_object(config, "rope_parameters", &parameters, error);
    if (!status && parameters.root)
        status = read_new_rotary(&parameters, arch, error);
    if (!status && arch->head_size % 2 != 0)
        return error_set(error, STATUS_INVALID,
                         "%s: heads of %zu numbers cannot be rotated: they must be even",
                         config->name, arch->head_size);
    return status;
}

/* ---- local layers ---- */

static enum status read_layer_types(const struct document *config, const json_t *types,
                                    struct arch *arch, struct error *error)
{
    if (!json_is_array(types) || json_array_size(types) < arch->n_layers)
        return error_set(error, STATUS_INVALID,
                         "%s: \"layer_types\" must be an array with a text for each layer",
                         config->name);
    for (size_t i = 0; i < arch->n_layers; i++) {
        const char *type = json_string_value(json_array_get(types, i));

        arch->is_local[i] = type && strcmp(type, "sliding_attention") == 0;
        if (!type || (!arch->is_local[i] && strcmp(type, "full_attention") != 0))
            return error_set(error, STATUS_UNSUPPORTED,
                             "%s: \"layer_types\"[%zu] is not \"full_attention\" or "
                             "\"sliding_attention\"",
                             config->name, i);
    }
    return STATUS_OK;
}

static enum status read_every(const struct document *config, const struct family_window *window,
                              struct arch *arch, struct error *error)
{
    size_t every = window->every;
    enum status status = STATUS_OK;

    if (window->every_key)
        status = document_get_size(config, window->every_key, 1, ARCH_MAX_LAYERS, &every, error);
    for (size_t i = 0; i < arch->n_layers && every > 0; i++)
        arch->is_local[i] = (window->global_is_last ? i + 1 : i) % every != 0;
    return status;
}

static enum status read_everywhere(const struct document *config, const struct family *family,
                                   struct arch *arch, struct error *error)
{
    const char *key = family->window.size_key;
    const json_t *said = json_object_get(config->root, key);
    size_t size = family->window.size;
    enum status status = document_get_size(config, key, 1, 1 << 20, &size, error);

    if (status || (said && json_is_null(said)) || size >= arch->n_positions)
        return status;
    if (!arch->is_causal)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: \"%s\" is %zu (where it is absent, too) and \"is_causal\" false, "
                         "which is not served; null is",
                         config->name, key, size);
    arch->window = size - 1;
    for (size_t i = 0; i < arch->n_layers; i++)
        arch->is_local[i] = true;
    return STATUS_OK;
}

static enum status read_window(const struct document *config, const struct family *family,
                               struct arch *arch, struct error *error)
{
    const json_t *types = json_object_get(config->root, "layer_types");
    size_t size = family->window.size;
    enum status status = STATUS_OK;

    if (types && !json_is_null(types))
        status = read_layer_types(config, types, arch, error);
    else if (family->window.size_key)
        status = read_every(config, &family->window, arch, error);
    if (!status && family->window.size_key)
        status = document_get_size(config, family->window.size_key, 1, 1 << 20, &size, error);
    /* A causal window ends with its token; one in both directions has it in the middle. */
    if (family->window.size_key)
        arch->window = arch->is_causal ? size - 1 : size / 2;
    for (size_t i = 0; i < arch->n_layers && !status && !family->window.size_key; i++)
        if (arch->is_local[i])
            return error_set(error, STATUS_UNSUPPORTED,
                             "%s: \"layer_types\"[%zu] is \"sliding_attention\", which nestd "
                             "cannot do for this \"model_type\"",
                             config->name, i);
    return status;
}

enum status positions_read(const struct document *config, const struct family *family,
                           struct arch *arch, struct error *error)
{
    enum status status = read_table(config, family, arch, error);

    if (!status && arch->rotates)
        status = read_rotary(config, family, arch, error);
    if (!status && family->window.is_everywhere)
        status = read_everywhere(config, family, arch, error);
    else if (!status && (family->window.size_key || family->features.is_causal))
        status = read_window(config, family, arch, error);
    return status;
}
