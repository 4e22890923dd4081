/* SPDX-License-Identifier: Apache-2.0 */

/* The tokenizer that the constructors of BERT's classes make: of tokenizer_config.json and a
 * vocabulary, tokenizer.json's or vocab.txt. Where tokenizer.json says otherwise than the
 * constructor, some releases of transformers follow the one and some the other: refused. */
#include "engine/tokenizer/normalize/normalize.h"
#include "engine/tokenizer/part_table.h"
#include "engine/tokenizer/read/load.h"
#include "engine/tokenizer/read/special.h"
#include "engine/tokenizer/split/split.h"
#include "engine/tokenizer/words/wordpiece.h"

#include <stdio.h>
#include <string.h>

static const char differs[] = "which counts is not the same in all releases of transformers";

/* STATUS_UNSUPPORTED unless the part's "type" is `wanted`. A part without one is of that type. */
static enum status check_type(const struct document *part, const char *wanted, struct error *error)
{
    const char *type = wanted;
    enum status status = document_get_string(part, "type", &type, error);

    if (!status && strcmp(type, wanted) != 0)
        status = error_set(error, STATUS_UNSUPPORTED,
                           "%s: \"type\" is \"%.60s\", and \"%s\" in BERT's tokenizer: %s",
                           part->name, type, wanted, differs);
    return status;
}

static enum status open_model(const struct document *json, struct document *ret_model,
                              struct error *error)
{
    enum status status = json_open_part(json, "model", ret_model, error);

    return status ? status : check_type(ret_model, "WordPiece", error);
}

static enum status read_words(struct vocab *vocab, const struct folder_files *files,
                              struct error *error)
{
    struct wordpiece_rules rules;
    struct document model;
    enum status status;

    if (!files->json.root)
        return load_vocab_txt(vocab, files->folder, error);
    status = open_model(&files->json, &model, error);
    if (!status)
        status = wordpiece_read_rules(&rules, &model, error);
    return status ? status : words_read_vocab(vocab, &model, error);
}

/* --- what tokenizer.json says besides its vocabulary ------------------------------------------ */

/* The unknown token is compared by its id: its text may be shown in another form. */
static enum status check_rules(const struct wordpiece_rules *expected, int32_t unknown_id,
                               const struct vocab *vocab, const struct document *json,
                               struct error *error)
{
    struct wordpiece_rules rules = {0};
    const char *key = NULL;
    struct document model;
    enum status status = open_model(json, &model, error);

    if (!status)
        status = wordpiece_read_rules(&rules, &model, error);
    if (status)
        return status;
    if (vocab_find(vocab, rules.unknown, strlen(rules.unknown)) != unknown_id)
        key = "unk_token";
    else if (strcmp(rules.prefix, expected->prefix) != 0)
        key = "continuing_subword_prefix";
    else if (rules.max_chars != expected->max_chars)
        key = "max_input_chars_per_word";
    if (key)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: \"%s\" is not what BERT's tokenizer has (\"%.60s\", \"%s\", %zu): %s",
                         model.name, key, expected->unknown, expected->prefix, expected->max_chars,
                         differs);
    return STATUS_OK;
}

/* The switches that tokenizer_config.json has count, whatever is said here; the others must be as
 * BERT's are. */
static enum status check_bert_normalizer(const struct document *part, struct error *error)
{
    struct chain ignored = {0};
    bool cleans = true;
    enum status status = check_type(part, "BertNormalizer", error);

    if (!status)
        status = normalize_bert_read(&ignored, part, error);
    if (!status)
        status = document_get_bool(part, "clean_text", &cleans, error);
    if (!status && !cleans)
        status = error_set(error, STATUS_UNSUPPORTED, "%s: \"clean_text\" is false: %s", part->name,
                           differs);
    chain_release(&ignored);
    return status;
}

/* sentence-transformers 6 writes its do_lower_case as a "Lowercase" before BERT's own. */
static enum status check_sequence(const struct document *part, struct error *error)
{
    static const char *const types[] = {"Lowercase", "BertNormalizer"};
    const json_t *list = json_object_get(part->root, "normalizers");
    enum status status = STATUS_OK;

