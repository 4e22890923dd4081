/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/shape.h"

#include <stdlib.h>
#include <string.h>

/* The largest BERT known has hidden size 2560 (Megatron, 3.9 billion parameters). */
enum {
    MOST_HIDDEN = 1 << 16,
    MOST_LAYERS = 1 << 10,
    MOST_INTERMEDIATE = 1 << 18,
    MOST_VOCABULARY = 1 << 24,
    MOST_POSITIONS = 1 << 20,
    MOST_TYPES = 1 << 16,
};

static const struct {
    const char *name;
    enum activation activation;
} activations[] = {
    {"gelu", ACTIVATION_GELU},
    {"gelu_new", ACTIVATION_GELU_TANH},
    {"gelu_pytorch_tanh", ACTIVATION_GELU_TANH},
    {"relu", ACTIVATION_RELU},
};

/* Settings that would change the numbers. Absent, false and empty ask for nothing. */
static const char *const refused[] = {
    "is_decoder",   "add_cross_attention", "is_causal",
    "pruned_heads", "quantization_config", "auto_map", /* code of its own, in place of BERT */
};

static enum status check_kind(const struct document *config, struct error *error)
{
    const char *model_type = NULL;
    const char *positions = "absolute";
    enum status status;

    status = document_get_string(config, "model_type", &model_type, error);
    if (status)
        return status;
    if (!model_type || strcmp(model_type, "bert") != 0)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: \"model_type\" is %.60s; \"bert\" alone is served", config->name,
                         model_type ? model_type : "absent");
    status = document_get_string(config, "position_embedding_type", &positions, error);
    if (status)
        return status;
    if (strcmp(positions, "absolute") != 0)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: \"position_embedding_type\" is \"%.60s\"; \"absolute\" alone is "
                         "served",
                         config->name, positions);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        status = document_refuse(config, refused[i], error);
        if (status)
            return status;
    }
    return STATUS_OK;
}

static enum status read_activation(const struct document *config, enum activation *ret_activation,
                                   struct error *error)
{
    const char *name = "gelu";
    enum status status;

    status = document_get_string(config, "hidden_act", &name, error);
    if (status)
        return status;
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
        if (strcmp(name, activations[i].name) == 0) {
            *ret_activation = activations[i].activation;
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_UNSUPPORTED,
                     "%s: \"hidden_act\" is \"%.60s\"; gelu, gelu_new, gelu_pytorch_tanh and relu "
                     "are served",
                     config->name, name);
}

static enum status read_sizes(const struct document *config, struct model_shape *shape,
                              struct error *error)
{
    const struct {
        const char *key;
        size_t most;
        size_t *value;
    } sizes[] = {
        {"hidden_size", MOST_HIDDEN, &shape->hidden_size},
        {"num_hidden_layers", MOST_LAYERS, &shape->n_layers},
        {"num_attention_heads", MOST_HIDDEN, &shape->n_attention_heads},
        {"intermediate_size", MOST_INTERMEDIATE, &shape->intermediate_size},
        {"vocab_size", MOST_VOCABULARY, &shape->vocab_size},
        {"max_position_embeddings", MOST_POSITIONS, &shape->n_positions},
        {"type_vocab_size", MOST_TYPES, &shape->n_types},
    };

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        enum status status =
            document_get_size(config, sizes[i].key, 1, sizes[i].most, sizes[i].value, error);

        if (status)
            return status;
    }
    if (shape->hidden_size % shape->n_attention_heads != 0)
        return error_set(error, STATUS_INVALID,
                         "%s: \"hidden_size\" %zu is not a multiple of \"num_attention_heads\" %zu",
                         config->name, shape->hidden_size, shape->n_attention_heads);
    return STATUS_OK;
}

enum status shape_read(const struct document *config, struct model_shape *ret_shape,
                       struct error *error)
{
    struct model_shape shape = {
        .hidden_size = 768,
        .n_layers = 12,
        .n_attention_heads = 12,
        .intermediate_size = 3072,
        .vocab_size = 30522,
        .n_positions = 512,
        .n_types = 2,
    };
    double eps = 1e-12;
    enum status status;

    status = check_kind(config, error);
    if (status)
        return status;
    status = read_sizes(config, &shape, error);
    if (status)
        return status;
    status = document_get_real(config, "layer_norm_eps", 0, 1, &eps, error);
    if (status)
        return status;
    status = read_activation(config, &shape.activation, error);
    if (status)
        return status;
    shape.layer_norm_eps = (float)eps;
    *ret_shape = shape;
    return STATUS_OK;
}

static int compare_sizes(const void *left, const void *right)
{
    size_t a = *(const size_t *)left;
    size_t b = *(const size_t *)right;

    return (a > b) - (a < b);
}

enum status shape_read_matryoshka(const struct document *config, size_t n_dims, size_t **ret_dims,
                                  size_t *ret_n_dims, struct error *error)
{
    const json_t *list = json_object_get(config->root, "matryoshka_dimensions");
    size_t n_listed = json_array_size(list);
    size_t n_kept = 0;
    size_t *dims;

    if (list && !json_is_null(list) && !json_is_array(list))
        return error_set(error, STATUS_INVALID,
                         "%s: \"matryoshka_dimensions\" must be an array of whole numbers",
                         config->name);
    if (n_listed == 0) {
        *ret_dims = NULL;
        *ret_n_dims = 0;
        return STATUS_OK;
    }
    dims = calloc(n_listed, sizeof *dims);
    if (!dims)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n_listed; i++) {
        const json_t *item = json_array_get(list, i);
        char shown[DOCUMENT_SHOWN_BYTES];

        if (!json_get_size(item, 1, n_dims, &dims[i])) {
            free(dims);
            return error_set(error, STATUS_INVALID,
                             "%s: \"matryoshka_dimensions\" must hold whole numbers from 1 to the "
                             "vector's %zu, holds %s",
                             config->name, n_dims, document_show(item, shown));
        }
    }
    qsort(dims, n_listed, sizeof *dims, compare_sizes);
    for (size_t i = 0; i < n_listed; i++) {
        if (i == 0 || dims[i] != dims[i - 1])
            dims[n_kept++] = dims[i];
    }
    *ret_dims = dims;
    *ret_n_dims = n_kept;
    return STATUS_OK;
}
