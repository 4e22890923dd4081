/* SPDX-License-Identifier: Apache-2.0 */

/* The tokens that are looked for in texts, of all files of a folder that name any. For this
 * folder's files alone. */
#ifndef NESTD_ENGINE_TOKENIZER_READ_SPECIAL_H
#define NESTD_ENGINE_TOKENIZER_READ_SPECIAL_H

#include "engine/tokenizer/read/load.h"

/* The tokens with a purpose that a constructor needs. */
struct special_ids {
    int32_t unknown;
    int32_t class_token;
    int32_t separator;
};

/* Which texts the special tokens are. Zero it to begin. */
struct special_names {
    const char *texts[N_SPECIAL_NAMES]; /* borrowed from it or from the files; NULL: none */
    struct document map;                /* special_tokens_map.json, where it counts */
};

MUST_CHECK enum status special_names_read(struct special_names *ret_names,
                                          const struct folder_files *files, struct error *error);
void special_names_release(struct special_names *names);

/* Adds them to the vocabulary, where they are new, and to what is looked for. The normalizer and
 * the words are there already. `ret_ids` is for a constructor, which has these three tokens; NULL
 * for others. */
MUST_CHECK enum status special_read(struct tokenizer *tokenizer, const struct folder_files *files,
                                    struct special_ids *ret_ids, struct error *error);

#endif