    if (json_array_size(list) != 2)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: is not \"Lowercase\" and then \"BertNormalizer\": %s", part->name,
                         differs);
    for (size_t i = 0; i < 2 && !status; i++) {
        struct document member = {.root = json_array_get(list, i)};

        snprintf(member.name, sizeof member.name, "%.90s: [%zu]", part->name, i);
        status = part_require(&member, (const char *const[]){"type"}, 1, error);
        if (!status)
            status = check_type(&member, types[i], error);
        if (!status && i == 1)
            status = check_bert_normalizer(&member, error);
    }
    return status;
}

static enum status check_normalizer(const struct document *json, struct error *error)
{
    const char *type = "";
    struct document part;
    enum status status = document_get_object(json, "normalizer", &part, error);

    if (status || !part.root)
        return status;
    status = document_get_string(&part, "type", &type, error);
    if (status)
        return status;
    if (strcmp(type, "Sequence") == 0)
        return check_sequence(&part, error);
    return check_bert_normalizer(&part, error);
}

static enum status check_splitter(const struct document *json, struct error *error)
{
    struct document part;
    enum status status = document_get_object(json, "pre_tokenizer", &part, error);

    if (status)
        return status;
    if (!part.root)
        return error_set(error, STATUS_UNSUPPORTED, "%s: no \"pre_tokenizer\": %s", json->name,
                         differs);
    status = part_require(&part, (const char *const[]){"type"}, 1, error);
    return status ? status : check_type(&part, "BertPreTokenizer", error);
}

static bool is_one(const struct special_tokens *tokens, int32_t id)
{
    return tokens->n_ids == 1 && tokens->ids[0] == id;
}

static enum status check_finish(const struct tokenizer *tokenizer, const struct document *json,
                                struct error *error)
{
    struct finish finish = {0};
    struct document part;
    enum status status = document_get_object(json, "post_processor", &part, error);

    if (!status && part.root)
        status = finish_read(&finish, &tokenizer->vocab, &part, error);
    if (!status && (!is_one(&finish.first, tokenizer->finish.first.ids[0]) ||
                    !is_one(&finish.last, tokenizer->finish.last.ids[0])))
        status = error_set(error, STATUS_UNSUPPORTED,
                           "%s: \"post_processor\" does not put the \"cls_token\" before a text "
                           "and the \"sep_token\" after it: %s",
                           json->name, differs);
    return status;
}

static enum status check_json(const struct tokenizer *tokenizer, const struct document *json,
                              const struct wordpiece_rules *rules, int32_t unknown_id,
                              struct error *error)
{
    enum status status = json_check_version(json, error);

    if (!status)
        status = check_rules(rules, unknown_id, &tokenizer->vocab, json, error);
    if (!status)
        status = check_normalizer(json, error);
    if (!status)
        status = check_splitter(json, error);
    return status ? status : check_finish(tokenizer, json, error);
}

/* --- the constructor -------------------------------------------------------------------------- */

static enum status make_chains(struct tokenizer *tokenizer, const struct folder_files *files,
                               struct error *error)
{
    const struct tokenizer_config *config = files->config;
    const struct bert_normalizer bert = {.clean_text = true,
                                         .split_han = config->split_han,
                                         .strip_accents = config->strip_accents,
                                         .lowercase = config->lowercase};
    enum status status = STATUS_OK;

    if (files->lowercase)
        status = normalize_add_fold(&tokenizer->normalizer, false, true, error);
    if (!status)
        status = normalize_add_bert(&tokenizer->normalizer, bert, error);
    return status ? status : split_add_bert(&tokenizer->splitter, error);
}

enum status load_bert(struct tokenizer *tokenizer, const struct folder_files *files,
                      struct error *error)
{
    struct wordpiece_rules rules = {.prefix = "##", .max_chars = 100};
    struct special_ids special;
    enum status status = make_chains(tokenizer, files, error);

    if (!status)
        status = read_words(&tokenizer->vocab, files, error);
    if (!status)
        status = special_read(tokenizer, files, &special, error);
    if (status)
        return status;
    rules.unknown = vocab_text(&tokenizer->vocab, special.unknown);
    status = wordpiece_new(&tokenizer->words, &tokenizer->vocab, &rules, special.unknown);
    tokenizer->finish.first = (struct special_tokens){{special.class_token}, 1};
    tokenizer->finish.last = (struct special_tokens){{special.separator}, 1};
    (files->config->doubles_separator ? finish_pair_roberta : finish_pair_bert)(&tokenizer->finish);
    decode_init_bert(&tokenizer->decoder);
    if (status || !files->json.root)
        return status;
    return check_json(tokenizer, &files->json, &rules, special.unknown, error);
}
