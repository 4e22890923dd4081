/* SPDX-License-Identifier: Apache-2.0 */

/* Loading goes from the outside in: the modules, then the shape, then what follows from both
 * (vector size, token limit), then the settings of the whole, last the weights, which the shape
 * says what to expect of. */
#include "engine/model/model.h"

#include "engine/memory.h"
#include "engine/model/document.h"
#include "engine/model/file.h"
#include "engine/model/modules.h"
#include "engine/model/sentence.h"
#include "engine/model/shape.h"
#include "engine/model/tokenizer_config.h"
#include "engine/model/transformer.h"
#include "engine/model/weights.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- weights ---------------------------------------------------------------------------------- */

enum size {
    NONE,
    HIDDEN,
    INTERMEDIATE,
    VOCABULARY,
    POSITIONS,
    TYPES,
    N_SIZES,
};

/* Where a tensor goes and what shape it has. */
struct slot {
    const char *name; /* behind "encoder.layer.N." for a layer's */
    size_t offset;    /* in struct model or struct model_layer */
    enum size rows;
    enum size columns; /* NONE for a vector of `rows` */
};

#define MODEL(field) offsetof(struct model, field)
#define LAYER(field) offsetof(struct model_layer, field)

static const struct slot model_slots[] = {
    {"embeddings.word_embeddings.weight", MODEL(word_embeddings), VOCABULARY, HIDDEN},
    {"embeddings.position_embeddings.weight", MODEL(position_embeddings), POSITIONS, HIDDEN},
    {"embeddings.token_type_embeddings.weight", MODEL(type_embeddings), TYPES, HIDDEN},
    {"embeddings.LayerNorm.weight", MODEL(embedding_norm.gamma), HIDDEN, NONE},
    {"embeddings.LayerNorm.bias", MODEL(embedding_norm.beta), HIDDEN, NONE},
};

static const struct slot layer_slots[] = {
    {"attention.self.query.weight", LAYER(query.weight), HIDDEN, HIDDEN},
    {"attention.self.query.bias", LAYER(query.bias), HIDDEN, NONE},
    {"attention.self.key.weight", LAYER(key.weight), HIDDEN, HIDDEN},
    {"attention.self.key.bias", LAYER(key.bias), HIDDEN, NONE},
    {"attention.self.value.weight", LAYER(value.weight), HIDDEN, HIDDEN},
    {"attention.self.value.bias", LAYER(value.bias), HIDDEN, NONE},
    {"attention.output.dense.weight", LAYER(attention_output.weight), HIDDEN, HIDDEN},
    {"attention.output.dense.bias", LAYER(attention_output.bias), HIDDEN, NONE},
    {"attention.output.LayerNorm.weight", LAYER(attention_norm.gamma), HIDDEN, NONE},
    {"attention.output.LayerNorm.bias", LAYER(attention_norm.beta), HIDDEN, NONE},
    {"intermediate.dense.weight", LAYER(intermediate.weight), INTERMEDIATE, HIDDEN},
    {"intermediate.dense.bias", LAYER(intermediate.bias), INTERMEDIATE, NONE},
    {"output.dense.weight", LAYER(output.weight), HIDDEN, INTERMEDIATE},
    {"output.dense.bias", LAYER(output.bias), HIDDEN, NONE},
    {"output.LayerNorm.weight", LAYER(output_norm.gamma), HIDDEN, NONE},
    {"output.LayerNorm.bias", LAYER(output_norm.beta), HIDDEN, NONE},
};

#define N_SLOTS(slots) (sizeof(slots) / sizeof *(slots))

