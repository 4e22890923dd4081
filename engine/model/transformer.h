/* SPDX-License-Identifier: Apache-2.0 */

/* How long a text may be, by the Transformer module's own files besides config.json. Any thread. */
#ifndef NESTD_ENGINE_MODEL_TRANSFORMER_H
#define NESTD_ENGINE_MODEL_TRANSFORMER_H

#include "engine/status.h"

#include <stddef.h>

/* Reads sentence_bert_config.json, or its sibling of another family: *ret_limit is its
 * max_seq_length, 0 where it sets none. STATUS_UNSUPPORTED if it asks for anything else that
 * changes the numbers. */
MUST_CHECK enum status transformer_read(const char *folder, size_t *ret_limit, struct error *error);

/* *ret_limit is tokenizer_config.json's model_max_length, 0 where it sets none. */
MUST_CHECK enum status transformer_read_tokenizer(const char *folder, size_t *ret_limit,
                                                  struct error *error);

#endif
