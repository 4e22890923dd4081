/* SPDX-License-Identifier: Apache-2.0 */

/* tokenizer.json: a WordPiece model with BERT's normaliser, pre-tokenizer, a template and
 * WordPiece's decoder.
 *
 * Its "truncation" and "padding" are ignored, the caller says how long a text may be.
 * tokenizer_config.json, where it names a BERT tokenizer and says otherwise,
 * decides on small letters, accents and Han characters, as it does in transformers. */
#include "engine/tokenizer/load.h"

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

        if (!json_get_size(value, 0, MOST_VOCAB_IDS - 1, &id))
            return error_set(error, STATUS_INVALID,
                             "%s: the id of \"%.100s\" must be a whole number from 0 to %d",
                             words->name, text, MOST_VOCAB_IDS - 1);
        status = load_token(vocab, text, strlen(text), (int32_t)id, words->name, error);
        if (status)
            return status;
    }
    return status;
}

static enum status read_model(struct tokenizer *tokenizer, const struct document *document,
                              struct error *error)
{
    static const char *const needed[] = {"vocab", "unk_token", "continuing_subword_prefix",
                                         "max_input_chars_per_word"};
    const char *prefix = "";
    const char *unknown = "";
    struct document model;
    struct document words;
    enum status status;

    status = require(document, "model", error);
    if (!status)
        status = document_get_object(document, "model", &model, error);
    if (!status)
        status = check_type(&model, "WordPiece", error);
    for (size_t i = 0; i < sizeof needed / sizeof *needed && !status; i++)
        status = require(&model, needed[i], error);
    if (!status)
        status = document_get_object(&model, "vocab", &words, error);
    if (!status)
        status = read_words(&tokenizer->vocab, &words, error);
    if (!status)
        status = document_get_string(&model, "unk_token", &unknown, error);
    if (!status)
        status = document_get_string(&model, "continuing_subword_prefix", &prefix, error);
    if (!status)
        status = document_get_size(&model, "max_input_chars_per_word", 0, MOST_WORD_CHARS,
                                   &tokenizer->wordpiece.most_chars, error);
    if (status)
        return status;
    wordpiece_init(&tokenizer->wordpiece, &tokenizer->vocab, prefix, strlen(prefix));
    tokenizer->wordpiece.unknown_id = vocab_find(&tokenizer->vocab, unknown, strlen(unknown));
    if (tokenizer->wordpiece.unknown_id == VOCAB_NO_ID)
        return error_set(error, STATUS_INVALID,
                         "%s: \"unk_token\" is \"%.100s\", which is not in \"vocab\"", model.name,
                         unknown);
    return STATUS_OK;
}

/* No normaliser at all leaves texts as they are. */
static enum status read_normalizer(struct normalizer *normalizer, const struct document *document,
                                   struct error *error)
{
    static const char *const needed[] = {"clean_text", "handle_chinese_chars", "lowercase"};
    struct document part;
    enum status status;

    status = document_get_object(document, "normalizer", &part, error);
    if (status || !part.root)
        return status;
    status = check_type(&part, "BertNormalizer", error);
    for (size_t i = 0; i < sizeof needed / sizeof *needed && !status; i++)
        status = require(&part, needed[i], error);
    if (!status)
        status = document_get_bool(&part, "clean_text", &normalizer->clean_text, error);
    if (!status)
        status = document_get_bool(&part, "handle_chinese_chars", &normalizer->split_han, error);
    if (!status)
        status = document_get_bool(&part, "lowercase", &normalizer->lowercase, error);
    if (!status)
        status = load_strip_accents(normalizer, json_object_get(part.root, "strip_accents"),
                                    part.name, error);
    return status;
}

