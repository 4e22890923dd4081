/* SPDX-License-Identifier: Apache-2.0 */

/* The tokens that are looked for in texts, of all files of a folder that name any. For this
 * folder's files alone. */
#ifndef NESTD_ENGINE_TOKENIZER_READ_SPECIAL_H
#define NESTD_ENGINE_TOKENIZER_READ_SPECIAL_H

#include "engine/model/tokenizer_config.h"
#include "engine/tokenizer/encode.h"

/* Adds them to the vocabulary, where they are new, and to what is looked for; with a constructor's
 * defaults also says which go round a text and which stands for unknown words. The normaliser and
 * the words are there already. `json` is tokenizer.json; its root is NULL where there is none. */
MUST_CHECK enum status special_read(struct tokenizer *tokenizer, const char *folder,
                                    const struct tokenizer_config *config,
                                    const struct document *json, struct error *error);

#endif
