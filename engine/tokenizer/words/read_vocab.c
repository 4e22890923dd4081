/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/words/words.h"

#include <string.h>

enum status words_add(struct vocab *vocab, const char *text, size_t len_bytes, int32_t id,
                      const char *file, struct error *error)
{
    enum status status = vocab_add(vocab, text, len_bytes, id);

    if (status != STATUS_INVALID)
        return status;
    return error_set(error, status,
                     "%s: the token \"%.100s\" cannot have the id %d: another has it, it is %d or "
                     "more, or the vocabulary is too large",
                     file, text, id, MAX_VOCAB_IDS);
}

enum status words_find_unknown(const struct vocab *vocab, const char *unknown,
                               const struct document *model, int32_t *ret_id, struct error *error)
{
    int32_t id = vocab_find(vocab, unknown, strlen(unknown));

    if (id == VOCAB_NO_ID)
        return error_set(error, STATUS_INVALID,
                         "%s: \"unk_token\" is \"%.100s\", which is not in \"vocab\"", model->name,
                         unknown);
    *ret_id = id;
    return STATUS_OK;
}

enum status words_read_vocab(struct vocab *vocab, const struct document *model, struct error *error)
{
    struct document words;
    enum status status = document_get_object(model, "vocab", &words, error);
    const char *text;
    size_t len_bytes;
    json_t *value;

    if (status)
        return status;
    json_object_keylen_foreach(words.root, text, len_bytes, value)
    {
        size_t id;

        if (!document_read_size(value, 0, MAX_VOCAB_IDS - 1, &id))
            return error_set(error, STATUS_INVALID,
                             "%s: the id of \"%.100s\" must be a whole number from 0 to %d",
                             words.name, text, MAX_VOCAB_IDS - 1);
        status = words_add(vocab, text, len_bytes, (int32_t)id, words.name, error);
        if (status)
            return status;
    }
    return status;
}
