/* SPDX-License-Identifier: Apache-2.0 */

/* What enters the first layer. Private to the encoder. */
#ifndef NESTD_ENGINE_ENCODER_EMBED_H
#define NESTD_ENGINE_ENCODER_EMBED_H

#include "engine/encoder/context.h"

#include <stddef.h>

/* x = norm(word + position + token type) of one text, whose first row is `row`, projected where
 * the tables are narrower than the layers; and x's operand. */
void embed_text(struct encoder_context *context, const struct encoder_text *text, size_t row,
                enum gemm_format next_format);

/* The same with x as it was before some layer: `tokens`, [n_tokens, hidden]. */
void embed_resumed(struct encoder_context *context, const float *tokens, size_t n_tokens,
                   enum gemm_format next_format);

#endif