/* Fills the tensors of `owner`, a struct model or model_layer. */
static enum status fill_slots(const struct model *model, const struct slot *slots, size_t n_slots,
                              const char *prefix, void *owner, struct error *error)
{
    const size_t sizes[N_SIZES] = {
        [HIDDEN] = model->shape.hidden_size,    [INTERMEDIATE] = model->shape.intermediate_size,
        [VOCABULARY] = model->shape.vocab_size, [POSITIONS] = model->shape.n_positions,
        [TYPES] = model->shape.n_types,
    };

    for (size_t i = 0; i < n_slots; i++) {
        const size_t dims[] = {sizes[slots[i].rows], sizes[slots[i].columns]};
        struct tensor *tensor = (struct tensor *)((char *)owner + slots[i].offset);
        char name[100];
        enum status status;

        snprintf(name, sizeof name, "%s%s", prefix, slots[i].name);
        status = weights_find(model->weights, name, dims, slots[i].columns == NONE ? 1 : 2, tensor,
                              error);
        if (status)
            return status;
    }
    return STATUS_OK;
}

static enum status load_weights(struct model *model, struct error *error)
{
    enum status status;

    status = weights_open(&model->weights, model->transformer_dir, error);
    if (status)
        return status;
    model->layers = calloc(model->shape.n_layers, sizeof *model->layers);
    if (!model->layers)
        return STATUS_NO_MEMORY;
    status = fill_slots(model, model_slots, N_SLOTS(model_slots), "", model, error);
    for (size_t i = 0; !status && i < model->shape.n_layers; i++) {
        char prefix[40];

        snprintf(prefix, sizeof prefix, "encoder.layer.%zu.", i);
        status =
            fill_slots(model, layer_slots, N_SLOTS(layer_slots), prefix, &model->layers[i], error);
    }
    return status;
}

/* --- configuration ---------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static enum status add_note(struct model *model,
                                                                  const char *format, ...)
{
    char **notes = reallocarray(model->notes, model->n_notes + 1, sizeof *notes);
    va_list args;
    int len;

    if (!notes)
        return STATUS_NO_MEMORY;
    model->notes = notes;
    va_start(args, format);
    len = vasprintf(&notes[model->n_notes], format, args);
    va_end(args);
    if (len < 0)
        return STATUS_NO_MEMORY;
    model->n_notes++;
    return STATUS_OK;
}

/* LoRA and the like: weights that go on top of these. */
static enum status refuse_adapter(const struct model *model, struct error *error)
{
    AUTO_FREE char *path = path_join(model->transformer_dir, "adapter_config.json");

    if (!path)
        return STATUS_NO_MEMORY;
    if (file_exists(path))
        return error_set(error, STATUS_UNSUPPORTED,
                         "adapter_config.json: adapters (PEFT) are not served; merge it into the "
                         "model and save that");
    return STATUS_OK;
}

static enum status set_pooling(struct model *model, const struct modules *modules,
                               const char *override, struct error *error)
{
    enum pooling_mode mode;

    if (modules->embedding_dims && modules->embedding_dims != model->shape.hidden_size)
        return error_set(error, STATUS_INVALID,
                         "modules.json: the Pooling module takes token vectors of %zu numbers, "
                         "config.json's \"hidden_size\" is %zu",
                         modules->embedding_dims, model->shape.hidden_size);
    model->pooling = modules->pooling;
    model->include_prompt = modules->include_prompt;
    model->normalize = modules->normalize;
    if (override) {
        if (!pooling_mode_parse(override, &mode))
            return error_set(error, STATUS_INVALID,
                             "pooling \"%.60s\" is not one of cls, max, mean, "
                             "mean_sqrt_len_tokens, weightedmean, lasttoken",
                             override);
        model->pooling = (struct pooling){.order = {mode}, .n_modes = 1};
    }
    model->n_dims = model->shape.hidden_size * pooling_count(&model->pooling);
    return STATUS_OK;
}

/* What the Transformer module's own files say of texts. */
static enum status read_text_settings(struct model *model, const struct modules *modules,
                                      struct error *error)
{
    size_t n_positions = model->shape.n_positions;
    struct transformer transformer = {0};
    struct tokenizer_config config;
    enum status status = STATUS_OK;
    size_t limit;

