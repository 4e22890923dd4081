/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/words/wordpiece.h"

#include "engine/base/memory.h"
#include "engine/tokenizer/part_table.h"

#include <stdlib.h>
#include <string.h>

struct wordpiece {
    int32_t unknown_id;
    size_t max_chars;
    bool is_continued;     /* whether any token continues a word */
    uint32_t continuation; /* where those that do begin in vocab.words */
};

/* One piece of a word: it ends before byte `stop` of it. */
struct piece {
    int32_t id;
    uint32_t stop;
};

/* Splits word[len_bytes] into pieces[len_bytes]; how many. 0 if the vocabulary cannot spell it. */
static size_t find_pieces(const struct wordpiece *wordpiece, const struct trie *trie,
                          const char *word, size_t len_bytes, struct piece *pieces)
{
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

static bool split(const struct words *words, struct word *word)
{
    const struct wordpiece *wordpiece = words->model;
    struct piece *pieces;
    size_t n_pieces = 0;
    size_t start = 0;

    if (word->n_chars <= wordpiece->max_chars) {
        pieces = word_scratch(word, word->n_bytes, sizeof *pieces);
        if (!pieces)
            return false;
        n_pieces = find_pieces(wordpiece, &words->vocab->words, word->bytes, word->n_bytes, pieces);
    }
    if (n_pieces == 0)
        return output_put(word->output, wordpiece->unknown_id, word->spans[0].start, word->stop);
    for (size_t i = 0; i < n_pieces; i++) {
        if (!word_put(word, pieces[i].id, start, pieces[i].stop))
            return false;
        start = pieces[i].stop;
    }
    return true;
}

static void release(struct words *words)
{
    free(words->model);
    words->model = NULL;
}

static const struct words_type type = {split, release};

enum status wordpiece_read_rules(struct wordpiece_rules *ret_rules, const struct document *model,
                                 struct error *error)
{
    static const char *const needed[] = {"vocab", "unk_token", "continuing_subword_prefix",
                                         "max_input_chars_per_word"};
    struct wordpiece_rules rules = {.unknown = "", .prefix = ""};
    enum status status = part_require(model, needed, sizeof needed / sizeof *needed, error);

    if (!status)
        status = document_get_string(model, "unk_token", &rules.unknown, error);
    if (!status)
        status = document_get_string(model, "continuing_subword_prefix", &rules.prefix, error);
    if (!status)
        status = document_get_size(model, "max_input_chars_per_word", 0, MAX_WORD_CHARS,
                                   &rules.max_chars, error);
    if (!status)
        *ret_rules = rules;
    return status;
}

enum status wordpiece_new(struct words *words, const struct vocab *vocab,
                          const struct wordpiece_rules *rules, int32_t unknown_id)
{
    size_t prefix_bytes = strlen(rules->prefix);
    struct wordpiece *wordpiece = malloc(sizeof *wordpiece);

    if (!wordpiece)
        return STATUS_NO_MEMORY;
    *wordpiece = (struct wordpiece){
        .unknown_id = unknown_id,
        .max_chars = rules->max_chars,
        .continuation = trie_walk(&vocab->words, rules->prefix, prefix_bytes),
    };
    wordpiece->is_continued = prefix_bytes == 0 || wordpiece->continuation != TRIE_NO_NODE;
    /* Something of a word is kept even where any word is too long. */
    *words = (struct words){.type = &type,
                            .vocab = vocab,
                            .model = wordpiece,
                            .max_chars = rules->max_chars > 0 ? rules->max_chars : 1};
    return STATUS_OK;
}

enum status wordpiece_read(void *into, const struct document *model, struct error *error)
{
    const struct words_target *target = into;
    struct wordpiece_rules rules;
    enum status status = wordpiece_read_rules(&rules, model, error);
    int32_t unknown_id = VOCAB_NO_ID;

    if (!status)
        status = words_read_vocab(target->vocab, model, error);
    if (!status)
        status = words_find_unknown(target->vocab, rules.unknown, model, &unknown_id, error);
    return status ? status : wordpiece_new(target->words, target->vocab, &rules, unknown_id);
}
