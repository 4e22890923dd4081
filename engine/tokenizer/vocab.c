/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/vocab.h"

#include "engine/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { MIN_TOKENS = 64, MIN_TEXT_BYTES = 1024, MAX_TEXT_BYTES = 1 << 28 };

void vocab_release(struct vocab *vocab)
{
    if (!vocab)
        return;
    trie_release(&vocab->words);
    trie_release(&vocab->added);
    free(vocab->tokens);
    free(vocab->text);
    *vocab = (struct vocab){0};
}

static enum status reserve_ids(struct vocab *vocab, size_t n_ids)
{
    size_t capacity = vocab->token_capacity ? vocab->token_capacity : MIN_TOKENS;
    struct vocab_token *tokens;

    while (capacity < n_ids)
        capacity *= 2;
    if (capacity == vocab->token_capacity)
        return STATUS_OK;
    tokens = reallocarray(vocab->tokens, capacity, sizeof *tokens);
    if (!tokens)
        return STATUS_NO_MEMORY;
    memset(tokens + vocab->token_capacity, 0, (capacity - vocab->token_capacity) * sizeof *tokens);
    vocab->tokens = tokens;
    vocab->token_capacity = capacity;
    return STATUS_OK;
}

static enum status reserve_text(struct vocab *vocab, size_t more_bytes)
{
    size_t capacity = vocab->text_capacity ? vocab->text_capacity : MIN_TEXT_BYTES;
    char *text;

    if (more_bytes > MAX_TEXT_BYTES - vocab->text_bytes)
        return STATUS_INVALID;
    while (capacity < vocab->text_bytes + more_bytes)
        capacity *= 2;
    if (capacity == vocab->text_capacity)
        return STATUS_OK;
    text = realloc(vocab->text, capacity);
    if (!text)
        return STATUS_NO_MEMORY;
    vocab->text = text;
    vocab->text_capacity = capacity;
    return STATUS_OK;
}

enum status vocab_set_shown(struct vocab *vocab, int32_t id, const char *text, size_t len_bytes)
{
    struct vocab_token *token = &vocab->tokens[id];
    enum status status = reserve_text(vocab, len_bytes + 1);

    if (status)
        return status;
    token->start = (uint32_t)vocab->text_bytes;
    token->len_bytes = (uint32_t)len_bytes;
    if (len_bytes > 0)
        memcpy(vocab->text + vocab->text_bytes, text, len_bytes);
    vocab->text[vocab->text_bytes + len_bytes] = '\0';
    vocab->text_bytes += len_bytes + 1;
    return STATUS_OK;
}

/* Gives `id` its text. */
static enum status set_text(struct vocab *vocab, const char *text, size_t len_bytes, int32_t id)
{
    enum status status;

    if (id < 0 || id >= MAX_VOCAB_IDS || vocab_knows(vocab, id) || len_bytes >= MAX_TEXT_BYTES)
        return STATUS_INVALID;
    status = reserve_ids(vocab, (size_t)id + 1);
    if (!status)
        status = vocab_set_shown(vocab, id, text, len_bytes);
    if (status)
        return status;
    vocab->tokens[id].known = true;
    /* No text becomes an empty token: an empty line at the end of a vocab.txt asks for no row of
     * the embeddings. */
    if (len_bytes > 0 && (size_t)id >= vocab->n_ids)
        vocab->n_ids = (size_t)id + 1;
    return STATUS_OK;
}

enum status vocab_add(struct vocab *vocab, const char *text, size_t len_bytes, int32_t id)
{
    int32_t old_id = trie_find(&vocab->words, text, len_bytes);
    enum status status = set_text(vocab, text, len_bytes, id);

    if (!status)
        status = trie_add(&vocab->words, text, len_bytes, id);
    if (status)
        return status;
    if (old_id == VOCAB_NO_ID)
        vocab->n_tokens++;
    else
        vocab->tokens[old_id].known = false;
    return STATUS_OK;
}

enum status vocab_add_added(struct vocab *vocab, const char *text, size_t len_bytes, int32_t id)
{
    enum status status;

    if (vocab_find(vocab, text, len_bytes) != VOCAB_NO_ID)
        return STATUS_INVALID;
    status = set_text(vocab, text, len_bytes, id);
    if (!status)
        status = trie_add(&vocab->added, text, len_bytes, id);
    if (!status)
        vocab->n_added++;
    return status;
}

int32_t vocab_find(const struct vocab *vocab, const char *text, size_t len_bytes)
{
    int32_t id;

    if (len_bytes == 0)
        return VOCAB_NO_ID;
    id = trie_find(&vocab->words, text, len_bytes);
    return id != VOCAB_NO_ID ? id : trie_find(&vocab->added, text, len_bytes);
}