    if (modules->found)
        status = transformer_read(&transformer, model->transformer_dir, error);
    if (!status)
        status = tokenizer_config_read(&config, model->transformer_dir, error);
    if (status)
        return status;
    limit = transformer.max_tokens ? transformer.max_tokens : config.max_length;
    tokenizer_config_release(&config);
    model->lowercase = transformer.lowercase;
    model->most_tokens = limit && limit < n_positions ? limit : n_positions;
    if (transformer.max_tokens <= n_positions)
        return STATUS_OK;
    return add_note(model,
                    "max_seq_length is %zu, but config.json's max_position_embeddings is %zu: "
                    "texts are cut to %zu tokens",
                    transformer.max_tokens, n_positions, n_positions);
}

static enum status read_shape(struct model *model, const struct modules *modules,
                              const char *pooling_override, struct error *error)
{
    struct document config;
    enum status status;

    status = document_open(&config, model->transformer_dir, "config.json", false, error);
    if (status)
        return status;
    status = shape_read(&config, &model->shape, error);
    if (!status)
        status = set_pooling(model, modules, pooling_override, error);
    if (!status)
        status = shape_read_matryoshka(&config, model->n_dims, &model->matryoshka_dims,
                                       &model->n_matryoshka_dims, error);
    document_release(&config);
    return status;
}

/* What the folder says of the whole. Without modules.json sentence-transformers does not look at it
 * either. */
static enum status read_settings(struct model *model, const struct modules *modules,
                                 const char *model_dir, struct error *error)
{
    enum status status;

    if (!modules->found) {
        model->default_dims = model->n_dims;
        return add_note(model, "no modules.json: mean pooling, no normalisation and no prompts, as "
                               "sentence-transformers does then");
    }
    status = sentence_read(model, model_dir, error);
    if (status)
        return status;
    if (model->default_dims == 0 || model->default_dims >= model->n_dims) {
        model->default_dims = model->n_dims;
        return STATUS_OK;
    }
    return add_note(model,
                    "truncate_dim is %zu: where a request names no dimensions, vectors have %zu",
                    model->default_dims, model->default_dims);
}

static enum status load(struct model *model, const char *model_dir, const char *pooling_override,
                        const struct modules *modules, struct error *error)
{
    enum status status;

    model->transformer_dir = path_join(model_dir, modules->transformer_path);
    if (!model->transformer_dir)
        return STATUS_NO_MEMORY;
    status = refuse_adapter(model, error);
    if (!status)
        status = read_shape(model, modules, pooling_override, error);
    if (!status)
        status = read_text_settings(model, modules, error);
    if (!status)
        status = read_settings(model, modules, model_dir, error);
    if (!status)
        status = load_weights(model, error);
    return status;
}

enum status model_load(struct model **ret_model, const char *model_dir,
                       const char *pooling_override, struct error *error)
{
    struct model *model = calloc(1, sizeof *model);
    struct modules modules = {.transformer_path = NULL};
    enum status status;

    if (!model)
        return STATUS_NO_MEMORY;
    status = modules_read(&modules, model_dir, error);
    if (!status)
        status = load(model, model_dir, pooling_override, &modules, error);
    modules_release(&modules);
    if (status) {
        model_free(model);
        return status;
    }
    *ret_model = model;
    return STATUS_OK;
}

void model_free(struct model *model)
{
    if (!model)
        return;
    for (size_t i = 0; i < model->n_prompts; i++) {
        free(model->prompts[i].name);
        free(model->prompts[i].text);
    }
    for (size_t i = 0; i < model->n_notes; i++)
        free(model->notes[i]);
    free(model->prompts);
    free(model->notes);
    free(model->matryoshka_dims);
    free(model->transformer_dir);
    free(model->layers);
    weights_close(model->weights);
    free(model);
}
