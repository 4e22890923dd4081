/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/head/labels.h"

#include "engine/files/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LABELS = 1 << 14, UNSAID_LABELS = 2 };

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

bool labels_are_there(const struct document *config)
{
    const json_t *architectures = json_object_get(config->root, "architectures");
    const char *first = json_string_value(json_array_get(architectures, 0));

    return first && ends_with(first, "ForSequenceClassification");
}

enum score_activation labels_get_probability(const struct labels *labels)
{
    return labels->n == 1 || labels->are_independent ? SCORES_SIGMOID : SCORES_SOFTMAX;
}

/* ---- names ---- */

/* "num_labels" is stronger, as in transformers; where neither is there, labels are two. */
static enum status read_count(const struct document *config, const struct document *names,
                              size_t *ret_n, struct error *error)
{
    size_t n = names->root ? json_object_size(names->root) : UNSAID_LABELS;
    enum status status = document_get_size(config, "num_labels", 1, MAX_LABELS, &n, error);

    if (!status && (n == 0 || n > MAX_LABELS))
        status = error_set(error, STATUS_INVALID, "%s: has %zu labels, must be 1 to %d",
                           names->name, n, MAX_LABELS);
    if (!status)
        *ret_n = n;
    return status;
}

/* Of label i: "id2label"'s, or LABEL_i where that is absent or of another size. */
static enum status read_name(struct labels *labels, const struct document *names, size_t i,
                             struct error *error)
{
    const char *name = NULL;
    char key[24];
    char unsaid[32];
    enum status status = STATUS_OK;

    snprintf(key, sizeof key, "%zu", i);
    snprintf(unsaid, sizeof unsaid, "LABEL_%zu", i);
    if (json_object_size(names->root) == labels->n) {
        status = document_get_string(names, key, &name, error);
        if (!status && !name)
            status = error_set(error, STATUS_INVALID, "%s: has no \"%s\"", names->name, key);
    }
    if (status)
        return status;
    labels->names[i] = strdup(name ? name : unsaid);
    return labels->names[i] ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status read_names(struct labels *labels, const struct document *config,
                              struct error *error)
{
    struct document names;
    enum status status = document_get_object(config, "id2label", &names, error);
    size_t n = 0;

    if (!status)
        status = read_count(config, &names, &n, error);
    if (status)
        return status;
    labels->names = calloc(n, sizeof *labels->names);
    if (!labels->names)
        return STATUS_NO_MEMORY;
    labels->n = n;
    for (size_t i = 0; i < n && !status; i++)
        status = read_name(labels, &names, i, error);
    return status;
}

void labels_release(struct labels *labels)
{
    for (size_t i = 0; i < labels->n; i++)
        free(labels->names[i]);
    free(labels->names);
    *labels = (struct labels){0};
}

/* ---- activation ---- */

enum status labels_set_activation(struct labels *labels, const struct document *file,
                                  const char *key, struct error *error)
{
    static const struct {
        const char *end;
        enum score_activation activation;
    } classes[] = {{".Identity", SCORES_RAW}, {".Sigmoid", SCORES_SIGMOID}};
    const char *name = NULL;
    enum status status = document_get_string(file, key, &name, error);

    if (status || !name)
        return status;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (strncmp(name, "torch.nn.", 9) == 0 && ends_with(name, classes[i].end)) {
            labels->activation = classes[i].activation;
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_UNSUPPORTED,
                     "%s: \"%s\" is \"%.80s\"; torch.nn's Identity and Sigmoid are served",
                     file->name, key, name);
}

/* Where sentence-transformers wrote it from version 4 on; else where it did before. */
static enum status read_activation(struct labels *labels, const struct document *config,
                                   struct error *error)
{
    struct document own;
    enum status status = document_get_object(config, "sentence_transformers", &own, error);

    labels->activation = labels->n == 1 ? SCORES_SIGMOID : SCORES_RAW;
    if (status)
        return status;
    if (own.root && json_object_get(own.root, "activation_fn"))
        return labels_set_activation(labels, &own, "activation_fn", error);
    return labels_set_activation(labels, config, "sbert_ce_default_activation_function", error);
}

enum status labels_read_single(struct labels *ret_labels, const struct document *config,
                               struct error *error)
{
    ret_labels->names = calloc(1, sizeof *ret_labels->names);
    if (!ret_labels->names)
        return STATUS_NO_MEMORY;
    ret_labels->n = 1;
    ret_labels->names[0] = strdup("LABEL_0");
    return ret_labels->names[0] ? read_activation(ret_labels, config, error) : STATUS_NO_MEMORY;
}

enum status labels_read(struct labels *ret_labels, const struct document *config,
                        struct error *error)
{
    const char *problem = NULL;
    enum status status = read_names(ret_labels, config, error);

    if (!status)
        status = read_activation(ret_labels, config, error);
    if (!status)
        status = document_get_string(config, "problem_type", &problem, error);
    ret_labels->are_independent = problem && strcmp(problem, "multi_label_classification") == 0;
    return status;
}
