/* SPDX-License-Identifier: Apache-2.0 */

/* A folder without tokenizer.json, converted as transformers 5.24 does it: the constructor of the
 * folder's class makes the five parts of a vocabulary, and of a few keys of tokenizer_config.json.
 * Here the JSON is made that tokenizer.json would have been, and is then read like it. */
#include "engine/tokenizer/read/convert.h"

#include "engine/base/memory.h"
#include "engine/files/file.h"

#include <stdio.h>
#include <string.h>

static const struct convert_row rows[] = {
    {"AlbertTokenizer", "spiece.model", convert_pieces},
    {"BartTokenizer", "vocab.json", convert_bytes},
    {"CamembertTokenizer", "sentencepiece.bpe.model", convert_pieces},
    {"DebertaV2Tokenizer", "spm.model", convert_pieces},
    {"GPT2Tokenizer", "vocab.json", convert_bytes},
    {"GemmaTokenizer", "tokenizer.model", convert_merged},
    {"LlamaTokenizer", "tokenizer.model", convert_merged},
    {"Qwen2Tokenizer", "vocab.json", convert_bytes},
    {"RobertaTokenizer", "vocab.json", convert_bytes},
    {"T5Tokenizer", "spiece.model", convert_pieces},
    {"XLMRobertaTokenizer", "sentencepiece.bpe.model", convert_pieces},
};

static enum status find_row(const struct folder_files *files, const struct convert_row **ret_row,
                            struct error *error)
{
    const char *class_name = files->config->class_name;

    if (files->config->model_has_no_class && strcmp(class_name, "TokenizersBackend") != 0)
        return error_set(error, STATUS_UNSUPPORTED,
                         TOKENIZER_CONFIG_FILE ": \"tokenizer_class\" is \"%s\", which is not "
                                               "heard for config.json's \"model_type\" where there "
                                               "is no tokenizer.json; " CONVERT_ADVICE,
                         class_name);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct convert_row *row = &rows[i];
        AUTO_FREE char *path = NULL;

        if (strcmp(row->class_name, class_name) != 0)
            continue;
        path = path_join(files->folder, row->file);
        if (!path)
            return STATUS_NO_MEMORY;
        if (!file_exists(path))
            return error_set(error, STATUS_IO, "%.300s: has neither tokenizer.json nor %s",
                             files->folder, row->file);
        *ret_row = row;
        return STATUS_OK;
    }
    return error_set(error, STATUS_UNSUPPORTED,
                     TOKENIZER_CONFIG_FILE ": \"tokenizer_class\" is \"%s\", one that needs a "
                                           "tokenizer.json, which is not there; " CONVERT_ADVICE,
                     class_name);
}

enum status convert_folder(struct folder_files *files, struct error *error)
{
    const struct convert_row *row = NULL;
    struct draft draft = {.files = files};
    enum status status = find_row(files, &row, error);

    if (status)
        return status;
    draft.file = row->file;
    files->is_converted = true;
    status = special_names_read(&draft.names, files, error);
    if (!status)
        status = row->convert(&draft, error);
    if (!status && !draft.json)
        status = STATUS_NO_MEMORY;
    special_names_release(&draft.names);
    if (status)
        return status;
    files->json.root = draft.json;
    snprintf(files->json.name, sizeof files->json.name, "%s", row->file);
    return STATUS_OK;
}
