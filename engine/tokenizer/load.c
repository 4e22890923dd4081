/* SPDX-License-Identifier: Apache-2.0 */

/* Which files a tokenizer is read from, and what their readers share.
 *
 * tokenizer.json, where there is one, says everything; else vocab.txt does, with the two files that
 * say how it is used. What is asked for and cannot be done is refused with file and key. */
#include "engine/tokenizer/load.h"

#include "engine/memory.h"
#include "engine/model/file.h"
#include "engine/tokenizer/unicode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum status load_added_entry(const struct document *document, struct added_entry *entry,
                             struct error *error)
{
    const json_t *content = json_object_get(document->root, "content");
    bool single_word = false;
    enum status status;

    if (!json_is_string(content))
        return error_set(error, STATUS_INVALID, "%s: \"content\" must be a text", document->name);
    entry->text = json_string_value(content);
    entry->len_bytes = json_string_length(content);
    snprintf(entry->where, sizeof entry->where, "%.99s", document->name);
    status = document_get_bool(document, "special", &entry->special, error);
    if (!status)
        status = document_get_bool(document, "lstrip", &entry->takes_left, error);
    if (!status)
        status = document_get_bool(document, "rstrip", &entry->takes_right, error);
    if (!status)
        status = document_get_bool(document, "normalized", &entry->normalized, error);
    if (!status)
        status = document_get_bool(document, "single_word", &single_word, error);
    if (!status && single_word)
        status = error_set(error, STATUS_UNSUPPORTED, "%s: \"single_word\" true is not supported",
                           document->name);
    return status;
}

/* A text that is being normalised, for a token that is looked for in normalised texts. */
struct pattern {
    char bytes[MOST_ADDED_BYTES];
    size_t n_bytes;
    bool too_long;
};

static bool pattern_take(void *user, const struct normal_char *normal)
{
    struct pattern *pattern = user;

    if (pattern->n_bytes + MOST_UTF8_BYTES > MOST_ADDED_BYTES) {
        pattern->too_long = true;
        return false;
    }
    pattern->n_bytes += utf8_encode(normal->c, pattern->bytes + pattern->n_bytes);
    return true;
}

static void pattern_normalize(struct pattern *pattern, const struct normalizer *normalizer,
                              const char *text, size_t len_bytes)
{
    const struct added_tokens none = {0};
    const struct normalize_text whole = {text, len_bytes, &none};
    const struct normal_sink sink = {pattern_take, pattern};
    size_t pos = 0;

    while (pos < len_bytes && normalize_next(normalizer, &whole, &pos, &sink))
        ;
}

/* Adds it to what is looked for. */
static enum status look_for(struct tokenizer *tokenizer, const struct added_entry *entry,
                            int32_t id, struct error *error)
{
    const struct added_token token = {id, entry->takes_left, entry->takes_right};
    struct added_tokens *added = &tokenizer->raw;
    struct pattern pattern = {.n_bytes = 0};
    const char *text = entry->text;
    size_t len_bytes = entry->len_bytes;
    enum status status;

    if (entry->normalized) {
        if (entry->takes_left || entry->takes_right)
            return error_set(error, STATUS_UNSUPPORTED,
                             "%s: \"normalized\" with \"lstrip\" or \"rstrip\" is not supported",
                             entry->where);
        pattern_normalize(&pattern, &tokenizer->normalizer, text, len_bytes);
        added = &tokenizer->normalized;
        text = pattern.bytes;
        len_bytes = pattern.n_bytes;
    }
    if (pattern.too_long || len_bytes > MOST_ADDED_BYTES)
        return error_set(error, STATUS_UNSUPPORTED, "%s: a token of %zu bytes is not supported",
                         entry->where, entry->len_bytes);
    status = added_tokens_add(added, text, len_bytes, token);
    if (status == STATUS_INVALID)
        status = error_set(error, status, "%s: the token \"%.100s\" is empty or there twice",
                           entry->where, entry->text);
    if (!status && added->any_takes_right && added->any_starts_with_space)
        status = error_set(error, STATUS_UNSUPPORTED,
                           "%s: \"rstrip\" beside a token that begins with white space is not "
                           "supported",
                           entry->where);
    return status;
}

