/* SPDX-License-Identifier: Apache-2.0 */

/* Unigram: of all ways to cut a word into pieces, the one whose scores have the largest sum
 * (Viterbi's algorithm). Time and memory grow with the length of the word times that of the longest
 * piece. A character that is no piece by itself may be unknown, at a penalty; unknown characters
 * that follow each other are one token.
 *
 * Sums are in the official order and in double, and of equal ones that from the earlier beginning
 * stays, so that ids agree. */
#include "engine/tokenizer/words/words.h"

#include "engine/base/memory.h"
#include "engine/tokenizer/words/byte_tokens.h"

#include <math.h>
#include <stdlib.h>

/* How much worse an unknown character is than the worst piece. */
#define UNKNOWN_PENALTY 10.0

struct unigram {
    int32_t unknown_id;
    double unknown_score;
    double *scores; /* [vocab.n_ids], by id */
    struct byte_tokens bytes;
};

/* The best way to the byte before which it stands. */
struct node {
    double score;
    uint32_t start; /* where its last piece begins; NO_WAY: there is none yet */
    int32_t id;
};

#define NO_WAY UINT32_MAX

static void offer(struct node *node, double score, size_t start, int32_t id)
{
    if (node->start == NO_WAY || score > node->score)
        *node = (struct node){score, (uint32_t)start, id};
}

/* Offers all pieces that begin at `start`. */
static void offer_pieces(const struct words *words, const struct word *word, size_t start,
                         struct node *nodes)
{
    const struct unigram *unigram = words->model;
    const struct trie *trie = &words->vocab->words;
    double score = nodes[start].score;
    size_t one_stop = start + 1;
    uint32_t node = TRIE_ROOT;
    bool has_one = false;

    while (one_stop < word->n_bytes && ((unsigned char)word->bytes[one_stop] & 0xc0) == 0x80)
        one_stop++;
    for (size_t pos = start; pos < word->n_bytes; pos++) {
        int32_t id;

        node = trie_step(trie, node, (unsigned char)word->bytes[pos]);
        if (node == TRIE_NO_NODE)
            break;
        id = trie->values[node];
        if (id == TRIE_NO_VALUE)
            continue;
        offer(&nodes[pos + 1], unigram->scores[id] + score, start, id);
        has_one |= pos + 1 == one_stop;
    }
    if (!has_one)
        offer(&nodes[one_stop], unigram->unknown_score + score, start, unigram->unknown_id);
}

/* Turns the links of the best way around: nodes[start].start becomes where the piece stops. */
static void turn_around(struct node *nodes, size_t n_bytes)
{
    uint32_t at = (uint32_t)n_bytes;
    uint32_t stop = NO_WAY;

    for (;;) {
        uint32_t start = nodes[at].start;

        nodes[at].start = stop;
        if (at == 0)
            break;
        stop = at;
        at = start;
    }
}

/* Puts what is not a piece: unknown, unless its bytes have tokens or all of it is a piece. */
static bool put_unknown(const struct words *words, struct word *word, size_t start, size_t stop)
{
    const struct unigram *unigram = words->model;
    int32_t id = trie_find(&words->vocab->words, word->bytes + start, stop - start);

    if (id != TRIE_NO_VALUE)
        return word_put(word, id, start, stop);
    if (!byte_tokens_cover(&unigram->bytes, word, start, stop))
        return word_put(word, unigram->unknown_id, start, stop);
    for (size_t i = start; i < stop; i++)
        if (!output_put(word->output, unigram->bytes.ids[(unsigned char)word->bytes[i]],
                        word->spans[start].start, word->spans[stop - 1].stop))
            return false;
    return true;
}

static bool put_pieces(const struct words *words, struct word *word, const struct node *nodes)
{
    const struct unigram *unigram = words->model;
    size_t start = 0;
    bool more = true;

    while (more && start < word->n_bytes) {
        size_t stop = nodes[start].start;
        int32_t id = nodes[stop].id;

        if (id == unigram->unknown_id) {
            while (stop < word->n_bytes && nodes[nodes[stop].start].id == unigram->unknown_id)
                stop = nodes[stop].start;
            more = put_unknown(words, word, start, stop);
        } else {
            more = word_put(word, id, start, stop);
        }
        start = stop;
    }
    return more;
}

