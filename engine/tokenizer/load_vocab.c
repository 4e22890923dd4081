/* SPDX-License-Identifier: Apache-2.0 */

/* vocab.txt: a token a line, its id the line's number. tokenizer_config.json says how texts are
 * normalised, it and special_tokens_map.json name the special tokens; what neither says is as in
 * transformers' BertTokenizerFast. */
#include "engine/tokenizer/load.h"

#include "engine/memory.h"
#include "engine/model/file.h"
#include "engine/tokenizer/unicode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VOCAB_FILE  "vocab.txt"
#define CONFIG_FILE "tokenizer_config.json"
#define MAP_FILE    "special_tokens_map.json"

enum { MOST_VOCAB_BYTES = 64 << 20, VOCAB_WORD_CHARS = 100, MOST_NAME_BYTES = 20 };

/* A special token's key, and its text where no file says otherwise. */
static const struct special_name {
    char key[MOST_NAME_BYTES];
    const char *text;
} names[] = {
    {"unk_token", "[UNK]"}, {"cls_token", "[CLS]"},   {"sep_token", "[SEP]"},
    {"pad_token", "[PAD]"}, {"mask_token", "[MASK]"}, {"bos_token", NULL},
    {"eos_token", NULL},
};
enum { NAME_UNKNOWN, NAME_FIRST, NAME_LAST, N_NEEDED_NAMES };

static enum status read_file(const char *folder, char **ret_text, size_t *ret_len_bytes,
                             struct error *error)
{
    AUTO_FREE char *path = path_join(folder, VOCAB_FILE);
    AUTO_FREE char *text = NULL;
    enum status status;
    size_t len_bytes;
    size_t have;
    FILE *file;
    int fd;

    if (!path)
        return STATUS_NO_MEMORY;
    if (!file_exists(path))
        return error_set(error, STATUS_IO, "%.300s: has neither tokenizer.json nor " VOCAB_FILE,
                         folder);
    status = file_open(path, &fd, &len_bytes, error);
    if (status)
        return status;
    if (len_bytes > MOST_VOCAB_BYTES) {
        close(fd);
        return error_set(error, STATUS_INVALID, VOCAB_FILE ": has %zu bytes, at most %d are read",
                         len_bytes, MOST_VOCAB_BYTES);
    }
    text = malloc(len_bytes + 1);
    file = fdopen(fd, "rb");
    if (!text || !file) {
        if (file)
            fclose(file);
        else
            close(fd);
        return STATUS_NO_MEMORY;
    }
    have = fread(text, 1, len_bytes, file);
    fclose(file);
    if (have < len_bytes)
        return error_set(error, STATUS_IO, VOCAB_FILE ": cannot be read");
    if (!utf8_is_valid(text, len_bytes))
        return error_set(error, STATUS_INVALID, VOCAB_FILE ": is not valid UTF-8");
    *ret_text = text;
    *ret_len_bytes = len_bytes;
    text = NULL;
    return STATUS_OK;
}

/* The length of a line without the white space at its end. */
static size_t trimmed(const char *line, size_t len_bytes)
{
    while (len_bytes > 0) {
        size_t before = utf8_before(line, len_bytes);
        uint32_t c;

        utf8_decode(line + before, len_bytes - before, &c);
        if (!(unicode_kind(c).flags & CODE_POINT_SPACE))
            break;
        len_bytes = before;
    }
    return len_bytes;
}

static enum status read_words(struct vocab *vocab, const char *folder, struct error *error)
{
    AUTO_FREE char *text = NULL;
    enum status status;
    size_t len_bytes = 0;
    size_t start = 0;

    status = read_file(folder, &text, &len_bytes, error);
    for (int32_t id = 0; !status && start < len_bytes; id++) {
        char *line = text + start;
        char *newline = memchr(line, '\n', len_bytes - start);
        size_t line_bytes = newline ? (size_t)(newline - line) : len_bytes - start;
        size_t token_bytes = trimmed(line, line_bytes);

        line[token_bytes] = '\0';
        status = load_token(vocab, line, token_bytes, id, VOCAB_FILE, error);
        start += line_bytes + 1;
    }
    return status;
}