/* What tokenizer_config.json says otherwise about the normaliser. */
static enum status read_config(struct tokenizer *tokenizer, const char *folder,
                               const struct document *document, struct error *error)
{
    struct normalizer *normalizer = &tokenizer->normalizer;
    struct document config = {0};
    const char *class = "Bert";
    const json_t *strip = NULL;
    struct document part;
    enum status status;

    status = document_get_object(document, "normalizer", &part, error);
    if (!status)
        status = document_open_if_there(&config, folder, "tokenizer_config.json", false, error);
    if (status || !config.root)
        return status;
    status = document_get_string(&config, "tokenizer_class", &class, error);
    if (!status && part.root && strncmp(class, "Bert", 4) == 0) {
        strip = json_object_get(config.root, "strip_accents");
        if (!strip)
            strip = json_object_get(part.root, "strip_accents");
        status = document_get_bool(&config, "do_lower_case", &normalizer->lowercase, error);
        if (!status)
            status =
                document_get_bool(&config, "tokenize_chinese_chars", &normalizer->split_han, error);
        if (!status)
            status = load_strip_accents(normalizer, strip, config.name, error);
    }
    document_release(&config);
    return status;
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

static enum status read_added_token(struct tokenizer *tokenizer, json_t *value, size_t index,
                                    const char *file, struct error *error)
{
    struct added_entry entry = {.id = VOCAB_NO_ID};
    struct document part = {.root = value};
    enum status status;
    size_t id;

    snprintf(part.name, sizeof part.name, "%.60s: \"added_tokens\"[%zu]", file, index);
    if (!json_is_object(value))
        return error_set(error, STATUS_INVALID, "%s must be an object", part.name);
    if (!json_get_size(json_object_get(value, "id"), 0, MOST_VOCAB_IDS - 1, &id))
        return error_set(error, STATUS_INVALID, "%s: \"id\" must be a whole number from 0 to %d",
                         part.name, MOST_VOCAB_IDS - 1);
    entry.id = (int32_t)id;
    status = load_added_entry(&part, &entry, error);
    return status ? status : load_add(tokenizer, &entry, error);
}

static enum status read_added_tokens(struct tokenizer *tokenizer, const struct document *document,
                                     struct error *error)
{
    const json_t *list = json_object_get(document->root, "added_tokens");
    enum status status = STATUS_OK;
    json_t *value;
    size_t i;

    if (!list || json_is_null(list))
        return STATUS_OK;
    if (!json_is_array(list))
        return error_set(error, STATUS_INVALID, "%s: \"added_tokens\" must be an array",
                         document->name);
    json_array_foreach(list, i, value)
    {
        status = read_added_token(tokenizer, value, i, document->name, error);
        if (status)
            break;
    }
    return status;
}

/* Appends an id that must be in the vocabulary as `text`. */
static enum status add_special(const struct vocab *vocab, struct special_tokens *special,
                               const json_t *text, const json_t *id_value, const char *where,
                               struct error *error)
{
    const char *name = json_string_value(text);
    size_t id;

    if (!name || !json_get_size(id_value, 0, MOST_VOCAB_IDS - 1, &id))
        return error_set(error, STATUS_INVALID, "%s: a special token must have a text and an id",
                         where);
    if (vocab_find(vocab, name, strlen(name)) != (int32_t)id)
        return error_set(error, STATUS_INVALID,
                         "%s: the vocabulary has no token \"%.100s\" with the id %zu", where, name,
                         id);
    if (special->n_ids == MOST_SPECIAL_TOKENS)
        return error_set(error, STATUS_UNSUPPORTED, "%s: more than %d special tokens on one side",
                         where, MOST_SPECIAL_TOKENS);
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

        if (!json_get_size(json_object_get(body, "type_id"), 0, 0, &type_id) ||
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
    if (decoder->prefix_bytes > MOST_PREFIX_BYTES)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: a \"prefix\" of more than %d bytes is not supported", part.name,
                         MOST_PREFIX_BYTES);
    memcpy(decoder->prefix, prefix, decoder->prefix_bytes);
    return STATUS_OK;
}

enum status load_json(struct tokenizer *tokenizer, const char *folder,
                      const struct document *document, struct error *error)
{
    const char *version = "1.0";
    enum status status;

    status = document_get_string(document, "version", &version, error);
    if (!status && strcmp(version, "1.0") != 0)
        status = error_set(error, STATUS_UNSUPPORTED,
                           "%s: \"version\" is \"%.60s\", only \"1.0\" is supported",
                           document->name, version);
    if (!status)
        status = read_model(tokenizer, document, error);
    if (!status)
        status = read_normalizer(&tokenizer->normalizer, document, error);
    if (!status)
        status = read_config(tokenizer, folder, document, error);
    if (!status)
        status = read_pre_tokenizer(document, error);
    if (!status)
        status = read_added_tokens(tokenizer, document, error);
    if (!status)
        status = read_post_processor(tokenizer, document, error);
    if (!status)
        status = read_decoder(&tokenizer->decoder, document, error);
    return status;
}
