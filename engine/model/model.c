/* SPDX-License-Identifier: Apache-2.0 */

/* Loading goes from the outside in: the modules, then the architecture, then what follows from both
 * (vector size, token limit), then the settings of the whole, last the weights: the architecture
 * says which tensors of which sizes there must be. */
#include "engine/model/model.h"

#include "engine/base/memory.h"
#include "engine/files/document.h"
#include "engine/files/file.h"
#include "engine/model/families/find_tensors.h"
#include "engine/model/family.h"
#include "engine/model/head/head.h"
#include "engine/model/matryoshka.h"
#include "engine/model/modules/modules.h"
#include "engine/model/prompts.h"
#include "engine/model/tokenizer_config.h"
#include "engine/model/input_limits.h"
#include "engine/model/weights.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static enum status set_pooling(struct model *model, struct modules *modules, const char *override,
                               struct error *error)
{
    enum pooling_mode mode;
    size_t n_pooled;
    enum status status = modules_demand_pooling(modules, error);

    if (status)
        return status;

    if (modules->embedding_dims && modules->embedding_dims != model->arch.hidden_size)
        return error_set(error, STATUS_INVALID,
                         "modules.json: the Pooling module takes token vectors of %zu numbers, "
                         "config.json's \"hidden_size\" is %zu",
                         modules->embedding_dims, model->arch.hidden_size);
    model->pooling = modules->pooling;
    model->include_prompt = modules->include_prompt;
    model->normalize = modules->normalize;
    if (override) {
        if (!pooling_mode_parse(override, &mode))
            return error_set(error, STATUS_INVALID,
                             "pooling=%.60s: expected one of cls, max, mean, "
                             "mean_sqrt_len_tokens, weightedmean, lasttoken",
                             override);
        model->pooling = (struct pooling){.order = {mode}, .n_modes = 1};
    }
    n_pooled = model->arch.hidden_size * pooling_count(&model->pooling);
    if (modules->transform.n_steps > 0 && modules->transform.steps[0].n_in != n_pooled)
        return error_set(error, STATUS_INVALID,
                         "pooling=%s: gives vectors of %zu numbers, but the next module in "
                         "modules.json takes %zu",
                         override, n_pooled, modules->transform.steps[0].n_in);
    model->transform = modules->transform;
    modules->transform = (struct transform){0};
    model->n_dims = transform_count_out(&model->transform, n_pooled);
    return STATUS_OK;
}

static enum transformer_task task_of(const struct model *model, const struct modules *modules)
{
    if (modules->sparse.pooling)
        return modules->is_masked_model ? TASK_FILL : TASK_FILL_IF_SAID;
    if (model->head.answers.are_asked)
        return TASK_ANSWER;
    return model->labels.n > 0 ? TASK_JUDGE : TASK_EMBED;
}

/* What is to stand around a pair's texts. sentence-transformers looks at the template where the
 * Transformer module takes messages, as one does that no modules.json describes. */
static enum status read_chat(struct model *model, const struct family *family,
                             const struct modules *modules, bool takes_messages,
                             const struct tokenizer_config *config, struct error *error)
{
    bool answers = model->head.answers.are_asked;
    enum status status;

    if (model->labels.n == 0 || (!answers && modules->found && !takes_messages))
        return STATUS_OK;
    status = chat_template_read(&model->chat, model->transformer_dir, &config->document, error);
    if (status || model->chat.before)
        return status;
    if (!answers && model->pooling.order[0] != POOLING_LAST_TOKEN)
        return STATUS_OK;
    if (!answers)
        return add_note(model, "no chat template for pairs: a query and a document are judged one "
                               "after the other as they come, without a prompt around them");
    if (!family->head->chat)
        return error_set(error, STATUS_UNSUPPORTED,
                         "tokenizer_config.json: has no \"chat_template\" for a query and a "
                         "document, of which the model judges; write it to chat_template.jinja");
    status = chat_template_copy(&model->chat, family->head->chat);
    if (status)
        return status;
    return add_note(model, "no chat template for pairs: they are judged by the one that models of "
                           "this type are published with");
}

/* Of a text, where nothing in the model's shape limits it: each worker has room for one. */
enum { MAX_UNLIMITED_TOKENS = 1 << 16 };

/* What the Transformer module's own files say of texts. */
static enum status read_text_settings(struct model *model, const struct family *family,
                                      const struct modules *modules, struct error *error)
{
    size_t n_positions = model->arch.n_positions;
    struct input_limits limits = {0};
    struct tokenizer_config config;
    enum status status = STATUS_OK;
    size_t max_tokens;

    if (modules->found)
        status = input_limits_read(&limits, model->transformer_dir, task_of(model, modules), error);
    if (!status)
        status = tokenizer_config_read(&config, model->transformer_dir, error);
    if (status)
        return status;
    max_tokens = limits.max_tokens ? limits.max_tokens : config.max_length;
    if (family->is_unlimited && max_tokens > n_positions)
        n_positions = max_tokens < MAX_UNLIMITED_TOKENS ? max_tokens : MAX_UNLIMITED_TOKENS;
    model->arch.n_positions = n_positions;
    status = read_chat(model, family, modules, limits.takes_messages, &config, error);
    model->has_types = model->labels.n > 0 && model->arch.n_types > 1 && config.gives_types;
    tokenizer_config_release(&config);
    if (status)
        return status;
    model->lowercase = limits.lowercase;
    model->max_tokens = max_tokens && max_tokens < n_positions ? max_tokens : n_positions;
    if (family->is_unlimited && max_tokens == 0)
        return add_note(model,
                        "no file says how long texts may be: they are cut to %zu tokens, where "
                        "sentence-transformers would read them whole; \"max_seq_length\" in "
                        "sentence_bert_config.json may say more",
                        n_positions);
    if (limits.max_tokens <= n_positions)
        return STATUS_OK;
    return add_note(model,
                    "max_seq_length is %zu, but config.json's max_position_embeddings is %zu: "
                    "texts are cut to %zu tokens",
                    limits.max_tokens, n_positions, n_positions);
}

