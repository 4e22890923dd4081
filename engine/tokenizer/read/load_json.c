/* SPDX-License-Identifier: Apache-2.0 */

/* tokenizer.json: a WordPiece model with BERT's normaliser, pre-tokenizer, a template and
 * WordPiece's decoder. Its "padding" and the length in its "truncation" are ignored: the caller
 * says how long a text may be. */
#include "engine/tokenizer/read/load.h"

#include "engine/tokenizer/read/special.h"

#include <stdio.h>
#include <string.h>

/* STATUS_UNSUPPORTED unless the part's "type" is `wanted`. A part without one is of that type. */
static enum status check_type(const struct document *part, const char *wanted, struct error *error)
{
    const char *type = wanted;
    enum status status = document_get_string(part, "type", &type, error);

    if (!status && strcmp(type, wanted) != 0)
        status = error_set(error, STATUS_UNSUPPORTED,
                           "%s: \"type\" is \"%.60s\", only \"%s\" is supported", part->name, type,
                           wanted);
    return status;
}

static enum status require(const struct document *part, const char *key, struct error *error)
{
    const json_t *value = json_object_get(part->root, key);

    if (!value || json_is_null(value))
        return error_set(error, STATUS_INVALID, "%s: \"%s\" is missing", part->name, key);
    return STATUS_OK;
}

static enum status read_words(struct vocab *vocab, const struct document *words,
                              struct error *error)
{
    enum status status = STATUS_OK;
    const char *text;
    json_t *value;

    json_object_foreach(words->root, text, value)
    {
        size_t id;

        if (!document_read_size(value, 0, MAX_VOCAB_IDS - 1, &id))
            return error_set(error, STATUS_INVALID,
                             "%s: the id of \"%.100s\" must be a whole number from 0 to %d",
                             words->name, text, MAX_VOCAB_IDS - 1);
        status = load_token(vocab, text, strlen(text), (int32_t)id, words->name, error);
        if (status)
            return status;
    }
    return status;
}

static enum status open_model(const struct document *json, struct document *ret_model,
                              struct error *error)
{
    static const char *const needed[] = {"vocab", "unk_token", "continuing_subword_prefix",
                                         "max_input_chars_per_word"};
    enum status status = require(json, "model", error);

    if (!status)
        status = document_get_object(json, "model", ret_model, error);
    if (!status)
        status = check_type(ret_model, "WordPiece", error);
    for (size_t i = 0; i < sizeof needed / sizeof *needed && !status; i++)
        status = require(ret_model, needed[i], error);
    return status;
}

enum status load_json_words(struct vocab *vocab, const struct document *json, struct error *error)
{
    struct document model;
    struct document words;
    enum status status = open_model(json, &model, error);

    if (!status)
        status = document_get_object(&model, "vocab", &words, error);
    return status ? status : read_words(vocab, &words, error);
}

/* What the model says besides its vocabulary. */
struct word_rules {
    const char *unknown;
    const char *prefix;
    size_t max_chars;
};

static enum status read_word_rules(const struct document *json, struct word_rules *rules,
                                   struct error *error)
{
    struct document model;
    enum status status = open_model(json, &model, error);

    if (!status)
        status = document_get_string(&model, "unk_token", &rules->unknown, error);
    if (!status)
        status = document_get_string(&model, "continuing_subword_prefix", &rules->prefix, error);
    if (!status)
        status = document_get_size(&model, "max_input_chars_per_word", 0, MAX_WORD_CHARS,
                                   &rules->max_chars, error);
    return status;
}

static enum status read_model(struct tokenizer *tokenizer, const struct document *json,
                              struct error *error)
{
    struct wordpiece *wordpiece = &tokenizer->wordpiece;
    struct word_rules rules = {.unknown = "", .prefix = ""};
    enum status status = load_json_words(&tokenizer->vocab, json, error);

    if (!status)
        status = read_word_rules(json, &rules, error);
    if (status)
        return status;
    wordpiece->max_chars = rules.max_chars;
    wordpiece_init(wordpiece, &tokenizer->vocab, rules.prefix, strlen(rules.prefix));
    wordpiece->unknown_id = vocab_find(&tokenizer->vocab, rules.unknown, strlen(rules.unknown));
    if (wordpiece->unknown_id == VOCAB_NO_ID)
        return error_set(error, STATUS_INVALID,
                         "%s: \"model\": \"unk_token\" is \"%.100s\", which is not in \"vocab\"",
                         json->name, rules.unknown);
    return STATUS_OK;
}

