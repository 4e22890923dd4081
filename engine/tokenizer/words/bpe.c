/* SPDX-License-Identifier: Apache-2.0 */

/* Byte pair encoding: a word's characters, of which two that are beside each other and have a merge
 * become one token, again and again: the merge of the lowest rank first, and of equal ones the
 * leftmost.
 *
 * Short words are scanned for it each time. For longer ones the candidates are in a heap, with
 * entries that later merges have made stale left in it: n log n. */
#include "engine/tokenizer/words/bpe.h"

#include "engine/base/memory.h"

enum { MAX_SCANNED = 48 };

/* A token at bytes [start, stop) of the word. In a long word the symbols are linked; NO_SYMBOL: at
 * that end there is no other. One that has become part of the one before has the id VOCAB_NO_ID. */
struct symbol {
    int32_t id;
    uint32_t start;
    uint32_t stop;
    uint32_t before;
    uint32_t after;
};

#define NO_SYMBOL UINT32_MAX

/* --- characters ------------------------------------------------------------------------------- */

static int32_t find_char(const struct words *words, uint32_t c, const char *bytes, size_t n_bytes)
{
    const struct bpe *bpe = words->model;

    return c < N_DIRECT_CHARS ? bpe->char_ids[c] : trie_find(&words->vocab->words, bytes, n_bytes);
}

/* Symbols that are being made of a word's characters. As officially each begins where the one before
 * it stops, also where a character was dropped or has waited. */
struct symbols {
    struct symbol *items;
    size_t n;
    uint32_t stop;
    uint32_t unknown_bytes; /* of characters that wait to be an unknown token; 0: none do */
};

static void add_symbol(struct symbols *symbols, int32_t id, uint32_t n_bytes)
{
    symbols->items[symbols->n++] =
        (struct symbol){.id = id, .start = symbols->stop, .stop = symbols->stop + n_bytes};
    symbols->stop += n_bytes;
}

static void add_unknown(struct symbols *symbols, const struct bpe *bpe)
{
    if (symbols->unknown_bytes > 0)
        add_symbol(symbols, bpe->unknown_id, symbols->unknown_bytes);
    symbols->unknown_bytes = 0;
}

/* A character that is no token: its bytes', or the unknown one, which waits for more to be part of
 * it. Bytes go before one that waits, as officially. */
static void add_stranger(const struct bpe *bpe, struct symbols *symbols, const struct word *word,
                         size_t start, size_t stop)
{
    if (byte_tokens_cover(&bpe->bytes, word, start, stop)) {
        for (size_t i = start; i < stop; i++)
            add_symbol(symbols, bpe->bytes.ids[(unsigned char)word->bytes[i]], 1);
        return;
    }
    if (bpe->unknown_id == VOCAB_NO_ID)
        return;
    if (!bpe->fuses_unknown)
        add_unknown(symbols, bpe);
    symbols->unknown_bytes += (uint32_t)(stop - start);
}

/* Makes items[n_bytes] of a word; how many. */
static size_t make_symbols(const struct words *words, const struct word *word, struct symbol *items)
{
    struct symbols symbols = {.items = items};

    for (size_t pos = 0; pos < word->n_bytes;) {
        uint32_t c;
        size_t n_bytes = utf8_decode(word->bytes + pos, word->n_bytes - pos, &c);
        int32_t id = find_char(words, c, word->bytes + pos, n_bytes);

        if (id == VOCAB_NO_ID) {
            add_stranger(words->model, &symbols, word, pos, pos + n_bytes);
        } else {
            add_unknown(&symbols, words->model);
            add_symbol(&symbols, id, (uint32_t)n_bytes);
        }
        pos += n_bytes;
    }
    add_unknown(&symbols, words->model);
    return symbols.n;
}

/* --- short words ------------------------------------------------------------------------------ */

static size_t merge_short(const struct merges *merges, struct symbol *symbols, size_t n)
{
    const struct merge *found[MAX_SCANNED]; /* of symbol i and the one after it */

    for (size_t i = 0; i + 1 < n; i++)
        found[i] = merges_find(merges, symbols[i].id, symbols[i + 1].id);
    while (n > 1) {
        size_t best = 0;

        for (size_t i = 1; i + 1 < n; i++)
            if (found[i]->rank < found[best]->rank)
                best = i;
        if (found[best]->rank == NO_RANK)
            break;
        symbols[best].id = found[best]->id;
        symbols[best].stop = symbols[best + 1].stop;
        n--;
        for (size_t i = best + 1; i < n; i++) {
            symbols[i] = symbols[i + 1];
            found[i - 1] = found[i];
        }
        if (best > 0)
            found[best - 1] = merges_find(merges, symbols[best - 1].id, symbols[best].id);
        if (best + 1 < n)
            found[best] = merges_find(merges, symbols[best].id, symbols[best + 1].id);
    }
    return n;
}

/* --- long words ------------------------------------------------------------------------------- */

