/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/words/wordpiece.h"

void wordpiece_init(struct wordpiece *wordpiece, const struct vocab *vocab, const char *prefix,
                    size_t prefix_bytes)
{
    wordpiece->continuation = trie_walk(&vocab->words, prefix, prefix_bytes);
    wordpiece->is_continued = prefix_bytes == 0 || wordpiece->continuation != TRIE_NO_NODE;
}

size_t wordpiece_split(const struct wordpiece *wordpiece, const struct vocab *vocab,
                       const char *word, size_t len_bytes, struct piece *pieces)
{
    const struct trie *trie = &vocab->words;
    uint32_t first_node = TRIE_ROOT;
    size_t n_pieces = 0;
    size_t start = 0;

    while (start < len_bytes) {
        struct piece longest = {.id = VOCAB_NO_ID};
        uint32_t node = first_node;

        for (size_t pos = start; pos < len_bytes; pos++) {
            node = trie_step(trie, node, (unsigned char)word[pos]);
            if (node == TRIE_NO_NODE)
                break;
            if (trie->values[node] != TRIE_NO_VALUE)
                longest = (struct piece){trie->values[node], (uint32_t)(pos + 1)};
        }
        if (longest.id == VOCAB_NO_ID)
            return 0;
        pieces[n_pieces++] = longest;
        start = longest.stop;
        if (start < len_bytes && !wordpiece->is_continued)
            return 0;
        first_node = wordpiece->continuation;
    }
    return n_pieces;
}