static enum status read_normalizer(struct normalizer *normalizer, const struct document *config,
                                   struct error *error)
{
    enum status status;

    *normalizer = (struct normalizer){.clean_text = true, .split_han = true, .lowercase = true};
    status = document_get_bool(config, "do_lower_case", &normalizer->lowercase, error);
    if (!status)
        status = document_get_bool(config, "tokenize_chinese_chars", &normalizer->split_han, error);
    if (!status)
        status = load_strip_accents(normalizer, json_object_get(config->root, "strip_accents"),
                                    CONFIG_FILE, error);
    return status;
}

/* Adds a special token unless it is there already (a text may be named for several purposes). */
static enum status add_named(struct tokenizer *tokenizer, const struct added_entry *entry,
                             struct error *error)
{
    size_t len_bytes;
    int32_t id = vocab_find(&tokenizer->vocab, entry->text, entry->len_bytes);

    if (id == VOCAB_NO_ID)
        return error_set(error, STATUS_INVALID,
                         "%s is \"%.100s\", which " VOCAB_FILE " does not have", entry->where,
                         entry->text);
    if (tokenizer->vocab.tokens[id].special ||
        (entry->len_bytes <= MOST_ADDED_BYTES &&
         added_tokens_match(&tokenizer->raw, entry->text, entry->len_bytes, &len_bytes) &&
         len_bytes == entry->len_bytes))
        return STATUS_OK;
    return load_add(tokenizer, entry, error);
}

/* A special token as a file writes it: a text, or an object with flags. */
static enum status read_entry(json_t *value, const char *file, const char *key,
                              struct added_entry *entry, struct error *error)
{
    struct document part = {.root = value};

    snprintf(part.name, sizeof part.name, "%.50s: \"%.40s\"", file, key);
    *entry = (struct added_entry){.id = VOCAB_NO_ID};
    snprintf(entry->where, sizeof entry->where, "%.99s", part.name);
    if (json_is_object(value)) {
        enum status status = load_added_entry(&part, entry, error);

        entry->special = true;
        return status;
    }
    if (!json_is_string(value))
        return error_set(error, STATUS_INVALID, "%s must be a text or an object", part.name);
    entry->text = json_string_value(value);
    entry->len_bytes = json_string_length(value);
    entry->special = true;
    return STATUS_OK;
}

static enum status read_named(struct tokenizer *tokenizer, const struct document *config,
                              const struct document *map, size_t name, int32_t *ret_id,
                              struct error *error)
{
    const struct special_name *special = &names[name];
    json_t *value = json_object_get(map->root, special->key);
    const char *file = value ? MAP_FILE : CONFIG_FILE;
    struct added_entry entry = {.text = special->text, .id = VOCAB_NO_ID, .special = true};
    enum status status = STATUS_OK;
    bool is_named;

    if (!value)
        value = json_object_get(config->root, special->key);
    is_named = value && !json_is_null(value);
    *ret_id = VOCAB_NO_ID;
    if (is_named) {
        status = read_entry(value, file, special->key, &entry, error);
    } else if (special->text) {
        entry.len_bytes = strlen(special->text);
        snprintf(entry.where, sizeof entry.where, "\"%.40s\"", special->key);
        /* A vocabulary without [MASK] is no worse for embedding. */
        if (name >= N_NEEDED_NAMES &&
            vocab_find(&tokenizer->vocab, entry.text, entry.len_bytes) == VOCAB_NO_ID)
            return STATUS_OK;
    } else {
        return STATUS_OK;
    }
    if (!status)
        status = add_named(tokenizer, &entry, error);
    if (!status)
        *ret_id = vocab_find(&tokenizer->vocab, entry.text, entry.len_bytes);
    return status;
}

