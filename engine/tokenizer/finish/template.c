/* SPDX-License-Identifier: Apache-2.0 */

/* {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
 * {"Sequence": {"id": "A", "type_id": 0}}, ...], "pair": [...], "special_tokens": {"[CLS]":
 * {"id": "[CLS]", "ids": [101], "tokens": ["[CLS]"]}, ...}} */
#include "engine/tokenizer/finish/finish.h"

#include <string.h>

enum { MAX_TYPE_ID = 255 };

/* A piece of "single" or "pair". */
struct piece {
    const char *sequence; /* "A" or "B"; NULL: a special token */
    const char *token;
    size_t type_id;
};

static enum status read_piece(struct piece *ret_piece, const json_t *value, const char *key,
                              const struct document *part, struct error *error)
{
    const json_t *sequence = json_object_get(value, "Sequence");
    const json_t *token = json_object_get(value, "SpecialToken");
    const json_t *body = sequence ? sequence : token;
    const char *id = json_string_value(json_object_get(body, "id"));

    if (!id ||
        !document_read_size(json_object_get(body, "type_id"), 0, MAX_TYPE_ID, &ret_piece->type_id))
        return error_set(error, STATUS_INVALID,
                         "%s: \"%s\" must be of texts and special tokens with an \"id\" and a "
                         "\"type_id\"",
                         part->name, key);
    ret_piece->sequence = sequence ? id : NULL;
    ret_piece->token = sequence ? NULL : id;
    return STATUS_OK;
}

/* Appends what the template's special token stands for. */
static enum status add_special(const struct finish_target *target, struct special_tokens *special,
                               const struct document *part, const char *key, const char *name,
                               struct error *error)
{
    const json_t *all = json_object_get(part->root, "special_tokens");
    const json_t *token = json_object_get(all, name);
    const json_t *ids = json_object_get(token, "ids");
    const json_t *texts = json_object_get(token, "tokens");
    enum status status = STATUS_OK;

    if (json_array_size(ids) == 0 || json_array_size(ids) != json_array_size(texts))
        return error_set(error, STATUS_INVALID,
                         "%s: \"special_tokens\" does not say what \"%.60s\" in \"%s\" is",
                         part->name, name, key);
    for (size_t i = 0; i < json_array_size(ids) && !status; i++)
        status = special_tokens_add(special, target->vocab, json_array_get(texts, i),
                                    json_array_get(ids, i), part->name, error);
    return status;
}

static enum status read_single(const struct finish_target *target, const struct document *part,
                               struct error *error)
{
    const json_t *single = json_object_get(part->root, "single");
    struct special_tokens *special = &target->finish->first;
    struct special_tokens *last = &target->finish->last;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < json_array_size(single) && !status; i++) {
        struct piece piece;

        status = read_piece(&piece, json_array_get(single, i), "single", part, error);
        if (status)
            return status;
        if (piece.type_id != 0 ||
            (piece.sequence && (strcmp(piece.sequence, "A") != 0 || special == last)))
            return error_set(error, STATUS_UNSUPPORTED,
                             "%s: only special tokens around one \"A\", all of type 0, are "
                             "supported in \"single\"",
                             part->name);
        if (piece.sequence)
            special = last;
        else
            status = add_special(target, special, part, "single", piece.token, error);
    }
    if (!status && special != last)
        status = error_set(error, STATUS_INVALID, "%s: \"single\" has no \"Sequence\"", part->name);
    return status;
}

static enum status add_pair_piece(const struct finish_target *target, const struct piece *piece,
                                  const struct document *part, struct error *error)
{
    struct special_tokens special = {.n_ids = 0};
    enum status status;

    if (piece->sequence)
        return pair_add(target->finish,
                        strcmp(piece->sequence, "A") == 0 ? PIECE_FIRST_TEXT : PIECE_SECOND_TEXT,
                        piece->type_id, part, error);
    status = add_special(target, &special, part, "pair", piece->token, error);
    for (size_t i = 0; i < special.n_ids && !status; i++)
        status = pair_add(target->finish, special.ids[i], piece->type_id, part, error);
    return status;
}

static enum status read_pair(const struct finish_target *target, const struct document *part,
                             struct error *error)
{
    const json_t *pair = json_object_get(part->root, "pair");
    size_t n_first = 0;
    size_t n_second = 0;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < json_array_size(pair) && !status; i++) {
        struct piece piece;

        status = read_piece(&piece, json_array_get(pair, i), "pair", part, error);
        if (status)
            return status;
        n_first += piece.sequence && strcmp(piece.sequence, "A") == 0;
        n_second += piece.sequence && strcmp(piece.sequence, "B") == 0;
        status = add_pair_piece(target, &piece, part, error);
    }
    if (!status && json_array_size(pair) > 0 && (n_first != 1 || n_second != 1))
        status = error_set(error, STATUS_UNSUPPORTED,
                           "%s: \"pair\" must have one \"A\" and one \"B\"", part->name);
    return status;
}

enum status finish_template_read(void *into, const struct document *part, struct error *error)
{
    struct finish_target *target = into;
    enum status status = finish_begin(target, part, error);

    if (!status)
        status = read_single(target, part, error);
    return status ? status : read_pair(target, part, error);
}
