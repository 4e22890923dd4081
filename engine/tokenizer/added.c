/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/added.h"

#include "engine/base/memory.h"
#include "engine/tokenizer/unicode.h"

#include <stdlib.h>

void added_tokens_release(struct added_tokens *added)
{
    if (!added)
        return;
    trie_release(&added->trie);
    free(added->tokens);
    *added = (struct added_tokens){0};
}

enum status added_tokens_add(struct added_tokens *added, const char *text, size_t len_bytes,
                             struct added_token token)
{
    struct added_token *tokens;
    enum status status;
    uint32_t first;

    if (len_bytes == 0 || len_bytes > MAX_ADDED_BYTES ||
        trie_find(&added->trie, text, len_bytes) != TRIE_NO_VALUE)
        return STATUS_INVALID;
    tokens = reallocarray(added->tokens, added->n_tokens + 1, sizeof *tokens);
    if (!tokens)
        return STATUS_NO_MEMORY;
    added->tokens = tokens;
    status = trie_add(&added->trie, text, len_bytes, (int32_t)added->n_tokens);
    if (status)
        return status;
    tokens[added->n_tokens++] = token;
    added->starts[(unsigned char)text[0]] = true;
    utf8_decode(text, len_bytes, &first);
    added->any_starts_with_space |= (unicode_kind(first).flags & CODE_POINT_SPACE) != 0;
    added->any_takes_left |= token.takes_left;
    added->any_takes_right |= token.takes_right;
    return STATUS_OK;
}

const struct added_token *added_tokens_match(const struct added_tokens *added, const char *text,
                                             size_t len_bytes, size_t *ret_len_bytes)
{
    const struct added_token *longest = NULL;
    uint32_t node = TRIE_ROOT;

    for (size_t i = 0; i < len_bytes; i++) {
        node = trie_step(&added->trie, node, (unsigned char)text[i]);
        if (node == TRIE_NO_NODE)
            break;
        if (added->trie.values[node] != TRIE_NO_VALUE) {
            longest = &added->tokens[added->trie.values[node]];
            *ret_len_bytes = i + 1;
        }
    }
    return longest;
}
