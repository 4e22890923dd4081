/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/prompts.h"

#include "engine/files/document.h"
#include "engine/vector/similarity.h"

#include <stdlib.h>
#include <string.h>

#define SENTENCE_FILE "config_sentence_transformers.json"

static enum status check_kind(const struct document *config, const char *served,
                              struct error *error)
{
    const char *kind = served;
    enum status status = document_get_string(config, "model_type", &kind, error);

    if (status)
        return status;
    if (strcmp(kind, served) != 0)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: \"model_type\" is \"%.60s\"; supported: \"%s\"", config->name, kind,
                         served);
    return STATUS_OK;
}

static enum status read_similarity(const struct document *config, enum similarity *ret_similarity,
                                   struct error *error)
{
    const char *name = similarity_name(SIMILARITY_COSINE);
    enum status status = document_get_string(config, "similarity_fn_name", &name, error);

    if (status)
        return status;
    if (!similarity_parse(name, ret_similarity))
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: \"similarity_fn_name\" is \"%.60s\"; cosine, dot, euclidean and "
                         "manhattan are served",
                         config->name, name);
    return STATUS_OK;
}

static enum status read_prompts(const struct document *config, struct model *model,
                                struct error *error)
{
    struct document prompts;
    json_t *value;
    const char *name;
    enum status status = document_get_object(config, "prompts", &prompts, error);

    if (status || !prompts.root || json_object_size(prompts.root) == 0)
        return status;
    model->prompts = calloc(json_object_size(prompts.root), sizeof *model->prompts);
    if (!model->prompts)
        return STATUS_NO_MEMORY;
    json_object_foreach(prompts.root, name, value)
    {
        struct prompt *prompt = &model->prompts[model->n_prompts];
        const char *text = ""; /* where null */

        status = document_get_string(&prompts, name, &text, error);
        if (status)
            return status;
        model->n_prompts++;
        prompt->name = strdup(name);
        prompt->text = strdup(text);
        if (!prompt->name || !prompt->text)
            return STATUS_NO_MEMORY;
        prompt->text_len_bytes = strlen(text);
    }
    return STATUS_OK;
}

static enum status read_default_prompt(const struct document *config, struct model *model,
                                       struct error *error)
{
    const char *name = NULL;
    enum status status = document_get_string(config, "default_prompt_name", &name, error);

    if (status || !name)
        return status;
    for (size_t i = 0; i < model->n_prompts; i++) {
        if (strcmp(model->prompts[i].name, name) == 0)
            model->default_prompt = &model->prompts[i];
    }
    if (!model->default_prompt && !prompt_is_implied(name, strlen(name)))
        return error_set(
            error, STATUS_INVALID,
            "%s: \"default_prompt_name\" is \"%.60s\", which \"prompts\" does not have",
            config->name, name);
    return STATUS_OK;
}

/* A cross-encoder's: a prompt would go before both texts of a pair, and scores are not cut. */
static enum status read_judge(const struct document *config, struct model *model,
                              struct error *error)
{
    enum status status = labels_set_activation(&model->labels, config, "activation_fn", error);

    if (!status)
        status = document_refuse(config, "default_prompt_name", error);
    if (!status)
        status = document_refuse(config, "truncate_dim", error);
    return status;
}

/* A sparse encoder's: its vectors are not cut, nor made sparser. */
static enum status read_sparse(const struct document *config, struct error *error)
{
    enum status status = document_refuse(config, "max_active_dims", error);

    if (!status)
        status = document_refuse(config, "truncate_dim", error);
    return status;
}

enum status prompts_read(struct model *model, const char *model_dir, struct error *error)
{
    bool judges = model->labels.n > 0;
    const char *kind = judges                  ? "CrossEncoder"
                       : model->sparse.pooling ? "SparseEncoder"
                                               : "SentenceTransformer";
    struct document config;
    enum status status;

    status = document_open_if_there(&config, model_dir, SENTENCE_FILE, false, error);
    if (status || !config.root)
        return status;
    status = check_kind(&config, kind, error);
    if (!status && judges)
        status = read_judge(&config, model, error);
    if (!status && model->sparse.pooling)
        status = read_sparse(&config, error);
    if (!status)
        status = read_similarity(&config, &model->similarity, error);
    if (!status)
        status = read_prompts(&config, model, error);
    if (!status)
        status = read_default_prompt(&config, model, error);
    if (!status)
        status =
            document_get_size(&config, "truncate_dim", 1, 1 << 20, &model->default_dims, error);
    document_release(&config);
    return status;
}