static enum status read_arch(struct model *model, struct modules *modules,
                             const char *pooling_override, const struct family **ret_family,
                             struct error *error)
{
    struct document config;
    enum status status;

    status = document_open(&config, model->transformer_dir, "config.json", false, error);
    if (status)
        return status;
    status = family_find(&config, ret_family, error);
    if (!status)
        status = arch_read(&config, *ret_family, &model->arch, error);
    if (!status && modules->answers.are_asked)
        status = head_read_answers(model, *ret_family, &config, &modules->answers, pooling_override,
                                   error);
    else if (!status && labels_are_there(&config) && !modules->pools)
        status = head_read(model, *ret_family, &config, pooling_override, error);
    else if (!status && (modules->sparse.pooling || sparse_is_asked_for(pooling_override)))
        status = sparse_read(model, *ret_family, &config, modules, pooling_override, error);
    else if (!status)
        status = set_pooling(model, modules, pooling_override, error);
    if (!status)
        status = matryoshka_read(&config, model->n_dims, &model->matryoshka_dims,
                                 &model->n_matryoshka_dims, error);
    document_release(&config);
    return status;
}

/* A static embedding: what an encoder's files say otherwise. */
static enum status take_table(struct model *model, struct modules *modules,
                              const char *pooling_override, struct error *error)
{
    if (pooling_override)
        return error_set(error, STATUS_INVALID,
                         "pooling=%.60s: a StaticEmbedding gives the mean, and no other",
                         pooling_override);
    model->table = modules->table;
    modules->table = (struct token_table){.weights = NULL};
    model->arch.hidden_size = model->table.n_dims;
    model->arch.vocab_size = model->table.n_ids;
    model->arch.n_positions = TOKEN_TABLE_MAX_TOKENS;
    model->max_tokens = TOKEN_TABLE_MAX_TOKENS;
    if (modules->max_tokens && modules->max_tokens < model->max_tokens)
        model->max_tokens = modules->max_tokens;
    model->by_model2vec = modules->by_model2vec;
    model->pooling = (struct pooling){.order = {POOLING_MEAN}, .n_modes = 1};
    model->include_prompt = true;
    model->normalize = modules->normalize;
    model->transform = modules->transform;
    modules->transform = (struct transform){0};
    model->n_dims = transform_count_out(&model->transform, model->table.n_dims);
    return STATUS_OK;
}

static enum status load_encoder(struct model *model, struct modules *modules,
                                const char *pooling_override, const struct family **ret_family,
                                struct error *error)
{
    enum status status = refuse_adapter(model, error);

    if (!status)
        status = read_arch(model, modules, pooling_override, ret_family, error);
    if (!status)
        status = read_text_settings(model, *ret_family, modules, error);
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
        if (model->labels.n > 0 || model->table.weights || model->sparse.pooling)
            return STATUS_OK;
        return add_note(model, "no modules.json: mean pooling, no normalisation and no prompts, as "
                               "sentence-transformers does then");
    }
    status = prompts_read(model, model_dir, error);
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

static enum status read_card(struct model *model, const char *model_dir)
{
    struct error complaint;
    enum status status = card_read(&model->card, model_dir, model->n_dims, &complaint);

    if (status || !complaint.text[0])
        return status;
    return add_note(model, "the model's card is not read whole: %s", complaint.text);
}

static enum status load(struct model *model, const char *model_dir, const char *pooling_override,
                        struct modules *modules, struct error *error)
{
    const struct family *family = NULL;
    enum status status;

    model->transformer_dir = path_join(model_dir, modules->transformer_path);
    if (!model->transformer_dir)
        return STATUS_NO_MEMORY;
    status = modules->table.weights
                 ? take_table(model, modules, pooling_override, error)
                 : load_encoder(model, modules, pooling_override, &family, error);
    if (!status)
        status = read_settings(model, modules, model_dir, error);
    if (!status)
        status = read_card(model, model_dir);
    if (!status && family)
        status = find_tensors(model, family, error);
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
    card_release(&model->card);
    labels_release(&model->labels);
    chat_template_release(&model->chat);
    free(model->matryoshka_dims);
    free(model->transformer_dir);
    free(model->layers);
    transform_release(&model->transform);
    token_table_close(&model->table);
    weights_close(model->weights);
    free(model);
}
