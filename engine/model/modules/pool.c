/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/modules/pool.h"

#include "engine/model/model.h"

#include <string.h>

size_t model_pool_floats(const struct model *model)
{
    size_t n_pooled = model->arch.hidden_size * pooling_count(&model->pooling);

    if (model->sparse.pooling && model->n_dims > n_pooled)
        return model->n_dims;
    return transform_count_max(&model->transform, n_pooled);
}

void model_pool(const struct model *model, const float *tokens, size_t n_tokens, size_t n_skipped,
                float *ret_vector, float *scratch)
{
    pooling_apply(&model->pooling, tokens, n_tokens, n_skipped, model->arch.hidden_size,
                  ret_vector);
    transform_apply(&model->transform, ret_vector, scratch);
}

size_t model_count_pooled(const struct model *model, const int32_t *ids, size_t n_tokens)
{
    while (model->head.leaves_padding && n_tokens > 1 &&
           (size_t)ids[n_tokens - 1] == model->head.padding_id)
        n_tokens--;
    return n_tokens;
}

size_t model_count_measured(const struct model *model)
{
    return model->labels.n > 0 || model->sparse.pooling ? model->arch.hidden_size : model->n_dims;
}

void model_pool_measured(const struct model *model, const float *tokens, size_t n_tokens,
                         float *ret_vector, float *scratch)
{
    if (model->labels.n > 0 || model->sparse.pooling)
        pooling_apply(&model->pooling, tokens, n_tokens, 0, model->arch.hidden_size, ret_vector);
    else
        model_pool(model, tokens, n_tokens, 0, ret_vector, scratch);
}

void model_look_up(const struct model *model, const int32_t *ids, size_t n, double *sums,
                   float *ret_vector, float *scratch)
{
    token_table_pool(&model->table, ids, n, sums, scratch, ret_vector);
    transform_apply(&model->transform, ret_vector, scratch);
}

void model_pool_nothing(const struct model *model, float *ret_vector, float *scratch)
{
    memset(ret_vector, 0, model_pool_floats(model) * sizeof *ret_vector);
    transform_apply(&model->transform, ret_vector, scratch);
}
