/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/head/head.h"

#include "engine/files/document.h"
#include "engine/model/family.h"
#include "engine/model/model.h"

#include <stdlib.h>
#include <string.h>

static enum status refuse_override(const char *pooling_override, struct error *error)
{
    if (!pooling_override)
        return STATUS_OK;
    return error_set(error, STATUS_INVALID,
                     "pooling=%.60s: the model is a cross-encoder, whose head says what is pooled",
                     pooling_override);
}

static enum status check(const struct family *family, const struct document *config,
                         const char *pooling_override, struct error *error)
{
    const struct family_head *head = family->head;
    enum status status;

    if (!head)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: \"architectures\" names a head, and none of %s models is served",
                         config->name, family_name(family));
    status = refuse_override(pooling_override, error);
    for (size_t i = 0; head->demands && head->demands[i].key && !status; i++)
        status = document_demand(config, head->demands[i].key, head->demands[i].word, error);
    for (size_t i = 0; head->refused && head->refused[i] && !status; i++)
        status = document_refuse(config, head->refused[i], error);
    return status;
}

static enum status read_pooling(const struct family_head *head, const struct document *config,
                                enum pooling_mode *ret_mode, struct error *error)
{
    const char *first = head->first_word ? head->first_word : pooling_mode_name(POOLING_CLS);
    const char *word = head->pooling_word ? head->pooling_word : first;
    enum status status = STATUS_OK;

    *ret_mode = head->pooling;
    if (!head->pooling_key)
        return STATUS_OK;
    status = document_get_string(config, head->pooling_key, &word, error);
    if (status)
        return status;
    if (strcmp(word, first) != 0 && strcmp(word, pooling_mode_name(POOLING_MEAN)) != 0)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: \"%s\" is \"%.60s\" (%s where it is absent); %s and mean are served",
                         config->name, head->pooling_key, word,
                         head->pooling_word ? head->pooling_word : first, first);
    *ret_mode = strcmp(word, first) == 0 ? POOLING_CLS : POOLING_MEAN;
    return STATUS_OK;
}

/* Transformers takes for the last token that before the padding, which a text's own tokens may be:
 * Qwen's tokenizers end texts with what pads them. */
static enum status read_padding(struct model *model, const struct document *config,
                                struct error *error)
{
    const json_t *id = json_object_get(config->root, "pad_token_id");

    model->head.leaves_padding =
        model->pooling.order[0] == POOLING_LAST_TOKEN && id && !json_is_null(id);
    if (!model->head.leaves_padding)
        return STATUS_OK;
    return document_get_size(config, "pad_token_id", 0, model->arch.vocab_size - 1,
                             &model->head.padding_id, error);
}

enum status head_read(struct model *model, const struct family *family,
                      const struct document *config, const char *pooling_override,
                      struct error *error)
{
    enum status status = check(family, config, pooling_override, error);

    model->pooling.n_modes = 1;
    if (!status)
        status = read_pooling(family->head, config, &model->pooling.order[0], error);
    if (!status)
        status = labels_read(&model->labels, config, error);
    if (status)
        return status;
    status = read_padding(model, config, error);
    if (status)
        return status;
    model->arch.n_labels = model->labels.n;
    model->n_dims = model->labels.n;
    return STATUS_OK;
}

static enum status check_answers(const struct model *model, const struct family *family,
                                 const struct answers *answers, struct error *error)
{
    size_t n_tokens = model->arch.vocab_size;

    if (!family->head || !family->head->vocabulary)
        return error_set(error, STATUS_UNSUPPORTED,
                         "modules.json: lists a LogitScore, which is not served of %s models",
                         family_name(family));
    if (answers->yes_id >= n_tokens || (answers->has_no && answers->no_id >= n_tokens))
        return error_set(error, STATUS_INVALID,
                         "LogitScore: \"true_token_id\" and \"false_token_id\" must be below "
                         "config.json's \"vocab_size\" %zu",
                         n_tokens);
    return STATUS_OK;
}

