/* SPDX-License-Identifier: Apache-2.0 */

/* Reads a tokenizer from the files of a model folder. For this folder's files only. */
#ifndef NESTD_ENGINE_TOKENIZER_READ_LOAD_H
#define NESTD_ENGINE_TOKENIZER_READ_LOAD_H

#include "engine/model/tokenizer_config.h"
#include "engine/tokenizer/pipeline.h"

#include <stdbool.h>

/* The files of a folder that say what its tokenizer is. */
struct folder_files {
    const char *folder;
    const struct tokenizer_config *config;
    struct document json; /* tokenizer.json; root NULL: there is none */
    bool is_converted;    /* it is none, but what one would have been */
    bool is_bare;         /* no other file says anything */
    bool lowercase;       /* in lower case before all else */
};

/* json.c: the whole tokenizer from tokenizer.json. */
MUST_CHECK enum status load_json(struct tokenizer *tokenizer, const struct folder_files *files,
                                 struct error *error);

/* STATUS_UNSUPPORTED for a version of tokenizer.json that nobody knows. */
MUST_CHECK enum status json_check_version(const struct document *json, struct error *error);

/* STATUS_INVALID where the part is absent. */
MUST_CHECK enum status json_open_part(const struct document *json, const char *key,
                                      struct document *ret_part, struct error *error);

/* bert.c: as the constructors of BERT's classes make it, of tokenizer_config.json and a vocabulary.
 */
MUST_CHECK enum status load_bert(struct tokenizer *tokenizer, const struct folder_files *files,
                                 struct error *error);

/* convert.c: sets `json` to what a tokenizer.json would have been, of the vocabulary in the folder.
 * STATUS_UNSUPPORTED where that cannot be done. */
MUST_CHECK enum status convert_folder(struct folder_files *files, struct error *error);

/* vocab_txt.c: the words of vocab.txt. */
MUST_CHECK enum status load_vocab_txt(struct vocab *vocab, const char *folder, struct error *error);

#endif
