/* SPDX-License-Identifier: Apache-2.0 */

/* Texts with a prompt before them: the bytes joined, and which of the tokens are the prompt's. Any
 * thread. */
#ifndef NESTD_SERVER_API_EMBED_PROMPTED_H
#define NESTD_SERVER_API_EMBED_PROMPTED_H

#include "engine/engine.h"
#include "server/text/buffer.h"
#include "server/text/slice.h"

#include <stddef.h>

/* The text with the prompt before it, in `scratch` where there is a prompt. bytes is NULL if memory
 * is short. */
struct slice prompted_join(struct slice prompt, struct slice text, struct buffer *scratch);

/* How many tokens the prompt has where the pooling leaves it out. Counted as sentence-transformers
 * does: those of the prompt alone, with [CLS] but without the last if that is special, as [SEP] is:
 * not every tokenizer ends a text with one. `scratch` is emptied. */
MUST_CHECK enum status prompted_count_tokens(const struct tokenizer *tokenizer, struct slice prompt,
                                             size_t max_tokens, struct tokens *scratch,
                                             size_t *ret_n_tokens);

/* How many leading tokens of a text the pooling leaves out: as many as the prompt has, wherever the
 * text was cut, as sentence-transformers does. At least one token of the text counts. */
size_t prompted_count_skipped(size_t n_prompt_tokens, const struct tokenize_result *result);

#endif