static enum status read_bert_normalizer(struct normalizer *normalizer, const struct document *part,
                                        struct error *error)
{
    static const char *const needed[] = {"clean_text", "handle_chinese_chars", "lowercase"};
    enum status status = check_type(part, "BertNormalizer", error);

    for (size_t i = 0; i < sizeof needed / sizeof *needed && !status; i++)
        status = require(part, needed[i], error);
    if (!status)
        status = document_get_bool(part, "clean_text", &normalizer->clean_text, error);
    if (!status)
        status = document_get_bool(part, "handle_chinese_chars", &normalizer->split_han, error);
    if (!status)
        status = document_get_bool(part, "lowercase", &normalizer->lowercase, error);
    normalizer->strip_accents = normalizer->lowercase;
    if (!status)
        status = document_get_bool(part, "strip_accents", &normalizer->strip_accents, error);
    return status;
}

/* sentence-transformers 6 writes its do_lower_case as a "Lowercase" before BERT's own normaliser.
 * Small letters first or last are the same, for every code point. */
static enum status read_sequence(struct normalizer *normalizer, const struct document *part,
                                 struct error *error)
{
    const json_t *list = json_object_get(part->root, "normalizers");
    struct document bert = {.root = json_array_get(list, 1)};
    struct document first = {.root = json_array_get(list, 0)};
    enum status status;

    snprintf(first.name, sizeof first.name, "%.100s: [0]", part->name);
    snprintf(bert.name, sizeof bert.name, "%.100s: [1]", part->name);
    if (json_array_size(list) != 2)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: only \"Lowercase\" and then \"BertNormalizer\" are supported",
                         part->name);
    status = require(&first, "type", error);
    if (!status)
        status = check_type(&first, "Lowercase", error);
    if (!status)
        status = read_bert_normalizer(normalizer, &bert, error);
    normalizer->lowercase = true;
    return status;
}

/* No normaliser at all leaves texts as they are. */
static enum status read_normalizer(struct normalizer *normalizer, const struct document *json,
                                   struct error *error)
{
    const char *type = "";
    struct document part;
    enum status status = document_get_object(json, "normalizer", &part, error);

    if (!status)
        status = document_get_string(&part, "type", &type, error);
    if (status || !part.root)
        return status;
    if (strcmp(type, "Sequence") == 0)
        return read_sequence(normalizer, &part, error);
    return read_bert_normalizer(normalizer, &part, error);
}

static enum status read_pre_tokenizer(const struct document *document, struct error *error)
{
    struct document part;
    enum status status;

    status = document_get_object(document, "pre_tokenizer", &part, error);
    if (status)
        return status;
    if (!part.root)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: no \"pre_tokenizer\": only \"BertPreTokenizer\" is supported",
                         document->name);
    return check_type(&part, "BertPreTokenizer", error);
}

/* Appends an id that must be in the vocabulary as `text`. */
static enum status add_special(const struct vocab *vocab, struct special_tokens *special,
                               const json_t *text, const json_t *id_value, const char *where,
                               struct error *error)
{
    const char *name = json_string_value(text);
    size_t id;

    if (!name || !document_read_size(id_value, 0, MAX_VOCAB_IDS - 1, &id))
        return error_set(error, STATUS_INVALID, "%s: a special token must have a text and an id",
                         where);
    if (vocab_find(vocab, name, strlen(name)) != (int32_t)id)
        return error_set(error, STATUS_INVALID,
                         "%s: the vocabulary has no token \"%.100s\" with the id %zu", where, name,
                         id);
    if (special->n_ids == MAX_SPECIAL_TOKENS)
        return error_set(error, STATUS_UNSUPPORTED, "%s: more than %d special tokens on one side",
                         where, MAX_SPECIAL_TOKENS);
    special->ids[special->n_ids++] = (int32_t)id;
    return STATUS_OK;
}

/* {"type": "BertProcessing", "cls": ["[CLS]", 101], "sep": ["[SEP]", 102]} */
static enum status read_bert_processing(struct tokenizer *tokenizer, const struct document *part,
                                        struct error *error)
{
    const json_t *cls = json_object_get(part->root, "cls");
    const json_t *sep = json_object_get(part->root, "sep");
    enum status status;

