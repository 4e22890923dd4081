/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/head/sparse.h"

#include "engine/files/document.h"
#include "engine/model/family.h"
#include "engine/model/model.h"
#include "engine/model/modules/modules.h"

#include <string.h>

bool sparse_is_asked_for(const char *pooling_override)
{
    return pooling_override && strcmp(pooling_override, "splade") == 0;
}

/* Transformers makes the head up where the file is of another class, and so of random weights. */
static enum status demand_masked_model(const struct document *config, struct error *error)
{
    static const char end[] = "ForMaskedLM";
    const json_t *architectures = json_object_get(config->root, "architectures");
    const char *first = json_string_value(json_array_get(architectures, 0));
    size_t len = first ? strlen(first) : 0;

    if (len >= sizeof end - 1 && strcmp(first + len - (sizeof end - 1), end) == 0)
        return STATUS_OK;
    return error_set(error, STATUS_UNSUPPORTED,
                     "%s: \"architectures\" begins with \"%.60s\"; a sparse embedding takes a "
                     "...%s",
                     config->name, first ? first : "", end);
}

static enum status check(const struct family *family, const struct document *config,
                         const struct modules *modules, const char *pooling_override,
                         struct error *error)
{
    const struct family_vocabulary_head *head = family->vocabulary_head;
    enum status status = STATUS_OK;

    if (!head)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: sparse embeddings of %s models are not served", config->name,
                         family_name(family));
    if (pooling_override && !sparse_is_asked_for(pooling_override))
        return error_set(error, STATUS_INVALID,
                         "pooling=%.60s: modules.json lists a SpladePooling; only splade is served",
                         pooling_override);
    if (modules->transform.n_steps > 0 || modules->normalize)
        return error_set(error, STATUS_UNSUPPORTED,
                         "modules.json: modules after the pooling of a sparse embedding are not "
                         "served");
    for (size_t i = 0; head->demands && head->demands[i].key && !status; i++)
        status = document_demand(config, head->demands[i].key, head->demands[i].word, error);
    for (size_t i = 0; head->refused && head->refused[i] && !status; i++)
        status = document_refuse(config, head->refused[i], error);
    if (!status)
        status = demand_masked_model(config, error);
    return status;
}

enum status sparse_read(struct model *model, const struct family *family,
                        const struct document *config, const struct modules *modules,
                        const char *pooling_override, struct error *error)
{
    enum status status = check(family, config, modules, pooling_override, error);

    model->ties_vocabulary = true;
    if (!status)
        status = document_get_bool(config, "tie_word_embeddings", &model->ties_vocabulary, error);
    if (status)
        return status;
    if (modules->embedding_dims && modules->sparse.pooling &&
        modules->embedding_dims != model->arch.vocab_size)
        return error_set(error, STATUS_INVALID,
                         "modules.json: the SpladePooling module takes %zu scores of a token, "
                         "config.json's \"vocab_size\" is %zu",
                         modules->embedding_dims, model->arch.vocab_size);
    model->sparse = modules->sparse;
    if (model->sparse.pooling == SPARSE_NONE)
        model->sparse.pooling = SPARSE_MAX;
    model->vocabulary_activation =
        family->vocabulary_head->has_models_activation ? model->arch.activation : ACTIVATION_GELU;
    model->pooling = (struct pooling){.order = {POOLING_MEAN}, .n_modes = 1};
    model->include_prompt = true;
    model->n_dims = model->arch.vocab_size;
    model->similarity = SIMILARITY_DOT;
    return STATUS_OK;
}
