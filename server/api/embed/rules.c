/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/embed/rules.h"

#include "config/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int compare_sizes(const void *a, const void *b)
{
    size_t x = *(const size_t *)a;
    size_t y = *(const size_t *)b;

    return (x > y) - (x < y);
}

static enum status set_dims(struct rules *rules, const struct options *options,
                            const struct model *model, struct error *error)
{
    const struct option_numbers *list = &options->matryoshka_dims;
    size_t n = list->n_values ? list->n_values : model->n_matryoshka_dims;

    if (n == 0)
        return STATUS_OK;
    rules->dims = calloc(n, sizeof(*rules->dims));
    if (!rules->dims)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        rules->dims[i] = list->n_values ? (size_t)list->values[i] : model->matryoshka_dims[i];
        if (rules->dims[i] > model->n_dims)
            return error_set(error, STATUS_INVALID,
                             "--matryoshka-dims: %zu is not one of the sizes that the model's "
                             "vectors can have: 1 to %zu",
                             rules->dims[i], model->n_dims);
    }
    qsort(rules->dims, n, sizeof(*rules->dims), compare_sizes);
    rules->n_dims_listed = n;
    return STATUS_OK;
}

static enum status set_default_prompt(struct rules *rules, const struct options *options,
                                      const struct model *model, struct error *error)
{
    const char *text = options->default_prompt;
    const char *name = options->default_prompt_name;
    const struct prompt *prompt = model->default_prompt;

    if (text) {
        rules->default_prompt = (struct slice){text, strlen(text)};
        return STATUS_OK;
    }
    if (name) {
        prompt = rules_find_prompt(rules, (struct slice){name, strlen(name)});
        if (!prompt && !model_implies_prompt(name, strlen(name)))
            return error_set(error, STATUS_INVALID,
                             "--default-prompt-name: '%s' is not a prompt of the model, whose "
                             "prompts are: %s",
                             name, rules_list_prompts(rules).text);
    }
    if (prompt)
        rules->default_prompt = (struct slice){prompt->text, prompt->text_len_bytes};
    return STATUS_OK;
}

enum status rules_new(struct rules **ret_rules, const struct options *options,
                      const struct engine_info *info, struct error *error)
{
    const struct model *model = info->model;
    struct rules *rules = calloc(1, sizeof(*rules));
    enum status status;

    if (!rules)
        return STATUS_NO_MEMORY;
    rules->max_inputs = (size_t)options->max_client_batch_size;
    rules->max_text_tokens = model->max_tokens;
    /* What the queue could never hold must not be told to try again later. */
    rules->max_request_tokens =
        smaller((size_t)options->max_request_tokens, (size_t)options->max_queue_tokens);
    rules->hidden_size = model->arch.hidden_size;
    rules->max_unpooled_tokens =
        smaller(rules->max_request_tokens,
                (size_t)options->token_vectors_limit / (rules->hidden_size * sizeof(float)));
    rules->vocabulary_size = tokenizer_vocabulary_size(info->tokenizer);
    rules->n_dims = model->n_dims;
    rules->default_dims = model->default_dims;
    rules->prompts = model->prompts;
    rules->n_prompts = model->n_prompts;
    rules->include_prompt = model->include_prompt;
    rules->normalize = model->normalize;
    rules->truncate = tokenizer_truncates_start(info->tokenizer) ? TRUNCATE_START : TRUNCATE_END;
    rules->auto_truncate = options->auto_truncate;
    rules->similarity = model->similarity;

    status = set_dims(rules, options, model, error);
    if (!status)
        status = set_default_prompt(rules, options, model, error);
    if (status) {
        rules_free(rules);
        return status;
    }
    *ret_rules = rules;
    return STATUS_OK;
}

void rules_free(struct rules *rules)
{
    if (!rules)
        return;
    free(rules->dims);
    free(rules);
}

bool rules_allow_dims(const struct rules *rules, size_t n_dims)
{
    if (n_dims < 1 || n_dims > rules->n_dims)
        return false;
    if (n_dims == rules->n_dims || rules->n_dims_listed == 0)
        return true;
    for (size_t i = 0; i < rules->n_dims_listed; i++) {
        if (rules->dims[i] == n_dims)
            return true;
    }
    return false;
}

const struct prompt *rules_find_prompt(const struct rules *rules, struct slice name)
{
    for (size_t i = 0; i < rules->n_prompts; i++) {
        if (slice_is(name, rules->prompts[i].name))
            return &rules->prompts[i];
    }
    return NULL;
}

/* Adds one more; once one did not fit, the list ends in "..." and takes no more. */
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

struct choices rules_list_dims(const struct rules *rules)
{
    struct choices choices = {0};
    size_t len_bytes = 0;
    char number[24];

    if (rules->n_dims_listed == 0) {
        snprintf(choices.text, sizeof(choices.text), "1 to %zu", rules->n_dims);
        return choices;
    }
    for (size_t i = 0; i < rules->n_dims_listed; i++) {
        if (rules->dims[i] == rules->n_dims)
            continue;
        snprintf(number, sizeof(number), "%zu", rules->dims[i]);
        choices_add(&choices, number, &len_bytes);
    }
    snprintf(number, sizeof(number), "%zu", rules->n_dims);
    choices_add(&choices, number, &len_bytes);
    return choices;
}

struct choices rules_list_prompts(const struct rules *rules)
{
    struct choices choices = {0};
    size_t len_bytes = 0;

    for (size_t i = 0; i < rules->n_prompts; i++)
        choices_add(&choices, rules->prompts[i].name, &len_bytes);
    for (size_t i = 0; i < N_IMPLIED_PROMPTS; i++) {
        const char *name = model_implied_prompts[i];

        if (!rules_find_prompt(rules, (struct slice){name, strlen(name)}))
            choices_add(&choices, name, &len_bytes);
    }
    return choices;
}