    status = add_special(&tokenizer->vocab, &tokenizer->first, json_array_get(cls, 0),
                         json_array_get(cls, 1), part->name, error);
    if (!status)
        status = add_special(&tokenizer->vocab, &tokenizer->last, json_array_get(sep, 0),
                             json_array_get(sep, 1), part->name, error);
    return status;
}

/* Appends what the template's special token `name` stands for. */
static enum status add_template_special(struct tokenizer *tokenizer, struct special_tokens *special,
                                        const struct document *part, const json_t *name,
                                        struct error *error)
{
    const json_t *all = json_object_get(part->root, "special_tokens");
    const json_t *token = NULL;
    const json_t *ids;
    const json_t *texts;
    enum status status = STATUS_OK;

    if (json_is_string(name))
        token = json_object_get(all, json_string_value(name));
    ids = json_object_get(token, "ids");
    texts = json_object_get(token, "tokens");
    if (json_array_size(ids) == 0 || json_array_size(ids) != json_array_size(texts))
        return error_set(error, STATUS_INVALID,
                         "%s: \"special_tokens\" does not say what \"%.60s\" in \"single\" is",
                         part->name, json_is_string(name) ? json_string_value(name) : "");
    for (size_t i = 0; i < json_array_size(ids) && !status; i++)
        status = add_special(&tokenizer->vocab, special, json_array_get(texts, i),
                             json_array_get(ids, i), part->name, error);
    return status;
}

static enum status read_template(struct tokenizer *tokenizer, const struct document *part,
                                 struct error *error)
{
    const json_t *single = json_object_get(part->root, "single");
    struct special_tokens *special = &tokenizer->first;
    json_t *piece;
    size_t i;

    json_array_foreach(single, i, piece)
    {
        const json_t *sequence = json_object_get(piece, "Sequence");
        const json_t *token = json_object_get(piece, "SpecialToken");
        const json_t *body = sequence ? sequence : token;
        const char *id = json_string_value(json_object_get(body, "id"));
        enum status status;
        size_t type_id;

        if (!document_read_size(json_object_get(body, "type_id"), 0, 0, &type_id) ||
            (sequence && (!id || strcmp(id, "A") != 0 || special == &tokenizer->last)))
            return error_set(error, STATUS_UNSUPPORTED,
                             "%s: only special tokens round one \"A\", all of type 0, are "
                             "supported in \"single\"",
                             part->name);
        if (sequence) {
            special = &tokenizer->last;
            continue;
        }
        status =
            add_template_special(tokenizer, special, part, json_object_get(token, "id"), error);
        if (status)
            return status;
    }
    if (special != &tokenizer->last)
        return error_set(error, STATUS_INVALID, "%s: \"single\" has no \"Sequence\"", part->name);
    return STATUS_OK;
}

/* No post-processor: no special tokens round a text. */
static enum status read_post_processor(struct tokenizer *tokenizer, const struct document *document,
                                       struct error *error)
{
    const char *type = "";
    struct document part;
    enum status status;

    status = document_get_object(document, "post_processor", &part, error);
    if (status || !part.root)
        return status;
    status = document_get_string(&part, "type", &type, error);
    if (status)
        return status;
    if (strcmp(type, "BertProcessing") == 0)
        return read_bert_processing(tokenizer, &part, error);
    if (strcmp(type, "TemplateProcessing") == 0)
        return read_template(tokenizer, &part, error);
    return error_set(error, STATUS_UNSUPPORTED,
                     "%s: \"type\" is \"%.60s\", only \"TemplateProcessing\" and "
                     "\"BertProcessing\" are supported",
                     part.name, type);
}

/* No decoder: a space between any two tokens. */
static enum status read_decoder(struct decoder *decoder, const struct document *document,
                                struct error *error)
{
    const char *prefix = "";
    struct document part;
    enum status status;

    status = document_get_object(document, "decoder", &part, error);
    if (status || !part.root)
        return status;
    status = check_type(&part, "WordPiece", error);
    if (!status)
        status = require(&part, "prefix", error);
    if (!status)
        status = require(&part, "cleanup", error);
    if (!status)
        status = document_get_string(&part, "prefix", &prefix, error);
    if (!status)
        status = document_get_bool(&part, "cleanup", &decoder->cleans_up, error);
    if (status)
        return status;
    decoder->joins_pieces = true;
    decoder->prefix_bytes = strlen(prefix);
    if (decoder->prefix_bytes > MAX_PREFIX_BYTES)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: a \"prefix\" of more than %d bytes is not supported", part.name,
                         MAX_PREFIX_BYTES);
    memcpy(decoder->prefix, prefix, decoder->prefix_bytes);
    return STATUS_OK;
}

