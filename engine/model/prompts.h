/* SPDX-License-Identifier: Apache-2.0 */

/* config_sentence_transformers.json: prompts, similarity, the size of vectors. Any thread. */
#ifndef NESTD_ENGINE_MODEL_PROMPTS_H
#define NESTD_ENGINE_MODEL_PROMPTS_H

#include "engine/base/status.h"
#include "engine/model/model.h"

/* Fills model->prompts, default_prompt, similarity and default_dims (0 where the file does not
 * say), if there is such a file in the folder. What was filled in is for model_free to give back,
 * after a failure too. */
MUST_CHECK enum status prompts_read(struct model *model, const char *model_dir,
                                    struct error *error);

#endif