enum status head_read_answers(struct model *model, const struct family *family,
                              const struct document *config, const struct answers *answers,
                              const char *pooling_override, struct error *error)
{
    enum status status = check_answers(model, family, answers, error);

    if (!status)
        status = refuse_override(pooling_override, error);
    if (!status)
        status = document_get_bool(config, "tie_word_embeddings", &model->head.is_tied, error);
    if (!status)
        status = labels_read_single(&model->labels, config, error);
    if (status)
        return status;
    model->head.answers = *answers;
    model->pooling = (struct pooling){.order = {POOLING_LAST_TOKEN}, .n_modes = 1};
    model->arch.n_labels = 1;
    model->n_dims = 1;
    return STATUS_OK;
}

/* As float32; zeros where nothing is stored. */
static enum status new_values(const struct tensor *stored, size_t n, float **ret_values)
{
    *ret_values = calloc(n, sizeof **ret_values);
    if (!*ret_values)
        return STATUS_NO_MEMORY;
    if (stored->data)
        tensor_widen(stored, 0, n, *ret_values);
    return STATUS_OK;
}

/* A step of n_weights weights and n_out biases; nothing where the weights are not stored. */
static enum status add_step(struct model *model, struct transform_step step, size_t n_weights,
                            const struct tensor *weight, const struct tensor *bias)
{
    enum status status;

    if (!weight->data)
        return STATUS_OK;
    status = new_values(weight, n_weights, &step.weight);
    if (!status)
        status = new_values(bias, step.n_out, &step.bias);
    if (!status)
        return transform_add(&model->transform, &step);
    transform_step_release(&step);
    return status;
}

/* A token's logit less another's is one product with the difference of their rows. */
static enum status finish_answers(struct model *model)
{
    const struct answers *answers = &model->head.answers;
    size_t hidden = model->arch.hidden_size;
    struct transform_step step = {
        .kind = TRANSFORM_DENSE,
        .n_in = hidden,
        .n_out = 1,
        .activation = transform_find_activation("torch.nn.Identity"),
        .weight = calloc(hidden, sizeof *step.weight),
        .bias = calloc(1, sizeof *step.bias),
    };

    if (!step.weight || !step.bias) {
        transform_step_release(&step);
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < hidden; i++) {
        const struct tensor *rows = &model->head.vocabulary;
        float no = answers->has_no ? tensor_get(rows, answers->no_id * hidden + i) : 0;

        step.weight[i] = tensor_get(rows, answers->yes_id * hidden + i) - no;
    }
    return transform_add(&model->transform, &step);
}

static enum status finish_layers(struct model *model, const struct family_head *head)
{
    const struct head_weights *stored = &model->head;
    size_t hidden = model->arch.hidden_size;
    const struct transform_step dense = {.kind = TRANSFORM_DENSE,
                                         .n_in = hidden,
                                         .n_out = hidden,
                                         .activation = transform_find_activation(head->activation)};
    const struct transform_step norm = {.kind = TRANSFORM_LAYER_NORM,
                                        .n_in = hidden,
                                        .n_out = hidden,
                                        .eps = (double)model->arch.norm_eps};
    const struct transform_step output = {
        .kind = TRANSFORM_DENSE,
        .n_in = hidden,
        .n_out = model->labels.n,
        .activation = transform_find_activation("torch.nn.Identity"),
    };
    enum status status =
        add_step(model, dense, hidden * hidden, &stored->dense.weight, &stored->dense.bias);

    if (!status)
        status = add_step(model, norm, hidden, &stored->norm.gamma, &stored->norm.beta);
    if (!status)
        status = add_step(model, output, model->labels.n * hidden, &stored->output.weight,
                          &stored->output.bias);
    return status;
}

enum status head_finish(struct model *model, const struct family_head *head)
{
    return model->head.answers.are_asked ? finish_answers(model) : finish_layers(model, head);
}