static enum status check_version(const struct document *json, struct error *error)
{
    const char *version = "1.0";
    enum status status = document_get_string(json, "version", &version, error);

    if (!status && strcmp(version, "1.0") != 0)
        status = error_set(error, STATUS_UNSUPPORTED,
                           "%s: \"version\" is \"%.60s\", only \"1.0\" is supported", json->name,
                           version);
    return status;
}

enum status load_json(struct tokenizer *tokenizer, const char *folder,
                      const struct tokenizer_config *config, bool lowercase,
                      const struct document *json, struct error *error)
{
    enum status status = check_version(json, error);

    tokenizer->normalizer = (struct normalizer){0};
    if (!status)
        status = read_model(tokenizer, json, error);
    if (!status)
        status = read_normalizer(&tokenizer->normalizer, json, error);
    tokenizer->normalizer.lowercase |= lowercase;
    if (!status)
        status = read_pre_tokenizer(json, error);
    if (!status)
        status = special_read(tokenizer, folder, config, json, error);
    if (!status)
        status = read_post_processor(tokenizer, json, error);
    if (!status)
        status = read_decoder(&tokenizer->decoder, json, error);
    return status;
}

/* --- against BERT's constructor -----------------------------------------------------------------
 */

static enum status check_word_rules(const struct tokenizer *tokenizer, const struct document *json,
                                    struct error *error)
{
    const struct wordpiece *wordpiece = &tokenizer->wordpiece;
    const char *unknown = vocab_text(&tokenizer->vocab, wordpiece->unknown_id);
    struct word_rules rules = {.unknown = "", .prefix = ""};
    const char *key = NULL;
    enum status status = read_word_rules(json, &rules, error);

    if (status)
        return status;
    if (strcmp(rules.unknown, unknown) != 0)
        key = "unk_token";
    else if (strcmp(rules.prefix, "##") != 0)
        key = "continuing_subword_prefix";
    else if (rules.max_chars != wordpiece->max_chars)
        key = "max_input_chars_per_word";
    if (key)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: \"model\": \"%s\" is not what BERT's tokenizer has (\"%.60s\", "
                         "\"##\", %zu): which counts is not the same in all releases of "
                         "transformers",
                         json->name, key, unknown, wordpiece->max_chars);
    return STATUS_OK;
}

/* The switches that tokenizer_config.json has count, whatever is said here; the others must be as
 * BERT's are. */
static enum status check_normalizer(const struct document *json, struct error *error)
{
    struct normalizer normalizer = {.clean_text = true};
    enum status status = read_normalizer(&normalizer, json, error);

    if (!status && !normalizer.clean_text)
        status = error_set(error, STATUS_UNSUPPORTED,
                           "%s: \"normalizer\": \"clean_text\" is false, which is not the same in "
                           "all releases of transformers",
                           json->name);
    return status;
}

static enum status check_post_processor(struct tokenizer *tokenizer, const struct document *json,
                                        struct error *error)
{
    struct special_tokens first = tokenizer->first;
    struct special_tokens last = tokenizer->last;
    enum status status;
    bool same;

    tokenizer->first.n_ids = 0;
    tokenizer->last.n_ids = 0;
    status = read_post_processor(tokenizer, json, error);
    same = tokenizer->first.n_ids == 1 && tokenizer->first.ids[0] == first.ids[0] &&
           tokenizer->last.n_ids == 1 && tokenizer->last.ids[0] == last.ids[0];
    if (!status && !same)
        status =
            error_set(error, STATUS_UNSUPPORTED,
                      "%s: \"post_processor\" does not put the \"cls_token\" before a text and "
                      "the \"sep_token\" after it: which counts is not the same in all releases "
                      "of transformers",
                      json->name);
    tokenizer->first = first;
    tokenizer->last = last;
    return status;
}

enum status load_json_check(struct tokenizer *tokenizer, const struct document *json,
                            struct error *error)
{
    enum status status = check_version(json, error);

    if (!status)
        status = check_word_rules(tokenizer, json, error);
    if (!status)
        status = check_normalizer(json, error);
    if (!status)
        status = read_pre_tokenizer(json, error);
    if (!status)
        status = check_post_processor(tokenizer, json, error);
    return status;
}
