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
