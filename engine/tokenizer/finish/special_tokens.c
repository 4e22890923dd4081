/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/finish/finish.h"

#include <string.h>

enum status special_tokens_add(struct special_tokens *special, const struct vocab *vocab,
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

enum status pair_add(struct finish *finish, int32_t id, size_t type_id, const struct document *part,
                     struct error *error)
{
    if (finish->n_pair == MAX_PAIR_PIECES)
        return error_set(error, STATUS_UNSUPPORTED, "%s: more than %d tokens around two texts",
                         part->name, MAX_PAIR_PIECES - 2);
    finish->pair[finish->n_pair++] = (struct pair_piece){id, (uint8_t)type_id};
    return STATUS_OK;
}

enum status finish_begin(struct finish_target *target, const struct document *part,
                         struct error *error)
{
    if (target->has_special)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: two parts that put special tokens around a text are not supported",
                         part->name);
    target->has_special = true;
    return STATUS_OK;
}
