/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/word.h"

#include "engine/base/memory.h"

#include <stdlib.h>
#include <string.h>

void word_init(struct word *word, struct output *output, size_t max_chars)
{
    word->output = output;
    word->max_chars = max_chars;
    word->n_chars = 0;
    word->n_bytes = 0;
    word->bytes = word->few_bytes;
    word->spans = word->few_spans;
    word->capacity = SHORT_WORD_BYTES;
    word->scratch = word->small_scratch;
    word->scratch_bytes = SMALL_SCRATCH_BYTES;
}

void word_release(struct word *word)
{
    if (word->bytes != word->few_bytes)
        free(word->bytes);
    if (word->spans != word->few_spans)
        free(word->spans);
    if (word->scratch != word->small_scratch)
        free(word->scratch);
}

/* A larger copy of an array, in place of the old one; NULL: no memory. */
static void *grow(void *old, const void *few, size_t n, size_t capacity, size_t item_bytes)
{
    void *grown = reallocarray(old == few ? NULL : old, capacity, item_bytes);

    if (grown && old == few)
        memcpy(grown, few, n * item_bytes);
    return grown;
}

static bool grow_arrays(struct word *word, size_t capacity)
{
    char *bytes = grow(word->bytes, word->few_bytes, word->n_bytes, capacity, 1);
    struct token_span *spans;

    if (!bytes)
        return false;
    word->bytes = bytes;
    spans = grow(word->spans, word->few_spans, word->n_bytes, capacity, sizeof *spans);
    if (!spans)
        return false;
    word->spans = spans;
    word->capacity = capacity;
    return true;
}

bool word_grow(struct word *word)
{
    if (word->capacity <= SIZE_MAX / 2 && grow_arrays(word, word->capacity * 2))
        return true;
    word->output->status = STATUS_NO_MEMORY;
    return false;
}

void *word_grow_scratch(struct word *word, size_t n, size_t item_bytes)
{
    size_t n_bytes;
    void *scratch;

    if (__builtin_mul_overflow(n, item_bytes, &n_bytes))
        n_bytes = SIZE_MAX;
    if (n_bytes < SIZE_MAX / 2)
        n_bytes += n_bytes / 2;
    scratch = malloc(n_bytes);
    if (!scratch) {
        word->output->status = STATUS_NO_MEMORY;
        return NULL;
    }
    if (word->scratch != word->small_scratch)
        free(word->scratch);
    word->scratch = scratch;
    word->scratch_bytes = n_bytes;
    return scratch;
}
