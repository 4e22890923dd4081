/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/read/convert.h"

#include "engine/tokenizer/read/sentencepiece.h"

#include <stdio.h>
#include <string.h>

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
