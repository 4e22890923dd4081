/* SPDX-License-Identifier: Apache-2.0 */

/* The modules that have weights of their own, in a model.safetensors in their folder: Dense and
 * LayerNorm, which are small and are kept as float32, and StaticEmbedding. */
#include "engine/base/memory.h"
#include "engine/files/file.h"
#include "engine/files/tensor.h"
#include "engine/model/modules/module.h"
#include "engine/model/weights.h"

#include <string.h>

enum { MAX_DIMS = 1 << 16 };

/* A Normalize that something follows is a step like another. */
static enum status begin_step(struct modules *modules)
{
    const struct transform_step step = {
        .kind = TRANSFORM_NORMALIZE, .n_in = modules->n_dims, .n_out = modules->n_dims};

    if (!modules->normalize)
        return STATUS_OK;
    modules->normalize = false;
    return transform_add(&modules->transform, &step);
}

static enum status end_step(struct modules *modules, struct transform_step *step)
{
    enum status status = begin_step(modules);

    if (status) {
        transform_step_release(step);
        return status;
    }
    modules->n_dims = step->n_out;
    return transform_add(&modules->transform, step);
}

/* How many numbers the module takes, which must be what the one before it gives. */
static enum status read_n_in(const struct document *config, const char *key,
                             const struct modules *modules, size_t *ret_n_in, struct error *error)
{
    size_t n_in = 0;
    enum status status = document_get_size(config, key, 1, MAX_DIMS, &n_in, error);

    if (status)
        return status;
    if (n_in == 0)
        return error_set(error, STATUS_INVALID, "%s: has no \"%s\"", config->name, key);
    if (n_in != modules->n_dims)
        return error_set(error, STATUS_INVALID,
                         "%s: \"%s\" is %zu, but the module before gives vectors of %zu numbers",
                         config->name, key, n_in, modules->n_dims);
    *ret_n_in = n_in;
    return STATUS_OK;
}

/* --- weights ---------------------------------------------------------------------------------- */

static enum status open_weights(const struct module_place *place, const char *tensor,
                                struct weights **ret_weights, struct error *error)
{
    static const char *const no_prefixes[] = {NULL};
    AUTO_FREE char *folder = path_join(place->model_dir, place->path);

    if (!folder)
        return STATUS_NO_MEMORY;
    return weights_open(ret_weights, folder, no_prefixes, tensor, error);
}

/* [n_rows, n_columns], or [n_columns] where n_rows is 0, as float32, for the caller to free. */
static enum status read_values(const struct module_place *place, const struct weights *weights,
                               const char *name, size_t n_rows, size_t n_columns,
                               float **ret_values, struct error *error)
{
    const size_t dims[] = {n_rows, n_columns};
    size_t n_values = n_rows ? n_rows * n_columns : n_columns;
    struct error fault = {{0}};
    struct tensor tensor;
    enum status status =
        weights_find(weights, name, n_rows ? dims : dims + 1, n_rows ? 2 : 1, &tensor, &fault);

    if (status)
        return error_set(error, status, "%s/%s", place->path, fault.text);
    *ret_values = memory_new_aligned(n_values * sizeof **ret_values);
    if (!*ret_values)
        return STATUS_NO_MEMORY;
    tensor_widen(&tensor, 0, n_values, *ret_values);
    return STATUS_OK;
}

/* --- Dense ------------------------------------------------------------------------------------ */

/* sentence-transformers takes any class of torch's; one outside torch it replaces by Tanh with a
 * warning, which is not what the model was trained with. */
static enum status read_activation(const struct document *config, struct transform_step *step,
                                   struct error *error)
{
    const json_t *value = json_object_get(config->root, "activation_function");
    const char *name = value ? json_string_value(value) : "torch.nn.Tanh";
    char shown[DOCUMENT_SHOWN_BYTES];

    step->activation = name ? transform_find_activation(name) : NULL;
    if (step->activation)
        return STATUS_OK;
    return error_set(error, STATUS_UNSUPPORTED,
                     "%s: \"activation_function\" is %s; torch.nn's Identity, Tanh, ReLU, GELU, "
                     "SiLU and Sigmoid are served",
                     config->name, document_show(value, shown));
}

