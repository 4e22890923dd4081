/* SPDX-License-Identifier: Apache-2.0 */

/* Whether and how a model judges texts and pairs of them, rather than embeds them. For model.c. */
#ifndef NESTD_ENGINE_MODEL_HEAD_HEAD_H
#define NESTD_ENGINE_MODEL_HEAD_HEAD_H

#include "engine/base/status.h"

struct answers;
struct document;
struct family;
struct family_head;
struct model;

/* Makes a cross-encoder of a model whose arch is read: labels, pooling and sizes, all but the
 * head's tensors. UNSUPPORTED where the family has no head, or config.json asks for another. */
MUST_CHECK enum status head_read(struct model *model, const struct family *family,
                                 const struct document *config, const char *pooling_override,
                                 struct error *error);

/* The same of a decoder that judges by answers, as modules.json says. */
MUST_CHECK enum status head_read_answers(struct model *model, const struct family *family,
                                         const struct document *config,
                                         const struct answers *answers,
                                         const char *pooling_override, struct error *error);

/* Makes the head the model's transform, once its tensors are filled. */
MUST_CHECK enum status head_finish(struct model *model, const struct family_head *head);

#endif