enum status load_add(struct tokenizer *tokenizer, const struct added_entry *entry,
                     struct error *error)
{
    struct vocab *vocab = &tokenizer->vocab;
    int32_t id = vocab_find(vocab, entry->text, entry->len_bytes);
    bool is_new = id == VOCAB_NO_ID;
    enum status status;

    /* New tokens are numbered on from the vocabulary's size, whatever the file says. */
    if (is_new)
        id = (int32_t)(vocab->n_tokens + vocab->n_added);
    if (entry->id != VOCAB_NO_ID && entry->id != id)
        return error_set(error, STATUS_INVALID, "%s: the token \"%.100s\" has the id %d, not %d",
                         entry->where, entry->text, id, entry->id);
    if (is_new) {
        status = vocab_add_added(vocab, entry->text, entry->len_bytes, id);
        if (status == STATUS_INVALID)
            return error_set(error, status, "%s: the id %d of the token \"%.100s\" is taken",
                             entry->where, id, entry->text);
        if (status)
            return status;
    }
    status = look_for(tokenizer, entry, id, error);
    if (!status)
        vocab->tokens[id].special = entry->special;
    return status;
}

enum status load_strip_accents(struct normalizer *normalizer, const json_t *value, const char *file,
                               struct error *error)
{
    if (value && !json_is_null(value) && !json_is_boolean(value))
        return error_set(error, STATUS_INVALID, "%s: \"strip_accents\" must be true, false or null",
                         file);
    normalizer->strip_accents =
        json_is_boolean(value) ? json_is_true(value) : normalizer->lowercase;
    return STATUS_OK;
}

enum status load_token(struct vocab *vocab, const char *text, size_t len_bytes, int32_t id,
                       const char *file, struct error *error)
{
    enum status status = vocab_add(vocab, text, len_bytes, id);

    if (status != STATUS_INVALID)
        return status;
    return error_set(error, status,
                     "%s: the token \"%.100s\" cannot have the id %d: another has it, it is %d or "
                     "more, or the vocabulary is too large",
                     file, text, id, MOST_VOCAB_IDS);
}

/* do_lower_case of sentence-transformers: the whole text, before the tokenizer sees it. */
static enum status load_sentence_config(struct tokenizer *tokenizer, const char *folder,
                                        struct error *error)
{
    struct document document = {0};
    enum status status;

    status = document_open_if_there(&document, folder, "sentence_bert_config.json", false, error);
    if (!status && document.root)
        status = document_get_bool(&document, "do_lower_case", &tokenizer->lowercase_first, error);
    document_release(&document);
    return status;
}

static enum status load_files(struct tokenizer *tokenizer, const char *folder, struct error *error)
{
    struct document document = {0};
    enum status status;

    status = document_open_if_there(&document, folder, "tokenizer.json", false, error);
    if (status)
        return status;
    if (document.root)
        status = load_json(tokenizer, folder, &document, error);
    else
        status = load_vocab(tokenizer, folder, error);
    document_release(&document);
    if (!status)
        status = load_sentence_config(tokenizer, folder, error);
    return status;
}

enum status tokenizer_load(struct tokenizer **ret_tokenizer, const char *model_dir,
                           struct error *error)
{
    struct tokenizer *tokenizer = calloc(1, sizeof *tokenizer);
    enum status status = tokenizer ? load_files(tokenizer, model_dir, error) : STATUS_NO_MEMORY;

    if (status) {
        tokenizer_free(tokenizer);
        return error_set(error, status, "the tokenizer does not fit into memory");
    }
    encode_prepare(tokenizer);
    *ret_tokenizer = tokenizer;
    return STATUS_OK;
}
