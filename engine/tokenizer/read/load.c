/* SPDX-License-Identifier: Apache-2.0 */

/* How a tokenizer is made of a folder, as transformers does it: BERT's constructor makes it of
 * tokenizer_config.json and a vocabulary, tokenizer.json's or vocab.txt; or else tokenizer.json
 * says everything, or what stands for it. What is asked for and cannot be done is refused with file and key. */
#include "engine/tokenizer/read/load.h"

#include <stdlib.h>
#include <string.h>

/* The end of a text that goes: tokenizer_config.json's word, else tokenizer.json's, else the end.
 */
static enum status set_truncation(struct tokenizer *tokenizer, const struct folder_files *files,
                                  struct error *error)
{
    const struct tokenizer_config *config = files->config;
    const char *direction = "Right";
    struct document truncation;
    enum status status;

    tokenizer->truncates_start = config->truncation_side == TRUNCATION_LEFT;
    if (config->truncation_side != TRUNCATION_UNSAID)
        return STATUS_OK;
    status = document_get_object(&files->json, "truncation", &truncation, error);
    if (!status)
        status = document_get_string(&truncation, "direction", &direction, error);
    if (status)
        return status;
    tokenizer->truncates_start = strcmp(direction, "Left") == 0;
    if (!tokenizer->truncates_start && strcmp(direction, "Right") != 0)
        return error_set(error, STATUS_INVALID,
                         "%s: \"direction\" must be \"Left\" or \"Right\", is \"%.60s\"",
                         truncation.name, direction);
    return STATUS_OK;
}

static enum status load_files(struct tokenizer *tokenizer, struct folder_files *files,
                              struct error *error)
{
    enum status status =
        document_open_if_there(&files->json, files->folder, "tokenizer.json", false, error);

    if (status)
        return status;
    if (!files->config->by_constructor && !files->json.root)
        status = convert_folder(files, error);
    if (!status && files->config->by_constructor)
        status = load_bert(tokenizer, files, error);
    else if (!status)
        status = load_json(tokenizer, files, error);
    if (!status)
        status = set_truncation(tokenizer, files, error);
    document_release(&files->json);
    return status;
}

/* Ends loading, whose status is this. */
static enum status finish_loading(struct tokenizer *tokenizer, enum status status,
                                  struct tokenizer **ret_tokenizer, struct error *error)
{
    if (status) {
        tokenizer_free(tokenizer);
        return error_set(error, status, "the tokenizer does not fit into memory");
    }
    pipeline_prepare(tokenizer);
    *ret_tokenizer = tokenizer;
    return STATUS_OK;
}

enum status tokenizer_load(struct tokenizer **ret_tokenizer, const char *model_dir, bool lowercase,
                           struct error *error)
{
    struct tokenizer *tokenizer = calloc(1, sizeof *tokenizer);
    struct tokenizer_config config = {0};
    struct folder_files files = {.folder = model_dir, .config = &config, .lowercase = lowercase};
    enum status status = STATUS_NO_MEMORY;

    if (tokenizer)
        status = tokenizer_config_read(&config, model_dir, error);
    if (!status)
        status = load_files(tokenizer, &files, error);
    tokenizer_config_release(&config);
    return finish_loading(tokenizer, status, ret_tokenizer, error);
}

/* "truncation": {"max_length": ...} of tokenizer.json. */
static enum status read_max_tokens(struct tokenizer *tokenizer, const struct document *json,
                                   struct error *error)
{
    struct document truncation;
    enum status status = document_get_object(json, "truncation", &truncation, error);

    if (status || !truncation.root)
        return status;
    return document_get_size(&truncation, "max_length", 1, SIZE_MAX / 2, &tokenizer->max_tokens,
                             error);
}

/* What a static embedding may leave out: a Unigram's "unk_id", the id of another's "unk_token". */
static enum status find_unknown(struct tokenizer *tokenizer, const struct document *json,
                                struct error *error)
{
    const char *token = NULL;
    size_t id = SIZE_MAX;
    struct document model;
    enum status status = json_open_part(json, "model", &model, error);

    if (!status)
        status = document_get_string(&model, "unk_token", &token, error);
    if (!status)
        status = document_get_size(&model, "unk_id", 0, INT32_MAX, &id, error);
    tokenizer->unknown_id = -1;
    if (token)
        tokenizer->unknown_id = vocab_find(&tokenizer->vocab, token, strlen(token));
    else if (id <= INT32_MAX)
        tokenizer->unknown_id = (int32_t)id;
    return status;
}

static enum status load_bare(struct tokenizer *tokenizer, struct folder_files *files,
                             struct error *error)
{
    enum status status = document_open(&files->json, files->folder, "tokenizer.json", false, error);

    if (status)
        return status;
    status = load_json(tokenizer, files, error);
    if (!status)
        status = set_truncation(tokenizer, files, error);
    if (!status)
        status = read_max_tokens(tokenizer, &files->json, error);
    if (!status)
        status = find_unknown(tokenizer, &files->json, error);
    document_release(&files->json);
    tokenizer->finish = (struct finish){0};
    return status;
}

enum status tokenizer_load_bare(struct tokenizer **ret_tokenizer, const char *model_dir,
                                struct error *error)
{
    struct tokenizer *tokenizer = calloc(1, sizeof *tokenizer);
    const struct tokenizer_config config = {0};
    struct folder_files files = {.folder = model_dir, .config = &config, .is_bare = true};
    enum status status = tokenizer ? load_bare(tokenizer, &files, error) : STATUS_NO_MEMORY;

    return finish_loading(tokenizer, status, ret_tokenizer, error);
}
