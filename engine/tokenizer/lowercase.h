/* SPDX-License-Identifier: Apache-2.0 */

/* Python's text.lower(), which sentence-transformers applies before tokenizing where
 * sentence_bert_config.json says do_lower_case. Pure; any thread. */
#ifndef NESTD_ENGINE_TOKENIZER_LOWERCASE_H
#define NESTD_ENGINE_TOKENIZER_LOWERCASE_H

#include "engine/status.h"
#include "engine/tokenizer/tokenizer.h"

#include <stddef.h>

/* A new text for the caller to free. `text` is valid UTF-8. STATUS_NO_MEMORY. */
MUST_CHECK enum status lowercase_text(const char *text, size_t len_bytes, char **ret_lower,
                                      size_t *ret_len_bytes);

/* Turns spans of the lowered text, in order, into spans of `text`. */
void lowercase_restore_spans(const char *text, size_t len_bytes, struct token_span *spans,
                             size_t n_spans);

#endif
