/* SPDX-License-Identifier: Apache-2.0 */

/* {"type": "WordLevel", "vocab": {"the": 0, ...}, "unk_token": "[UNK]"}: a word is a token. */
#include "engine/tokenizer/words/words.h"

#include "engine/base/memory.h"

#include <stdlib.h>

static bool split(const struct words *words, struct word *word)
{
    const int32_t *unknown_id = words->model;
    int32_t id = trie_find(&words->vocab->words, word->bytes, word->n_bytes);

    return word_put(word, id == TRIE_NO_VALUE ? *unknown_id : id, 0, word->n_bytes);
}

static void release(struct words *words)
{
    free(words->model);
    words->model = NULL;
}

static const struct words_type type = {split, release};

enum status word_level_read(void *into, const struct document *model, struct error *error)
{
    const struct words_target *target = into;
    const char *unknown = "";
    enum status status = words_read_vocab(target->vocab, model, error);
    int32_t id = VOCAB_NO_ID;
    int32_t *unknown_id;

    if (!status)
        status = document_get_string(model, "unk_token", &unknown, error);
    if (!status)
        status = words_find_unknown(target->vocab, unknown, model, &id, error);
    if (status)
        return status;
    unknown_id = malloc(sizeof *unknown_id);
    if (!unknown_id)
        return STATUS_NO_MEMORY;
    *unknown_id = id;
    *target->words = (struct words){
        .type = &type, .vocab = target->vocab, .model = unknown_id, .max_chars = SIZE_MAX};
    return STATUS_OK;
}
