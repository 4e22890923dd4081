/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/modules/pool.h"

#include "engine/model/model.h"

size_t model_pool_floats(const struct model *model)
{
    return transform_count_max(&model->transform,
                               model->arch.hidden_size * pooling_count(&model->pooling));
}

void model_pool(const struct model *model, const float *tokens, size_t n_tokens, size_t n_skipped,
                float *ret_vector, float *scratch)
{
    pooling_apply(&model->pooling, tokens, n_tokens, n_skipped, model->arch.hidden_size,
                  ret_vector);
    transform_apply(&model->transform, ret_vector, scratch);
}