static bool split(const struct words *words, struct word *word)
{
    size_t n_bytes = word->n_bytes;
    struct node *nodes = NULL;

    if (n_bytes < NO_WAY)
        nodes = word_scratch(word, n_bytes + 1, sizeof *nodes);
    if (!nodes) {
        word->output->status = STATUS_NO_MEMORY;
        return false;
    }
    for (size_t i = 0; i <= n_bytes; i++)
        nodes[i].start = NO_WAY;
    nodes[0].score = 0;
    for (size_t i = 0; i < n_bytes; i++)
        if (((unsigned char)word->bytes[i] & 0xc0) != 0x80)
            offer_pieces(words, word, i, nodes);
    turn_around(nodes, n_bytes);
    return put_pieces(words, word, nodes);
}

static void release(struct words *words)
{
    struct unigram *unigram = words->model;

    if (unigram)
        free(unigram->scores);
    free(unigram);
    words->model = NULL;
}

static const struct words_type type = {split, release};

/* --- reading ---------------------------------------------------------------------------------- */

/* Adds the i-th entry of "vocab", ["\u2581the", -3.5]. */
static enum status read_piece(const struct words_target *target, const struct document *model,
                              const json_t *entry, size_t i, double *min_score, struct error *error)
{
    struct unigram *unigram = target->words->model;
    const json_t *text = json_array_get(entry, 0);
    const json_t *score = json_array_get(entry, 1);

    if (!json_is_string(text) || !json_is_number(score) || !isfinite(json_number_value(score)))
        return error_set(error, STATUS_INVALID, "%s: \"vocab\"[%zu] must be a text and a score",
                         model->name, i);
    unigram->scores[i] = json_number_value(score);
    *min_score = fmin(*min_score, unigram->scores[i]);
    return words_add(target->vocab, json_string_value(text), json_string_length(text), (int32_t)i,
                     model->name, error);
}

static enum status read_pieces(const struct words_target *target, const struct document *model,
                               double *ret_min_score, struct error *error)
{
    struct unigram *unigram = target->words->model;
    const json_t *vocab = json_object_get(model->root, "vocab");
    size_t n = json_array_size(vocab);
    enum status status = STATUS_OK;

    if (n == 0 || n > MAX_VOCAB_IDS)
        return error_set(error, STATUS_INVALID,
                         "%s: \"vocab\" must be an array of 1 to %d pieces with scores",
                         model->name, MAX_VOCAB_IDS);
    unigram->scores = reallocarray(NULL, n, sizeof *unigram->scores);
    if (!unigram->scores)
        return STATUS_NO_MEMORY;
    *ret_min_score = INFINITY;
    for (size_t i = 0; i < n && !status; i++)
        status = read_piece(target, model, json_array_get(vocab, i), i, ret_min_score, error);
    return status;
}

enum status unigram_read(void *into, const struct document *model, struct error *error)
{
    const struct words_target *target = into;
    struct unigram *unigram = calloc(1, sizeof *unigram);
    const json_t *vocab = json_object_get(model->root, "vocab");
    size_t unknown_id = SIZE_MAX;
    bool byte_fallback = false;
    double min_score = 0;
    enum status status;

    if (!unigram)
        return STATUS_NO_MEMORY;
    *target->words = (struct words){
        .type = &type, .vocab = target->vocab, .model = unigram, .max_chars = SIZE_MAX};
    status = read_pieces(target, model, &min_score, error);
    if (!status)
        status = document_get_bool(model, "byte_fallback", &byte_fallback, error);
    if (!status)
        status =
            document_get_size(model, "unk_id", 0, json_array_size(vocab) - 1, &unknown_id, error);
    if (status)
        return status;
    if (unknown_id == SIZE_MAX)
        return error_set(error, STATUS_UNSUPPORTED, "%s: \"unk_id\" is missing", model->name);
    if (!vocab_knows(target->vocab, (int32_t)unknown_id))
        return error_set(error, STATUS_INVALID,
                         "%s: \"unk_id\" is %zu, a piece that is empty or there twice", model->name,
                         unknown_id);
    unigram->unknown_id = (int32_t)unknown_id;
    unigram->unknown_score = min_score - UNKNOWN_PENALTY;
    if (byte_fallback)
        byte_tokens_find(&unigram->bytes, target->vocab);
    else
        byte_tokens_clear(&unigram->bytes);
    return STATUS_OK;
}
