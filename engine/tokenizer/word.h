/* SPDX-License-Identifier: Apache-2.0 */

/* The word that is being gathered, and what a model needs to make tokens of it. */
#ifndef NESTD_ENGINE_TOKENIZER_WORD_H
#define NESTD_ENGINE_TOKENIZER_WORD_H

#include "engine/tokenizer/output.h"
#include "engine/tokenizer/unicode.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Up to these nothing is allocated. */
enum { SHORT_WORD_BYTES = 512, SMALL_SCRATCH_BYTES = 8192 };

struct word {
    struct output *output;
    size_t max_chars; /* of a longer word only the beginning is kept */
    size_t n_chars;   /* counted on past max_chars */
    size_t n_bytes;
    size_t stop;              /* the last character's */
    char *bytes;              /* [n_bytes], UTF-8 */
    struct token_span *spans; /* [n_bytes], the bytes of the text that each byte stands for */
    size_t capacity;
    void *scratch; /* the model's */
    size_t scratch_bytes;
    char few_bytes[SHORT_WORD_BYTES];
    struct token_span few_spans[SHORT_WORD_BYTES];
    max_align_t small_scratch[SMALL_SCRATCH_BYTES / sizeof(max_align_t)];
};

void word_init(struct word *word, struct output *output, size_t max_chars);
void word_release(struct word *word);

/* Makes room for another character. False where there is no memory: output->status says so. */
bool word_grow(struct word *word);

/* Makes the scratch memory n * item_bytes large at least; NULL as word_grow. */
void *word_grow_scratch(struct word *word, size_t n, size_t item_bytes);

/* The scratch memory, with room for n items at least. What it held is lost. */
static inline void *word_scratch(struct word *word, size_t n, size_t item_bytes)
{
    if (n <= word->scratch_bytes / item_bytes)
        return word->scratch;
    return word_grow_scratch(word, n, item_bytes);
}

static inline bool word_add_byte(struct word *word, char byte, size_t start)
{
    if (word->n_chars < word->max_chars) {
        if (word->n_bytes == word->capacity && !word_grow(word))
            return false;
        word->bytes[word->n_bytes] = byte;
        word->spans[word->n_bytes++] = (struct token_span){start, start + 1};
    }
    word->stop = start + 1;
    word->n_chars++;
    return true;
}

static inline bool word_add(struct word *word, uint32_t c, size_t start, size_t stop)
{
    if (word->n_chars < word->max_chars) {
        size_t n_bytes;

        if (word->capacity - word->n_bytes < MAX_UTF8_BYTES && !word_grow(word))
            return false;
        n_bytes = utf8_encode(c, word->bytes + word->n_bytes);
        for (size_t i = 0; i < n_bytes; i++)
            word->spans[word->n_bytes++] = (struct token_span){start, stop};
    }
    word->stop = stop;
    word->n_chars++;
    return true;
}

/* Puts a token that bytes [start, stop) of the word became. */
static inline bool word_put(struct word *word, int32_t id, size_t start, size_t stop)
{
    return output_put(word->output, id, word->spans[start].start, word->spans[stop - 1].stop);
}

#endif