/* Special tokens without a purpose of their own. */
static enum status read_list(struct tokenizer *tokenizer, const struct document *document,
                             const char *key, struct error *error)
{
    const json_t *list = json_object_get(document->root, key);
    enum status status = STATUS_OK;
    struct added_entry entry;
    json_t *value;
    size_t i;

    if (!json_is_array(list))
        return document_refuse(document, key, error);
    json_array_foreach(list, i, value)
    {
        status = read_entry(value, document->name, key, &entry, error);
        if (!status)
            status = add_named(tokenizer, &entry, error);
        if (status)
            break;
    }
    return status;
}

/* A key of added_tokens_decoder; false where it is not an id. */
static bool parse_id(const char *key, int32_t *ret_id)
{
    int32_t id = 0;

    for (const char *digit = key; *digit; digit++) {
        if (*digit < '0' || *digit > '9')
            return false;
        id = id * 10 + (*digit - '0');
        if (id >= MOST_VOCAB_IDS)
            return false;
    }
    *ret_id = id;
    return *key != '\0';
}

/* {"0": {"content": "[PAD]", ...}, ...} */
static enum status read_decoder(struct tokenizer *tokenizer, const struct document *config,
                                struct error *error)
{
    struct document decoder;
    enum status status;
    const char *key;
    json_t *value;

    status = document_get_object(config, "added_tokens_decoder", &decoder, error);
    if (status || !decoder.root)
        return status;
    json_object_foreach(decoder.root, key, value)
    {
        struct added_entry entry = {.id = VOCAB_NO_ID};
        struct document part;

        if (!parse_id(key, &entry.id))
            return error_set(error, STATUS_INVALID, "%s: the key \"%.40s\" is not an id",
                             decoder.name, key);
        status = document_get_object(&decoder, key, &part, error);
        if (!status && !part.root)
            status = error_set(error, STATUS_INVALID, "%s must be an object", part.name);
        if (!status)
            status = load_added_entry(&part, &entry, error);
        if (!status)
            status = load_add(tokenizer, &entry, error);
        if (status)
            return status;
    }
    return STATUS_OK;
}

static enum status read_special(struct tokenizer *tokenizer, const char *folder,
                                const struct document *config, struct error *error)
{
    AUTO_FREE char *added_path = path_join(folder, "added_tokens.json");
    struct document map = {0};
    int32_t ids[sizeof names / sizeof *names];
    enum status status;

    if (!added_path)
        return STATUS_NO_MEMORY;
    if (file_exists(added_path))
        return error_set(error, STATUS_UNSUPPORTED,
                         "added_tokens.json: not supported without tokenizer.json");
    status = document_open_if_there(&map, folder, MAP_FILE, false, error);
    if (!status)
        status = read_decoder(tokenizer, config, error);
    for (size_t i = 0; i < sizeof names / sizeof *names && !status; i++)
        status = read_named(tokenizer, config, &map, i, &ids[i], error);
    if (!status)
        status = read_list(tokenizer, &map, "additional_special_tokens", error);
    if (!status)
        status = read_list(tokenizer, config, "additional_special_tokens", error);
    if (!status)
        status = read_list(tokenizer, config, "extra_special_tokens", error);
    document_release(&map);
    if (status)
        return status;
    tokenizer->wordpiece.unknown_id = ids[NAME_UNKNOWN];
    tokenizer->first = (struct special_tokens){{ids[NAME_FIRST]}, 1};
    tokenizer->last = (struct special_tokens){{ids[NAME_LAST]}, 1};
    return STATUS_OK;
}

enum status load_vocab(struct tokenizer *tokenizer, const char *folder, struct error *error)
{
    struct document config = {0};
    enum status status;

    status = read_words(&tokenizer->vocab, folder, error);
    if (!status)
        status = document_open_if_there(&config, folder, CONFIG_FILE, false, error);
    if (!status)
        status = read_normalizer(&tokenizer->normalizer, &config, error);
    if (!status)
        status = read_special(tokenizer, folder, &config, error);
    document_release(&config);
    if (status)
        return status;
    tokenizer->wordpiece.most_chars = VOCAB_WORD_CHARS;
    wordpiece_init(&tokenizer->wordpiece, &tokenizer->vocab, "##", 2);
    decoder_init_bert(&tokenizer->decoder);
    return STATUS_OK;
}
