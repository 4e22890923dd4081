/* SPDX-License-Identifier: Apache-2.0 */

/* sentence-transformers passes what stands in these files to a constructor, which refuses unknown
 * keys; so does this, since a setting that is not known may change the numbers. */
#include "engine/model/input_limits.h"

#include "engine/files/document.h"

/* Arguments for Hugging Face's loaders. Those listed here do not change the numbers. */
static enum status check_loader_arguments(const struct document *config, struct error *error)
{
    static const char *const groups[] = {"model_args",       "model_kwargs", "tokenizer_args",
                                         "processor_kwargs", "config_args",  "config_kwargs"};
    static const char *const harmless[] = {
        "trust_remote_code", "torch_dtype",       "dtype",    "attn_implementation",
        "use_safetensors",   "add_pooling_layer", "use_fast", "use_cache"};

    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        struct document group;
        enum status status = document_get_object(config, groups[i], &group, error);

        if (!status && group.root)
            status =
                document_check_keys(&group, harmless, sizeof harmless / sizeof *harmless, error);
        if (status)
            return status;
    }
    return STATUS_OK;
}

/* Since version 6: which of the model's outputs becomes which of the module's. */
static enum status check_outputs(const struct document *config, enum transformer_task task,
                                 struct error *error)
{
    static const struct {
        const char *task;
        const char *output;
        const char *method_output;
    } named[] = {
        [TASK_EMBED] = {"feature-extraction", "token_embeddings", "last_hidden_state"},
        [TASK_JUDGE] = {"sequence-classification", "scores", "logits"},
        [TASK_ANSWER] = {"text-generation", "causal_logits", "logits"},
        [TASK_FILL] = {"fill-mask", "token_embeddings", "logits"},
        [TASK_FILL_IF_SAID] = {"fill-mask", "token_embeddings", "logits"},
    };
    struct document modalities;
    struct document text;
    enum status status;

    if (task == TASK_FILL_IF_SAID && !json_object_get(config->root, "transformer_task"))
        return error_set(error, STATUS_UNSUPPORTED,
                         "sentence_bert_config.json: has no \"transformer_task\"; before a "
                         "SpladePooling it must be \"fill-mask\"");
    status = document_demand(config, "transformer_task", named[task].task, error);
    if (!status)
        status = document_demand(config, "module_output_name", named[task].output, error);
    if (!status)
        status = document_get_object(config, "modality_config", &modalities, error);
    if (status || !modalities.root)
        return status;
    status = document_get_object(&modalities, "text", &text, error);
    if (status)
        return status;
    if (!text.root)
        return error_set(error, STATUS_UNSUPPORTED, "%s: has no \"text\"", modalities.name);
    /* sentence-transformers would send every text through the chat template. */
    if (task != TASK_JUDGE && task != TASK_ANSWER)
        status = document_refuse(&modalities, "message", error);
    if (!status)
        status = document_demand(&text, "method", "forward", error);
    if (!status)
        status = document_demand(&text, "method_output_name", named[task].method_output, error);
    return status;
}

/* A rerankers' template that is served looks at nothing but the pair's texts, so that whether it
 * shall end where an answer begins says nothing. */
static enum status check_processing(const struct document *config, struct error *error)
{
    static const char *const known[] = {"chat_template"};
    static const char *const harmless[] = {"add_generation_prompt"};
    struct document group;
    struct document inner = {.root = NULL};
    enum status status = document_get_object(config, "processing_kwargs", &group, error);

    if (status || !group.root)
        return status;
    status = document_check_keys(&group, known, sizeof known / sizeof *known, error);
    if (!status)
        status = document_get_object(&group, known[0], &inner, error);
    if (status || !inner.root)
        return status;
    return document_check_keys(&inner, harmless, sizeof harmless / sizeof *harmless, error);
}

static bool takes_messages(const struct document *config)
{
    const json_t *modalities = json_object_get(config->root, "modality_config");

    return json_is_object(json_object_get(modalities, "message"));
}

static enum status check_transformer(const struct document *config, enum transformer_task task,
                                     struct error *error)
{
    static const char *const known[] = {
        "max_seq_length",    "do_lower_case", "transformer_task",
        "modality_config",   "unpad_inputs",  "module_output_name",
        "processing_kwargs", "query_length",  "document_length",
        "query_expansion",   "model_args",    "model_kwargs",
        "tokenizer_args",    "config_args",   "config_kwargs",
        "processor_kwargs",  "cache_dir",     "tokenizer_name_or_path",
        "backend",
    };
    static const char *const refused[] = {"query_length", "document_length", "query_expansion",
                                          "tokenizer_name_or_path"};
    enum status status;

    status = document_check_keys(config, known, sizeof known / sizeof *known, error);
    for (size_t i = 0; !status && i < sizeof refused / sizeof *refused; i++)
        status = document_refuse(config, refused[i], error);
    if (!status)
        status = task == TASK_EMBED ? document_refuse(config, "processing_kwargs", error)
                                    : check_processing(config, error);
    if (!status)
        status = check_loader_arguments(config, error);
    if (!status)
        status = check_outputs(config, task, error);
    return status;
}

/* The first that is there and holds anything is taken, as sentence-transformers does. */
static enum status open_config(const char *folder, struct document *ret_config, struct error *error)
{
    static const char *const names[] = {
        "sentence_bert_config.json",       "sentence_roberta_config.json",
        "sentence_distilbert_config.json", "sentence_camembert_config.json",
        "sentence_albert_config.json",     "sentence_xlm-roberta_config.json",
        "sentence_xlnet_config.json",
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        enum status status = document_open_if_there(ret_config, folder, names[i], false, error);

        if (status || json_object_size(ret_config->root) > 0)
            return status;
        document_release(ret_config);
    }
    return STATUS_OK;
}

enum status input_limits_read(struct input_limits *ret_limits, const char *folder,
                              enum transformer_task task, struct error *error)
{
    struct input_limits limits = {0};
    struct document config = {.root = NULL};
    enum status status = open_config(folder, &config, error);

    if (!status)
        status = check_transformer(&config, task, error);
    if (!status)
        status = document_get_limit(&config, "max_seq_length", &limits.max_tokens, error);
    if (!status)
        status = document_get_bool(&config, "do_lower_case", &limits.lowercase, error);
    limits.takes_messages = takes_messages(&config);
    document_release(&config);
    if (!status)
        *ret_limits = limits;
    return status;
}
