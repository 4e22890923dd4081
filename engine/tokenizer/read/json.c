/* SPDX-License-Identifier: Apache-2.0 */

/* tokenizer.json: five parts and the tokens that were added. Its "padding" and the length in its
 * "truncation" are ignored: the caller says how long a text may be. */
#include "engine/tokenizer/normalize/normalize.h"
#include "engine/tokenizer/read/load.h"
#include "engine/tokenizer/read/special.h"
#include "engine/tokenizer/split/split.h"

#include <string.h>

enum status json_check_version(const struct document *json, struct error *error)
{
    const char *version = "1.0";
    enum status status = document_get_string(json, "version", &version, error);

    if (!status && strcmp(version, "1.0") != 0)
        status = error_set(error, STATUS_UNSUPPORTED,
                           "%s: \"version\" is \"%.60s\", only \"1.0\" is supported", json->name,
                           version);
    return status;
}

enum status json_open_part(const struct document *json, const char *key, struct document *ret_part,
                           struct error *error)
{
    enum status status = document_get_object(json, key, ret_part, error);

    if (!status && !ret_part->root)
        status = error_set(error, STATUS_INVALID, "%s: \"%s\" is missing", json->name, key);
    return status;
}

/* A class that wants another model would make another tokenizer of the folder. */
static enum status check_class(const struct tokenizer_config *config, const struct document *model,
                               struct error *error)
{
    const char *type = "";
    enum status status = document_get_string(model, "type", &type, error);

    if (!status && config->model && strcmp(type, config->model) != 0)
        status =
            error_set(error, STATUS_UNSUPPORTED,
                      TOKENIZER_CONFIG_FILE ": \"tokenizer_class\" is one with a \"%s\" model, "
                                            "and tokenizer.json has a \"%.60s\"",
                      config->model, type);
    return status;
}

static enum status read_words(struct tokenizer *tokenizer, const struct folder_files *files,
                              struct error *error)
{
    struct document part;
    enum status status = json_open_part(&files->json, "model", &part, error);

    if (!status)
        status = check_class(files->config, &part, error);
    return status ? status : words_read(&tokenizer->words, &tokenizer->vocab, &part, error);
}

/* No normalizer leaves texts as they are. */
static enum status read_normalizer(struct tokenizer *tokenizer, const struct folder_files *files,
                                   struct error *error)
{
    struct document part;
    enum status status = document_get_object(&files->json, "normalizer", &part, error);

    if (!status && files->lowercase)
        status = normalize_add_fold(&tokenizer->normalizer, false, true, error);
    if (!status && part.root)
        status = normalize_read(&tokenizer->normalizer, &part, error);
    return status;
}

/* No pre-tokenizer makes one word of a text. What the normalizers make grows further in it. */
static enum status read_splitter(struct tokenizer *tokenizer, const struct document *json,
                                 struct error *error)
{
    struct document part;
    enum status status = document_get_object(json, "pre_tokenizer", &part, error);

    tokenizer->splitter.growth = tokenizer->normalizer.growth;
    return status || !part.root ? status : split_read(&tokenizer->splitter, &part, error);
}

/* No post-processor puts no special tokens around a text. */
static enum status read_finish(struct tokenizer *tokenizer, const struct document *json,
                               struct error *error)
{
    struct document part;
    enum status status = document_get_object(json, "post_processor", &part, error);

    if (status || !part.root)
        return status;
    return finish_read(&tokenizer->finish, &tokenizer->vocab, &part, error);
}

/* No decoder puts a space between any two tokens. */
static enum status read_decoder(struct tokenizer *tokenizer, const struct document *json,
                                struct error *error)
{
    struct document part;
    enum status status = document_get_object(json, "decoder", &part, error);

    return status || !part.root ? status : decode_read(&tokenizer->decoder, &part, error);
}

enum status load_json(struct tokenizer *tokenizer, const struct folder_files *files,
                      struct error *error)
{
    const struct document *json = &files->json;
    enum status status = json_check_version(json, error);

    if (!status)
        status = read_words(tokenizer, files, error);
    if (!status)
        status = read_normalizer(tokenizer, files, error);
    if (!status)
        status = read_splitter(tokenizer, json, error);
    if (!status)
        status = special_read(tokenizer, files, NULL, error);
    if (!status)
        status = read_finish(tokenizer, json, error);
    return status ? status : read_decoder(tokenizer, json, error);
}
