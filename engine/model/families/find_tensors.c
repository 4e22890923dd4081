/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/families/find_tensors.h"

#include "engine/files/tensor.h"
#include "engine/model/family.h"
#include "engine/model/head/head.h"
#include "engine/model/weights.h"

#include <stdio.h>
#include <stdlib.h>

/* Whether a row's tensor is there: its rows may be none, as those of token types. */
static bool is_there(const struct model *model, const struct family_tensor *row)
{
    const struct arch *arch = &model->arch;

    if (row->widens && arch->embedding_size == arch->hidden_size)
        return false;
    return arch_size(arch, row->rows) > 0 && arch_size(arch, row->needs) > 0;
}

/* Part `part` of the n_parts that a tensor's rows are. */
static void take_part(struct tensor *tensor, unsigned part, unsigned n_parts)
{
    size_t n_rows = tensor->dims[0] / n_parts;
    size_t row_bytes = dtype_size_bytes(tensor->dtype);

    for (size_t i = 1; i < tensor->n_dims; i++)
        row_bytes *= tensor->dims[i];
    tensor->data = (const char *)tensor->data + part * n_rows * row_bytes;
    tensor->dims[0] = n_rows;
}

static enum status fill_tensor(const struct model *model, const struct family_tensor *row,
                               const char *prefix, struct tensor *ret_tensor, struct error *error)
{
    unsigned n_parts = row->n_parts ? row->n_parts : 1;
    size_t dims[] = {arch_size(&model->arch, row->rows) * n_parts, 0,
                     model->arch.convolution_width};
    size_t n_dims = row->columns == ARCH_NONE ? 1 : 2u + row->is_deep;
    char name[160];
    enum status status;

    if (n_dims > 1)
        dims[1] = arch_size(&model->arch, row->columns);
    snprintf(name, sizeof name, "%s%s", prefix, row->name);
    status = (row->is_outer ? weights_find_outer : weights_find)(model->weights, name, dims, n_dims,
                                                                 ret_tensor, error);
    if (!status)
        take_part(ret_tensor, row->part, n_parts);
    return status;
}

static enum status fill_model(struct model *model, const struct family_tensor *tensors,
                              struct error *error)
{
    for (const struct family_tensor *row = tensors; row->name; row++) {
        enum status status = STATUS_OK;

        if (is_there(model, row))
            status =
                fill_tensor(model, row, "", (struct tensor *)((char *)model + row->offset), error);
        if (status)
            return status;
    }
    return STATUS_OK;
}

static bool is_in_layer(const struct arch *arch, const struct family_tensor *row, size_t layer)
{
    switch (row->layers) {
    case LAYERS_ALL:
        break;
    case LAYERS_BUT_FIRST:
        return layer > 0;
    case LAYERS_WITH_EXPERTS:
        return arch_has_experts(arch, layer);
    case LAYERS_WITHOUT_EXPERTS:
        return !arch_has_experts(arch, layer);
    }
    return true;
}

static enum status fill_layer(struct model *model, const struct family *family, size_t layer,
                              struct error *error)
{
    size_t group = layer / (model->arch.n_layers / model->arch.n_groups);
    char *owner = (char *)&model->layers[layer];
    char prefix[100];

    snprintf(prefix, sizeof prefix, "%s%zu%s", family->layer_prefix, group,
             family->layer_infix ? family->layer_infix : ".");
    for (const struct family_tensor *row = family->layer_tensors; row->name; row++) {
        enum status status = STATUS_OK;

        if (is_in_layer(&model->arch, row, layer))
            status = fill_tensor(model, row, prefix, (struct tensor *)(owner + row->offset), error);
        if (status)
            return status;
    }
    return STATUS_OK;
}

static enum status fill_vocabulary_head(struct model *model,
                                        const struct family_vocabulary_head *head,
                                        struct error *error)
{
    enum status status = fill_model(model, head->tensors, error);

    if (!status && !model->ties_vocabulary)
        status = fill_model(model, head->output, error);
    else if (!status)
        model->vocabulary_head.output.weight = model->word_embeddings;
    return status;
}

/* The rows that make logits: of their own or, where the file has none and config.json ties them,
 * the word embeddings. */
static enum status fill_vocabulary(struct model *model, const struct family_head *head,
                                   struct error *error)
{
    struct tensor own;
    enum status status = weights_find_any(model->weights, head->vocabulary[0].name, 2, &own, error);

    if (status)
        return status;
    if (own.data || !model->head.is_tied)
        return fill_model(model, head->vocabulary, error);
    model->head.vocabulary = model->word_embeddings;
    return STATUS_OK;
}

static enum status load_head(struct model *model, const struct family_head *head,
                             struct error *error)
{
    enum status status;

    if (model->labels.n == 0)
        return STATUS_OK;
    status = model->head.answers.are_asked ? fill_vocabulary(model, head, error)
                                           : fill_model(model, head->tensors, error);
    return status ? status : head_finish(model, head);
}

enum status find_tensors(struct model *model, const struct family *family, struct error *error)
{
    enum status status;

    status = weights_open(&model->weights, model->transformer_dir, family->prefixes,
                          family->model_tensors[0].name, error);
    if (status)
        return status;
    model->layers = calloc(model->arch.n_layers, sizeof *model->layers);
    if (!model->layers)
        return STATUS_NO_MEMORY;
    status = fill_model(model, family->model_tensors, error);
    if (!status)
        status = load_head(model, family->head, error);
    if (!status && model->sparse.pooling)
        status = fill_vocabulary_head(model, family->vocabulary_head, error);
    for (size_t i = 0; !status && i < model->arch.n_layers; i++)
        status = fill_layer(model, family, i, error);
    return status;
}
