/* SPDX-License-Identifier: Apache-2.0 */

/* vocab.json and merges.txt, as the classes with a BPE of bytes take them. */
#include "engine/tokenizer/read/convert.h"

#include "engine/base/memory.h"
#include "engine/files/file.h"
#include "engine/tokenizer/unicode.h"
#include "engine/tokenizer/words/merges.h"

#include <stdio.h>
#include <string.h>

#define MERGES_FILE "merges.txt"

enum { MAX_MERGES_BYTES = 64 << 20 };

/* Qwen's, as its class writes it. */
static const char qwen_pattern[] =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| "
    "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/* --- merges.txt ------------------------------------------------------------------------------- */

/* "l eft": two tokens and one space. */
static bool is_merge(const char *line, size_t len_bytes)
{
    const char *space = memchr(line, ' ', len_bytes);

    return space && space > line && space < line + len_bytes - 1 &&
           !memchr(space + 1, ' ', len_bytes - (size_t)(space + 1 - line)) &&
           !memchr(line, '\0', len_bytes);
}

static enum status add_line(json_t *merges, const char *line, size_t len_bytes, size_t number,
                            struct error *error)
{
    static const char version[] = "#version";

    if (len_bytes > 0 && line[len_bytes - 1] == '\r')
        len_bytes--;
    if (len_bytes >= sizeof version - 1 && memcmp(line, version, sizeof version - 1) == 0)
        return STATUS_OK;
    if (!is_merge(line, len_bytes))
        return error_set(error, STATUS_INVALID,
                         MERGES_FILE ": line %zu must be two tokens with a space between them",
                         number);
    if (json_array_size(merges) == MAX_MERGES)
        return error_set(error, STATUS_INVALID, MERGES_FILE ": has more than %d merges",
                         MAX_MERGES);
    return json_array_append_new(merges, json_stringn(line, len_bytes)) ? STATUS_NO_MEMORY
                                                                        : STATUS_OK;
}

static enum status read_lines(json_t *merges, const char *text, size_t len_bytes,
                              struct error *error)
{
    enum status status = STATUS_OK;
    size_t number = 1;

    if (!utf8_is_valid(text, len_bytes))
        return error_set(error, STATUS_INVALID, MERGES_FILE ": is not valid UTF-8");
    for (size_t start = 0; start < len_bytes && !status; number++) {
        const char *newline = memchr(text + start, '\n', len_bytes - start);
        size_t stop = newline ? (size_t)(newline - text) : len_bytes;

        status = add_line(merges, text + start, stop - start, number, error);
        start = stop + 1;
    }
    return status;
}

static enum status read_merges(json_t *merges, const char *folder, struct error *error)
{
    AUTO_FREE char *path = path_join(folder, MERGES_FILE);
    AUTO_FREE char *text = NULL;
    enum status status;
    size_t len_bytes;

    if (!path || !merges)
        return STATUS_NO_MEMORY;
    if (!file_exists(path))
        return error_set(error, STATUS_IO, "%.300s: has neither tokenizer.json nor " MERGES_FILE,
                         folder);
    status = file_read(path, MAX_MERGES_BYTES, &text, &len_bytes, error);
    return status ? status : read_lines(merges, text, len_bytes, error);
}

/* --- the other parts -------------------------------------------------------------------------- */

static enum status find_token(const struct draft *draft, const json_t *vocab,
                              enum special_name name, struct convert_token *ret_token,
                              struct error *error)
{
    enum status status = convert_get_name(draft, name, &ret_token->text, error);

    if (status)
        return status;
    if (!document_read_size(json_object_get(vocab, ret_token->text), 0, MAX_VOCAB_IDS - 1,
                            &ret_token->id))
        return convert_refuse_name(draft, name, error);
    return STATUS_OK;
}