/* Candidates by rank, then place: rank << 32 | the left symbol. Smallest first. */
struct heap {
    uint64_t *items;
    size_t n;
};

static void heap_push(struct heap *heap, uint64_t item)
{
    size_t at = heap->n++;

    while (at > 0 && heap->items[(at - 1) / 2] > item) {
        heap->items[at] = heap->items[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap->items[at] = item;
}

static uint64_t heap_pop(struct heap *heap)
{
    uint64_t first = heap->items[0];
    uint64_t last = heap->items[--heap->n];
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= heap->n)
            break;
        if (child + 1 < heap->n && heap->items[child + 1] < heap->items[child])
            child++;
        if (heap->items[child] >= last)
            break;
        heap->items[at] = heap->items[child];
        at = child;
    }
    heap->items[at] = last;
    return first;
}

/* Adds the merge of a symbol and the one after it, if there is one. */
static void push_pair(struct heap *heap, const struct merges *merges, const struct symbol *symbols,
                      uint32_t left)
{
    uint32_t right = symbols[left].after;
    const struct merge *merge;

    if (right == NO_SYMBOL)
        return;
    merge = merges_find(merges, symbols[left].id, symbols[right].id);
    if (merge->rank != NO_RANK)
        heap_push(heap, (uint64_t)merge->rank << 32 | left);
}

/* Merges a candidate, unless it is stale: one of the two is gone or another token by now. */
static void merge_pair(struct heap *heap, const struct merges *merges, struct symbol *symbols,
                       uint64_t candidate)
{
    uint32_t left = (uint32_t)candidate;
    uint32_t right = symbols[left].after;
    const struct merge *merge;

    if (symbols[left].id == VOCAB_NO_ID || right == NO_SYMBOL)
        return;
    merge = merges_find(merges, symbols[left].id, symbols[right].id);
    if (merge->rank != candidate >> 32)
        return;
    symbols[left].id = merge->id;
    symbols[left].stop = symbols[right].stop;
    symbols[left].after = symbols[right].after;
    symbols[right].id = VOCAB_NO_ID;
    if (symbols[left].after != NO_SYMBOL)
        symbols[symbols[left].after].before = left;
    push_pair(heap, merges, symbols, left);
    if (symbols[left].before != NO_SYMBOL)
        push_pair(heap, merges, symbols, symbols[left].before);
}

/* `items` has room for 3 n: each merge makes two candidates at most, and there are fewer than n. */
static size_t merge_long(const struct merges *merges, struct symbol *symbols, size_t n,
                         uint64_t *items)
{
    struct heap heap = {.items = items};
    size_t n_left = 0;

    for (size_t i = 0; i < n; i++) {
        symbols[i].before = i > 0 ? (uint32_t)(i - 1) : NO_SYMBOL;
        symbols[i].after = i + 1 < n ? (uint32_t)(i + 1) : NO_SYMBOL;
    }
    for (size_t i = 0; i < n; i++)
        push_pair(&heap, merges, symbols, (uint32_t)i);
    while (heap.n > 0)
        merge_pair(&heap, merges, symbols, heap_pop(&heap));
    for (size_t i = 0; i < n; i++)
        if (symbols[i].id != VOCAB_NO_ID)
            symbols[n_left++] = symbols[i];
    return n_left;
}

/* --- both ------------------------------------------------------------------------------------- */

/* Scratch memory for a word: its symbols, and behind them the heap. */
static struct symbol *find_room(struct word *word, uint64_t **ret_heap)
{
    const size_t symbol_bytes = sizeof(struct symbol) + 3 * sizeof(uint64_t);
    size_t n_bytes = (word->n_bytes + 1) / 2 * 2; /* an even number keeps the heap aligned */
    struct symbol *symbols = NULL;

    if (n_bytes < NO_SYMBOL)
        symbols = word_scratch(word, n_bytes, symbol_bytes);
    else
        word->output->status = STATUS_NO_MEMORY;
    if (symbols)
        *ret_heap = (uint64_t *)(void *)(symbols + n_bytes);
    return symbols;
}

bool bpe_split(const struct words *words, struct word *word)
{
    const struct bpe *bpe = words->model;
    struct symbol *symbols;
    uint64_t *heap;
    size_t n;

    if (bpe->ignores_merges) {
        int32_t id = trie_find(&words->vocab->words, word->bytes, word->n_bytes);

        if (id != TRIE_NO_VALUE)
            return word_put(word, id, 0, word->n_bytes);
    }
    symbols = find_room(word, &heap);
    if (!symbols)
        return false;
    n = make_symbols(words, word, symbols);
    n = n <= MAX_SCANNED ? merge_short(&bpe->merges, symbols, n)
                         : merge_long(&bpe->merges, symbols, n, heap);
    for (size_t i = 0; i < n; i++)
        if (!word_put(word, symbols[i].id, symbols[i].start, symbols[i].stop))
            return false;
    return true;
}
