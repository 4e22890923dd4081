/* SPDX-License-Identifier: Apache-2.0 */

/* How a tokenizer is made of a folder, as transformers does it: BERT's constructor makes it of
 * tokenizer_config.json and a vocabulary, tokenizer.json's or vocab.txt; or else tokenizer.json
 * says everything. What is asked for and cannot be done is refused with file and key. */
#include "engine/tokenizer/read/load.h"

#include "engine/tokenizer/read/special.h"

#include <stdlib.h>
#include <string.h>

enum { BERT_WORD_CHARS = 100 };

enum status load_token(struct vocab *vocab, const char *text, size_t len_bytes, int32_t id,
                       const char *file, struct error *error)
{
    enum status status = vocab_add(vocab, text, len_bytes, id);

    if (status != STATUS_INVALID)
        return status;
    return error_set(error, status,
                     "%s: the token \"%.100s\" cannot have the id %d: another has it, it is %d or "
                     "more, or the vocabulary is too large",
                     file, text, id, MAX_VOCAB_IDS);
}

static enum status construct(struct tokenizer *tokenizer, const char *folder,
                             const struct tokenizer_config *config, const struct document *json,
                             struct error *error)
{
    enum status status;

    if (json->root)
        status = load_json_words(&tokenizer->vocab, json, error);
    else
        status = load_vocab_words(&tokenizer->vocab, folder, error);
    if (!status)
        status = special_read(tokenizer, folder, config, json, error);
    if (status)
        return status;
    tokenizer->wordpiece.max_chars = BERT_WORD_CHARS;
    wordpiece_init(&tokenizer->wordpiece, &tokenizer->vocab, "##", 2);
    decoder_init_bert(&tokenizer->decoder);
    return json->root ? load_json_check(tokenizer, json, error) : STATUS_OK;
}

/* The end of a text that goes: tokenizer_config.json's word, else tokenizer.json's, else the end.
 */
static enum status set_truncation(struct tokenizer *tokenizer,
                                  const struct tokenizer_config *config,
                                  const struct document *json, struct error *error)
{
    const char *direction = "Right";
    struct document truncation;
    enum status status;

    tokenizer->truncates_start = config->truncation_side == TRUNCATION_LEFT;
    if (config->truncation_side != TRUNCATION_UNSAID)
        return STATUS_OK;
    status = document_get_object(json, "truncation", &truncation, error);
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

static enum status load_files(struct tokenizer *tokenizer, const char *folder,
                              const struct tokenizer_config *config, bool lowercase,
                              struct error *error)
{
    struct document json = {0};
    enum status status = document_open_if_there(&json, folder, "tokenizer.json", false, error);

    if (status)
        return status;
    tokenizer->normalizer = (struct normalizer){.clean_text = true,
                                                .split_han = config->split_han,
                                                .strip_accents = config->strip_accents,
                                                .lowercase = config->lowercase || lowercase};
    if (config->by_constructor)
        status = construct(tokenizer, folder, config, &json, error);
    else if (json.root)
        status = load_json(tokenizer, folder, config, lowercase, &json, error);
    else
        status = error_set(error, STATUS_UNSUPPORTED,
                           TOKENIZER_CONFIG_FILE ": \"tokenizer_class\" is one that needs a "
                                                 "tokenizer.json, which is not there");
    if (!status)
        status = set_truncation(tokenizer, config, &json, error);
    document_release(&json);
    return status;
}

enum status tokenizer_load(struct tokenizer **ret_tokenizer, const char *model_dir, bool lowercase,
                           struct error *error)
{
    struct tokenizer *tokenizer = calloc(1, sizeof *tokenizer);
    struct tokenizer_config config = {0};
    enum status status = STATUS_NO_MEMORY;

    if (tokenizer)
        status = tokenizer_config_read(&config, model_dir, error);
    if (!status)
        status = load_files(tokenizer, model_dir, &config, lowercase, error);
    tokenizer_config_release(&config);
    if (status) {
        tokenizer_free(tokenizer);
        return error_set(error, status, "the tokenizer does not fit into memory");
    }
    encode_prepare(tokenizer);
    *ret_tokenizer = tokenizer;
    return STATUS_OK;
}