static enum status make_roberta_finish(const struct draft *draft, const json_t *vocab,
                                       bool has_prefix, json_t **ret_part, struct error *error)
{
    struct convert_token tokens[2];
    bool trims = true;
    enum status status = find_token(draft, vocab, SPECIAL_CLASS, &tokens[0], error);

    if (!status)
        status = find_token(draft, vocab, SPECIAL_SEPARATOR, &tokens[1], error);
    if (!status)
        status = convert_get_switch(draft, "trim_offsets", &trims, error);
    if (status)
        return status;
    *ret_part =
        json_pack("{s:s,s:[s,I],s:[s,I],s:b,s:b}", "type", "RobertaProcessing", "cls",
                  tokens[0].text, (json_int_t)tokens[0].id, "sep", tokens[1].text,
                  (json_int_t)tokens[1].id, "trim_offsets", trims, "add_prefix_space", has_prefix);
    return STATUS_OK;
}

/* A switch that asks for a token counts only where there is such a token. */
static enum status find_asked(const struct draft *draft, const json_t *vocab, const char *key,
                              enum special_name name, struct convert_token *token, bool *ret_asked,
                              struct error *error)
{
    bool asked = false;
    enum status status = convert_get_switch(draft, key, &asked, error);

    *ret_asked = asked && draft->names.texts[name];
    if (!status && *ret_asked)
        status = find_token(draft, vocab, name, token, error);
    return status;
}

enum status convert_make_around(const struct draft *draft, const json_t *vocab, json_t **ret_part,
                                struct error *error)
{
    struct convert_token tokens[2] = {{NULL, 0}, {NULL, 0}};
    bool has_first;
    bool has_last;
    enum status status =
        find_asked(draft, vocab, "add_bos_token", SPECIAL_BOS, &tokens[0], &has_first, error);

    if (!status)
        status =
            find_asked(draft, vocab, "add_eos_token", SPECIAL_EOS, &tokens[1], &has_last, error);
    if (!status)
        *ret_part = convert_template_around(has_first, has_last, tokens);
    return status;
}

static json_t *make_byte_level(bool has_prefix, bool use_regex)
{
    return json_pack("{s:s,s:b,s:b,s:b}", "type", "ByteLevel", "add_prefix_space", has_prefix,
                     "trim_offsets", 1, "use_regex", use_regex);
}

static json_t *make_qwen_splitter(bool has_prefix)
{
    return json_pack("{s:s,s:[{s:s,s:{s:s},s:s,s:b},o]}", "type", "Sequence", "pretokenizers",
                     "type", "Split", "pattern", "Regex", qwen_pattern, "behavior", "Isolated",
                     "invert", 0, make_byte_level(has_prefix, false));
}

static enum status put_together(struct draft *draft, json_t *vocab, json_t *merges,
                                struct error *error)
{
    const char *class_name = draft->files->config->class_name;
    bool is_qwen = strcmp(class_name, "Qwen2Tokenizer") == 0;
    bool has_prefix = false;
    json_t *finish = NULL;
    enum status status = convert_get_switch(draft, "add_prefix_space", &has_prefix, error);

    if (status)
        return status;
    if (is_qwen || strcmp(class_name, "GPT2Tokenizer") == 0)
        status = convert_make_around(draft, vocab, &finish, error);
    else
        status = make_roberta_finish(draft, vocab, has_prefix, &finish, error);
    if (status)
        return status;
    draft->json =
        json_pack("{s:{s:s,s:O,s:O},s:o,s:o,s:o,s:o}", "model", "type", "BPE", "vocab", vocab,
                  "merges", merges, "normalizer",
                  is_qwen ? json_pack("{s:s}", "type", "NFC") : json_null(), "pre_tokenizer",
                  is_qwen ? make_qwen_splitter(has_prefix) : make_byte_level(has_prefix, true),
                  "decoder", make_byte_level(true, true), "post_processor", finish);
    return STATUS_OK;
}

enum status convert_bytes(struct draft *draft, struct error *error)
{
    struct document vocab = {.root = NULL};
    json_t *merges = json_array();
    enum status status = document_open(&vocab, draft->files->folder, draft->file, false, error);

    if (!status)
        status = read_merges(merges, draft->files->folder, error);
    if (!status)
        status = put_together(draft, vocab.root, merges, error);
    document_release(&vocab);
    json_decref(merges);
    return status;
}
