/* SPDX-License-Identifier: Apache-2.0 */

/* A folder without tokenizer.json, converted as transformers 5.24 does it: the constructor of the
 * folder's class makes the five parts of a vocabulary, and of a few keys of tokenizer_config.json.
 * Here the JSON is made that tokenizer.json would have been, and is then read like it. */
#include "engine/tokenizer/read/convert.h"

#include "engine/base/memory.h"
#include "engine/files/file.h"
#include "engine/tokenizer/read/sentencepiece.h"

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

/* --- parts ------------------------------------------------------------------------------------ */

enum status convert_get_name(const struct draft *draft, enum special_name name,
                             const char **ret_text, struct error *error)
{
    *ret_text = draft->names.texts[name];
    if (!*ret_text)
        return error_set(error, STATUS_UNSUPPORTED,
                         TOKENIZER_CONFIG_FILE ": \"%s\" is null, which \"%s\" cannot do without",
                         special_keys[name], draft->files->config->class_name);
    return STATUS_OK;
}

enum status convert_refuse_name(const struct draft *draft, enum special_name name,
                                struct error *error)
{
    return error_set(error, STATUS_UNSUPPORTED,
                     "%s: there is no \"%.60s\", the \"%s\"; " CONVERT_ADVICE, draft->file,
                     draft->names.texts[name], special_keys[name]);
}

enum status convert_get_switch(const struct draft *draft, const char *key, bool *value,
                               struct error *error)
{
    return tokenizer_config_get_switch(&draft->files->config->document, key, value, error);
}

static json_t *template_pieces(const char *pieces, const char *types,
                               const struct convert_token tokens[2])
{
    json_t *list = json_array();

    for (size_t i = 0; list && pieces[i]; i++) {
        char id[] = {pieces[i], '\0'};
        bool is_text = pieces[i] >= 'A';
        const char *name = is_text ? id : tokens[pieces[i] - '0'].text;
        json_t *piece = json_pack("{s:{s:s,s:i}}", is_text ? "Sequence" : "SpecialToken", "id",
                                  name, "type_id", types[i] - '0');

        if (json_array_append_new(list, piece)) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

json_t *convert_template(const char *single, const char *pair, const char *types,
                         const struct convert_token tokens[2])
{
    json_t *special = json_object();

    for (size_t i = 0; special && i < 2; i++) {
        const struct convert_token *token = &tokens[i];

        if (token->text && json_object_set_new(special, token->text,
                                               json_pack("{s:[i],s:[s]}", "ids", (int)token->id,
                                                         "tokens", token->text))) {
            json_decref(special);
            return NULL;
        }
    }
    return json_pack("{s:s,s:o,s:o,s:o}", "type", "TemplateProcessing", "special_tokens", special,
                     "single", template_pieces(single, "000", tokens), "pair",
                     template_pieces(pair, types, tokens));
}

json_t *convert_template_around(bool has_first, bool has_last, const struct convert_token tokens[2])
{
    char single[4];
    char pair[8];

    snprintf(single, sizeof single, "%sA%s", has_first ? "0" : "", has_last ? "1" : "");
    snprintf(pair, sizeof pair, "%s%sB%s", single, has_first ? "0" : "", has_last ? "1" : "");
    return convert_template(single, pair, &"000111"[3 - strlen(single)], tokens);
}

json_t *convert_metaspace(const char *scheme)
{
    return json_pack("{s:s,s:s,s:s,s:b}", "type", "Metaspace", "replacement", "\xe2\x96\x81",
                     "prepend_scheme", scheme, "split", 1);
}

enum status convert_append_extra(json_t *extra, const char *text, size_t len_bytes, bool special)
{
    json_t *token = json_pack("{s:s%,s:b}", "content", text, len_bytes, "special", special ? 1 : 0);

    return json_array_append_new(extra, token) ? STATUS_NO_MEMORY : STATUS_OK;
}

enum status convert_append_piece(json_t *extra, const struct sentence_piece *piece)
{
    if (piece->type != PIECE_CONTROL && piece->type != PIECE_USER_DEFINED)
        return STATUS_OK;
    return convert_append_extra(extra, piece->text, piece->len_bytes, piece->type == PIECE_CONTROL);
}

/* --- a folder --------------------------------------------------------------------------------- */

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
