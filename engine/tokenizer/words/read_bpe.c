/* SPDX-License-Identifier: Apache-2.0 */

/* {"type": "BPE", "vocab": {"a": 0, ...}, "merges": ["a b", ...] or [["a", "b"], ...], ...} */
#include "engine/tokenizer/words/bpe.h"

#include "engine/base/memory.h"

#include <stdlib.h>
#include <string.h>

static void release(struct words *words)
{
    struct bpe *bpe = words->model;

    if (bpe)
        merges_release(&bpe->merges);
    free(bpe);
    words->model = NULL;
}

static const struct words_type type = {bpe_split, release};

/* The two texts of a merge. */
struct halves {
    const char *left;
    const char *right;
    size_t left_bytes;
    size_t right_bytes;
};

static bool read_halves(struct halves *ret_halves, const json_t *value)
{
    const json_t *left = json_array_get(value, 0);
    const json_t *right = json_array_get(value, 1);
    const char *text = json_string_value(value);
    const char *between = text ? strchr(text, ' ') : NULL;

    if (between) {
        *ret_halves = (struct halves){text, between + 1, (size_t)(between - text),
                                      json_string_length(value) - (size_t)(between + 1 - text)};
        return true;
    }
    if (json_array_size(value) != 2 || !json_is_string(left) || !json_is_string(right))
        return false;
    *ret_halves = (struct halves){json_string_value(left), json_string_value(right),
                                  json_string_length(left), json_string_length(right)};
    return true;
}

/* The token that a merge makes; VOCAB_NO_ID where there is none. */
static int32_t find_joined(const struct vocab *vocab, const struct halves *halves)
{
    const struct trie *trie = &vocab->words;
    uint32_t node = trie_walk(trie, halves->left, halves->left_bytes);

    for (size_t i = 0; i < halves->right_bytes && node != TRIE_NO_NODE; i++)
        node = trie_step(trie, node, (unsigned char)halves->right[i]);
    return node == TRIE_NO_NODE ? VOCAB_NO_ID : trie->values[node];
}

/* SentencePiece's space. */
static const char space[] = "\xe2\x96\x81";
enum { SPACE_CODE_POINT = 0x2581, SPACE_BYTES = sizeof space - 1 };

/* Notes where a merge puts a space behind another character. Since tokens are made by merges only, a
 * space within a token has been put there by one. */
static void note_joined_space(struct words *words, const struct halves *halves)
{
    const char *left = halves->left;
    size_t before;
    uint32_t c;

    if (halves->right_bytes < SPACE_BYTES || memcmp(halves->right, space, SPACE_BYTES) != 0 ||
        halves->left_bytes == 0)
        return;
    before = utf8_before(left, halves->left_bytes);
    utf8_decode(left + before, halves->left_bytes - before, &c);
    if (c < 128)
        words->cuts_not_after[c] = true;
    else if (c != SPACE_CODE_POINT)
        words->cuts_before = 0;
}

static enum status add_merge(struct words *words, const struct vocab *vocab, const json_t *value,
                             uint32_t rank, const char *where, struct error *error)
{
    struct bpe *bpe = words->model;
    struct halves halves;
    struct merge merge = {.rank = rank};

    if (!read_halves(&halves, value))
        return error_set(error, STATUS_INVALID, "%s: \"merges\"[%u] must be two tokens", where,
                         rank);
    merge.left = trie_find(&vocab->words, halves.left, halves.left_bytes);
    merge.right = trie_find(&vocab->words, halves.right, halves.right_bytes);
    merge.id = find_joined(vocab, &halves);
    if (merge.left == VOCAB_NO_ID || merge.right == VOCAB_NO_ID || merge.id == VOCAB_NO_ID)
        return error_set(error, STATUS_INVALID,
                         "%s: \"merges\"[%u] is of \"%.*s\" and \"%.*s\", and \"vocab\" does not "
                         "have both and what they make",
                         where, rank, (int)(halves.left_bytes < 100 ? halves.left_bytes : 100),
                         halves.left, (int)(halves.right_bytes < 100 ? halves.right_bytes : 100),
                         halves.right);
    merges_add(&bpe->merges, &merge);
    note_joined_space(words, &halves);
    return STATUS_OK;
}

static enum status read_merges(struct words *words, const struct vocab *vocab,
                               const struct document *model, struct error *error)
{
    const json_t *list = json_object_get(model->root, "merges");
    size_t n = json_array_size(list);
    struct bpe *bpe = words->model;
    enum status status;

    if (!json_is_array(list) || n > MAX_MERGES)
        return error_set(error, STATUS_INVALID, "%s: \"merges\" must be an array of at most %d",
                         model->name, MAX_MERGES);
    status = merges_init(&bpe->merges, n);
    for (size_t i = 0; i < n && !status; i++)
        status = add_merge(words, vocab, json_array_get(list, i), (uint32_t)i, model->name, error);
    return status;
}

/* What other words' models have and no embedder needs. */
static enum status refuse_rest(const struct document *model, struct error *error)
{
    const json_t *dropout = json_object_get(model->root, "dropout");
    enum status status = document_refuse(model, "continuing_subword_prefix", error);

    if (!status)
        status = document_refuse(model, "end_of_word_suffix", error);
    if (!status && dropout && !json_is_null(dropout) &&
        (!json_is_number(dropout) || json_number_value(dropout) != 0))
        status = error_set(error, STATUS_UNSUPPORTED,
                           "%s: \"dropout\" is not supported: it must be null or 0", model->name);
    return status;
}

static enum status read_rules(struct bpe *bpe, const struct vocab *vocab,
                              const struct document *model, struct error *error)
{
    const char *unknown = NULL;
    bool byte_fallback = false;
    enum status status = document_get_string(model, "unk_token", &unknown, error);

    if (!status)
        status = document_get_bool(model, "fuse_unk", &bpe->fuses_unknown, error);
    if (!status)
        status = document_get_bool(model, "byte_fallback", &byte_fallback, error);
    if (!status)
        status = document_get_bool(model, "ignore_merges", &bpe->ignores_merges, error);
    if (status)
        return status;
    if (byte_fallback)
        byte_tokens_find(&bpe->bytes, vocab);
    else
        byte_tokens_clear(&bpe->bytes);
    bpe->unknown_id = VOCAB_NO_ID;
    return unknown ? words_find_unknown(vocab, unknown, model, &bpe->unknown_id, error) : STATUS_OK;
}

static void find_chars(struct bpe *bpe, const struct vocab *vocab)
{
    for (uint32_t c = 0; c < N_DIRECT_CHARS; c++) {
        char bytes[MAX_UTF8_BYTES];

        bpe->char_ids[c] = trie_find(&vocab->words, bytes, utf8_encode(c, bytes));
    }
}

enum status bpe_read(void *into, const struct document *model, struct error *error)
{
    const struct words_target *target = into;
    struct bpe *bpe = calloc(1, sizeof *bpe);
    enum status status;

    if (!bpe)
        return STATUS_NO_MEMORY;
    *target->words =
        (struct words){.type = &type, .vocab = target->vocab, .model = bpe, .max_chars = SIZE_MAX};
    status = words_read_vocab(target->vocab, model, error);
    if (!status)
        status = refuse_rest(model, error);
    if (!status)
        status = read_rules(bpe, target->vocab, model, error);
    if (status)
        return status;
    if (!bpe->ignores_merges && trie_find(&target->vocab->words, space, SPACE_BYTES) != VOCAB_NO_ID)
        target->words->cuts_before = SPACE_CODE_POINT;
    find_chars(bpe, target->vocab);
    return read_merges(target->words, target->vocab, model, error);
}
