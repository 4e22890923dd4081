/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/embed/limits.h"

#include "config/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static enum status set_dims(struct limits *limits, const struct options *options,
                            const struct engine_info *info, struct error *error)
{
    const struct option_numbers *list = &options->matryoshka_dims;
    size_t n = list->n_values ? list->n_values : info->n_matryoshka_dims;

    if (n == 0)
        return STATUS_OK;
    limits->dims = calloc(n, sizeof(*limits->dims));
    if (!limits->dims)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        limits->dims[i] = list->n_values ? (size_t)list->values[i] : info->matryoshka_dims[i];
        if (limits->dims[i] > info->n_dims)
            return error_set(error, STATUS_INVALID,
                             "--matryoshka-dims=%zu: expected sizes that the model's vectors can "
                             "have, from 1 to %zu",
                             limits->dims[i], info->n_dims);
    }
    sizes_sort(limits->dims, n);
    limits->n_dims_listed = n;
    return STATUS_OK;
}

static enum status set_default_prompt(struct limits *limits, const struct options *options,
                                      const struct engine_info *info, struct error *error)
{
    const char *text = options->default_prompt;
    const char *name = options->default_prompt_name;
    const struct prompt *own = info->default_prompt;

    if (limits->labels.n > 0 && (text || name))
        return error_set(error, STATUS_INVALID,
                         "--default-prompt%s: the model is a cross-encoder, which has no prompts",
                         text ? "" : "-name");
    if (text) {
        limits->default_prompt = (struct slice){text, strlen(text)};
        return STATUS_OK;
    }
    if (!name) {
        if (own)
            limits->default_prompt = (struct slice){own->text, own->text_len_bytes};
        return STATUS_OK;
    }
    if (!limits_get_prompt_text(limits, (struct slice){name, strlen(name)},
                                &limits->default_prompt))
        return error_set(error, STATUS_INVALID,
                         "--default-prompt-name=%s: expected one of the model's prompts: %s", name,
                         limits_list_prompts(limits).text);
    return STATUS_OK;
}

enum status limits_new(struct limits **ret_limits, const struct options *options,
                       const struct engine_info *info, struct error *error)
{
    struct limits *limits = calloc(1, sizeof(*limits));
    enum status status;

    if (!limits)
        return STATUS_NO_MEMORY;
    limits->max_inputs = (size_t)options->max_client_batch_size;
    limits->max_text_tokens = info->max_tokens;
    /* A request that the queue could never hold must not be told to retry later. */
    limits->max_request_tokens =
        smaller((size_t)options->max_request_tokens, (size_t)options->max_queue_tokens);
    limits->hidden_size = info->hidden_size;
    limits->max_unpooled_tokens =
        smaller(limits->max_request_tokens,
                (size_t)options->token_vectors_limit / (limits->hidden_size * sizeof(float)));
    limits->vocabulary_size = tokenizer_vocabulary_size(info->tokenizer);
    limits->n_dims = info->n_dims;
    limits->default_dims = info->default_dims;
    limits->prompts = info->prompts;
    limits->n_prompts = info->n_prompts;
    limits->include_prompt = info->include_prompt;
    limits->normalize = info->normalize;
    limits->truncate = tokenizer_truncates_start(info->tokenizer) ? TRUNCATE_START : TRUNCATE_END;
    limits->auto_truncate = options->auto_truncate;
    limits->similarity = info->similarity;
    limits->is_sparse = info->is_sparse;
    if (info->labels)
        limits->labels = *info->labels;

    status = set_dims(limits, options, info, error);
    if (!status)
        status = set_default_prompt(limits, options, info, error);
    if (status) {
        limits_free(limits);
        return status;
    }
    *ret_limits = limits;
    return STATUS_OK;
}

enum status limits_demand_vectors(const struct limits *limits, struct error *error)
{
    if (limits->is_sparse)
        return error_set(error, STATUS_UNSUPPORTED,
                         "the model gives sparse vectors (SPLADE): POST /embed_sparse of a server "
                         "returns them");
    if (limits->labels.n == 0)
        return STATUS_OK;
    return error_set(error, STATUS_UNSUPPORTED,
                     "the model is a cross-encoder, which scores pairs of texts: it cannot embed");
}

bool limits_embed(const struct limits *limits)
{
    return limits->labels.n == 0 && !limits->is_sparse;
}

void limits_free(struct limits *limits)
{
    if (!limits)
        return;
    free(limits->dims);
    free(limits);
}

bool limits_allow_dims(const struct limits *limits, size_t n_dims)
{
    if (n_dims < 1 || n_dims > limits->n_dims)
        return false;
    if (n_dims == limits->n_dims || limits->n_dims_listed == 0)
        return true;
    for (size_t i = 0; i < limits->n_dims_listed; i++) {
        if (limits->dims[i] == n_dims)
            return true;
    }
    return false;
}

const struct prompt *limits_find_prompt(const struct limits *limits, struct slice name)
{
    for (size_t i = 0; i < limits->n_prompts; i++) {
        if (slice_is(name, limits->prompts[i].name))
            return &limits->prompts[i];
    }
    return NULL;
}

bool limits_get_prompt_text(const struct limits *limits, struct slice name, struct slice *ret_text)
{
    const struct prompt *prompt = limits_find_prompt(limits, name);

    if (!prompt && !prompt_is_implied(name.bytes, name.len_bytes))
        return false;
    *ret_text = prompt ? (struct slice){prompt->text, prompt->text_len_bytes} : (struct slice){0};
    return true;
}

/* Adds one choice. After the first that does not fit, the list ends in "..." and takes no more. */
static void choices_add(struct choices *choices, const char *text, size_t *len_bytes)
{
    const char *separator = *len_bytes ? ", " : "";
    size_t room = sizeof(choices->text) - *len_bytes;
    size_t needed = strlen(separator) + strlen(text) + sizeof(", ...");

    if (needed > room) {
        if (room >= sizeof(", ..."))
            memcpy(choices->text + *len_bytes, ", ...", sizeof(", ..."));
        *len_bytes = sizeof(choices->text);
        return;
    }
    *len_bytes += (size_t)snprintf(choices->text + *len_bytes, room, "%s%s", separator, text);
}

struct choices limits_list_dims(const struct limits *limits)
{
    struct choices choices = {0};
    size_t len_bytes = 0;
    char number[24];

    if (limits->n_dims_listed == 0) {
        snprintf(choices.text, sizeof(choices.text), "1 to %zu", limits->n_dims);
        return choices;
    }
    for (size_t i = 0; i < limits->n_dims_listed; i++) {
        if (limits->dims[i] == limits->n_dims)
            continue;
        snprintf(number, sizeof(number), "%zu", limits->dims[i]);
        choices_add(&choices, number, &len_bytes);
    }
    snprintf(number, sizeof(number), "%zu", limits->n_dims);
    choices_add(&choices, number, &len_bytes);
    return choices;
}

struct choices limits_list_prompts(const struct limits *limits)
{
    struct choices choices = {0};
    size_t len_bytes = 0;

    for (size_t i = 0; i < limits->n_prompts; i++)
        choices_add(&choices, limits->prompts[i].name, &len_bytes);
    for (size_t i = 0; i < N_IMPLIED_PROMPTS; i++) {
        const char *name = implied_prompts[i];

        if (!limits_find_prompt(limits, (struct slice){name, strlen(name)}))
            choices_add(&choices, name, &len_bytes);
    }
    return choices;
}