static enum status read_dense_config(const struct document *config, const struct modules *modules,
                                     struct transform_step *step, bool *has_bias,
                                     struct error *error)
{
    static const char *const known[] = {
        "in_features",       "out_features",       "bias",         "activation_function",
        "module_input_name", "module_output_name", "use_residual",
    };
    enum status status = document_check_keys(config, known, sizeof known / sizeof *known, error);

    if (!status)
        status = document_demand(config, "module_input_name", "sentence_embedding", error);
    if (!status)
        status = document_demand(config, "module_output_name", "sentence_embedding", error);
    if (!status)
        status = read_n_in(config, "in_features", modules, &step->n_in, error);
    if (!status)
        status = document_get_size(config, "out_features", 1, MAX_DIMS, &step->n_out, error);
    if (!status && step->n_out == 0)
        status = error_set(error, STATUS_INVALID, "%s: has no \"out_features\"", config->name);
    if (!status)
        status = document_get_bool(config, "bias", has_bias, error);
    if (!status)
        status = document_get_bool(config, "use_residual", &step->adds_input, error);
    if (!status)
        status = read_activation(config, step, error);
    return status;
}

static enum status read_dense_weights(const struct module_place *place, bool has_bias,
                                      struct transform_step *step, struct error *error)
{
    struct weights *weights = NULL;
    enum status status = open_weights(place, "linear.weight", &weights, error);

    if (!status)
        status = read_values(place, weights, "linear.weight", step->n_out, step->n_in,
                             &step->weight, error);
    if (!status && has_bias)
        status = read_values(place, weights, "linear.bias", 0, step->n_out, &step->bias, error);
    if (!status && step->adds_input && step->n_in != step->n_out)
        status = read_values(place, weights, "residual.weight", step->n_out, step->n_in,
                             &step->residual, error);
    weights_close(weights);
    return status;
}

enum status module_read_dense(const struct module_place *place, struct modules *modules,
                              struct error *error)
{
    struct transform_step step = {.kind = TRANSFORM_DENSE};
    struct document config;
    bool has_bias = true;
    enum status status = module_open(place, "config.json", &config, error);

    if (status)
        return status;
    status = read_dense_config(&config, modules, &step, &has_bias, error);
    document_release(&config);
    if (!status)
        status = read_dense_weights(place, has_bias, &step, error);
    if (status) {
        transform_step_release(&step);
        return status;
    }
    return end_step(modules, &step);
}

/* --- LayerNorm -------------------------------------------------------------------------------- */

static enum status read_norm_weights(const struct module_place *place, struct transform_step *step,
                                     struct error *error)
{
    struct weights *weights = NULL;
    enum status status = open_weights(place, "norm.weight", &weights, error);

    if (!status)
        status = read_values(place, weights, "norm.weight", 0, step->n_out, &step->weight, error);
    if (!status)
        status = read_values(place, weights, "norm.bias", 0, step->n_out, &step->bias, error);
    weights_close(weights);
    return status;
}

enum status module_read_layer_norm(const struct module_place *place, struct modules *modules,
                                   struct error *error)
{
    static const char *const known[] = {"dimension"};
    struct transform_step step = {.kind = TRANSFORM_LAYER_NORM, .eps = 1e-5};
    struct document config;
    enum status status = module_open(place, "config.json", &config, error);

    if (status)
        return status;
    status = document_check_keys(&config, known, sizeof known / sizeof *known, error);
    if (!status)
        status = read_n_in(&config, "dimension", modules, &step.n_in, error);
    document_release(&config);
    step.n_out = step.n_in;
    if (!status)
        status = read_norm_weights(place, &step, error);
    if (status) {
        transform_step_release(&step);
        return status;
    }
    return end_step(modules, &step);
}

/* --- StaticEmbedding -------------------------------------------------------------------------- */

enum status module_read_static_embedding(const struct module_place *place, struct modules *modules,
                                         struct error *error)
{
    AUTO_FREE char *folder = path_join(place->model_dir, place->path);
    enum status status;

    modules->transformer_path = strdup(place->path);
    if (!folder || !modules->transformer_path)
        return STATUS_NO_MEMORY;
    status = token_table_open(&modules->table, folder, place->path, error);
    modules->n_dims = modules->table.n_dims;
    return status;
}
