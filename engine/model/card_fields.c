/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/card_fields.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NULL for what is no text, or an empty one. */
static const char *text_of(const json_t *value)
{
    const char *text = json_string_value(value);

    return text && text[0] ? text : NULL;
}

static const char *get_text(const json_t *object, const char *key)
{
    return text_of(json_object_get(object, key));
}

/* How many items are taken of a list; 0 for what is none. */
static size_t count_items(const json_t *list, size_t max, bool *ret_cut)
{
    size_t n = json_array_size(list);

    if (n > max)
        *ret_cut = true;
    return n < max ? n : max;
}

/* A text alone, or the texts of a list. */
static enum status read_texts(const json_t *value, size_t max, const char ***ret_texts,
                              size_t *ret_n_texts, bool *ret_cut)
{
    size_t n = json_is_string(value) ? 1 : count_items(value, max, ret_cut);
    const char **texts;
    size_t n_kept = 0;

    if (n == 0)
        return STATUS_OK;
    texts = calloc(n, sizeof *texts);
    if (!texts)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_is_string(value) ? value : json_array_get(value, i);

        if (text_of(item))
            texts[n_kept++] = text_of(item);
    }
    *ret_texts = texts;
    *ret_n_texts = n_kept;
    return STATUS_OK;
}

/* "other" has its name in a field of its own. */
static enum status read_license(struct card *card, bool *ret_cut)
{
    const json_t *value = json_object_get(card->front_matter, "license");
    const char *name = get_text(card->front_matter, "license_name");
    const char *only = text_of(value);
    size_t n = count_items(value, CARD_MAX_LICENSES, ret_cut);

    if (only && name && strcmp(only, "other") == 0)
        only = name;
    if (only) {
        card->license = strdup(only);
        return card->license ? STATUS_OK : STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        const char *text = text_of(json_array_get(value, i));
        char *before = card->license;
        const char *comma = before ? ", " : "";

        if (!text)
            continue;
        if (asprintf(&card->license, "%s%s%s", before ? before : "", comma, text) < 0) {
            card->license = before;
            return STATUS_NO_MEMORY;
        }
        free(before);
    }
    return STATUS_OK;
}

/* --- examples --------------------------------------------------------------------------------- */

/* Two shapes: {source_sentence, sentences} for sentence similarity, {text} for features; and some
 * write a text alone. */
static enum status read_example(struct card *card, const json_t *item, bool *ret_cut)
{
    struct card_example *example = &card->examples[card->n_examples];
    const char *text = text_of(item);

    if (!text)
        text = get_text(item, "source_sentence");
    if (!text)
        text = get_text(item, "text");
    if (!text)
        return STATUS_OK;
    example->text = text;
    card->n_examples++;
    return read_texts(json_object_get(item, "sentences"), CARD_MAX_SENTENCES, &example->sentences,
                      &example->n_sentences, ret_cut);
}

static enum status read_examples(struct card *card, bool *ret_cut)
{
    const json_t *list = json_object_get(card->front_matter, "widget");
    size_t n = count_items(list, CARD_MAX_EXAMPLES, ret_cut);
    enum status status = STATUS_OK;

    if (n == 0)
        return STATUS_OK;
    card->examples = calloc(n, sizeof *card->examples);
    if (!card->examples)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; !status && i < n; i++)
        status = read_example(card, json_array_get(list, i), ret_cut);
    return status;
}

/* --- model-index ------------------------------------------------------------------------------ */

static enum status read_metrics(struct card_result *result, const json_t *list, bool *ret_cut)
{
    size_t n = count_items(list, CARD_MAX_METRICS, ret_cut);

    if (n == 0)
        return STATUS_OK;
    result->metrics = calloc(n, sizeof *result->metrics);
    if (!result->metrics)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, i);
        const struct card_metric metric = {
            .type = get_text(item, "type"),
            .name = get_text(item, "name"),
            .value = get_text(item, "value"),
        };

        if (metric.value && (metric.type || metric.name))
            result->metrics[result->n_metrics++] = metric;
    }
    return STATUS_OK;
}

static enum status read_result(struct card *card, const json_t *item, bool *ret_cut)
{
    const json_t *task = json_object_get(item, "task");
    const json_t *dataset = json_object_get(item, "dataset");
    struct card_result *result = &card->results[card->n_results];
    enum status status;

    *result = (struct card_result){
        .task_type = get_text(task, "type"),
        .task_name = get_text(task, "name"),
        .dataset_type = get_text(dataset, "type"),
        .dataset_name = get_text(dataset, "name"),
    };
    status = read_metrics(result, json_object_get(item, "metrics"), ret_cut);
    if (result->n_metrics > 0)
        card->n_results++;
    else
        free(result->metrics);
    return status;
}

/* The results of all models that the index names: nearly always one. */
static enum status read_results(struct card *card, bool *ret_cut)
{
    const json_t *models = json_object_get(card->front_matter, "model-index");
    enum status status = STATUS_OK;
    size_t n_left = CARD_MAX_RESULTS;

    for (size_t i = 0; !status && i < json_array_size(models); i++) {
        const json_t *list = json_object_get(json_array_get(models, i), "results");
        size_t n = count_items(list, n_left, ret_cut);
        struct card_result *results;

        if (n == 0)
            continue;
        results = reallocarray(card->results, card->n_results + n, sizeof *results);
        if (!results)
            return STATUS_NO_MEMORY;
        card->results = results;
        n_left -= n;
        for (size_t j = 0; !status && j < n; j++)
            status = read_result(card, json_array_get(list, j), ret_cut);
    }
    return status;
}

enum status card_fields_read(struct card *card, bool *ret_cut)
{
    const json_t *base_model = json_object_get(card->front_matter, "base_model");
    enum status status;

    *ret_cut = false;
    status = read_license(card, ret_cut);
    if (!status)
        status = read_texts(base_model, CARD_MAX_BASE_MODELS, &card->base_model,
                            &card->n_base_models, ret_cut);
    if (!status)
        status = read_examples(card, ret_cut);
    if (!status)
        status = read_results(card, ret_cut);
    return status;
}

void card_fields_release(struct card *card)
{
    for (size_t i = 0; i < card->n_examples; i++)
        free(card->examples[i].sentences);
    for (size_t i = 0; i < card->n_results; i++)
        free(card->results[i].metrics);
    free(card->license);
    free(card->base_model);
    free(card->examples);
    free(card->results);
}
