/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/output.h"

#include "engine/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { MIN_CAPACITY = 256 };

void tokens_release(struct tokens *tokens)
{
    if (!tokens)
        return;
    free(tokens->ids);
    free(tokens->spans);
    free(tokens->types);
    *tokens = (struct tokens){0};
}

void first_text_release(struct first_text *first)
{
    tokens_release(&first->tokens);
    free(first->head);
    *first = (struct first_text){.n = 0};
}

size_t tokens_count_first(const struct tokens *tokens, size_t start)
{
    for (size_t i = start; i < tokens->n_tokens; i++)
        if (tokens->types[i] > 0)
            return i - start;
    return 0;
}

/* A capacity for n_tokens that grows by half at least, so that appending is linear. */
static size_t next_capacity(size_t capacity, size_t n_tokens)
{
    size_t grown = capacity > SIZE_MAX / 2 ? n_tokens : capacity + capacity / 2;

    if (grown < MIN_CAPACITY)
        grown = MIN_CAPACITY;
    return grown < n_tokens ? n_tokens : grown;
}

/* Makes room for n_tokens items in the array that *capacity belongs to; NULL: no memory. */
static void *grow(void *array, size_t *capacity, size_t n_tokens, size_t item_bytes)
{
    size_t grown = next_capacity(*capacity, n_tokens);
    void *items = reallocarray(array, grown, item_bytes);

    if (items)
        *capacity = grown;
    return items;
}

/* Makes room for n_more tokens. */
static enum status reserve(struct tokens *tokens, const struct tokenize_options *options,
                           size_t n_more)
{
    size_t n = tokens->n_tokens + n_more;

    if (n > tokens->capacity) {
        int32_t *ids = grow(tokens->ids, &tokens->capacity, n, sizeof *ids);

        if (!ids)
            return STATUS_NO_MEMORY;
        tokens->ids = ids;
    }
    if (options->want_spans && n > tokens->span_capacity) {
        struct token_span *spans = grow(tokens->spans, &tokens->span_capacity, n, sizeof *spans);

        if (!spans)
            return STATUS_NO_MEMORY;
        tokens->spans = spans;
    }
    if (options->want_types && n > tokens->type_capacity) {
        uint8_t *types = grow(tokens->types, &tokens->type_capacity, n, sizeof *types);

        if (!types)
            return STATUS_NO_MEMORY;
        tokens->types = types;
    }
    return STATUS_OK;
}

enum status tokens_append(struct tokens *tokens, const struct tokenize_options *options, int32_t id,
                          struct token_span span, uint8_t type)
{
    enum status status = reserve(tokens, options, 1);

    if (status)
        return status;
    tokens->ids[tokens->n_tokens] = id;
    if (options->want_spans)
        tokens->spans[tokens->n_tokens] = span;
    if (options->want_types)
        tokens->types[tokens->n_tokens] = type;
    tokens->n_tokens++;
    return STATUS_OK;
}

enum status tokens_append_part(struct tokens *tokens, const struct tokenize_options *options,
                               const struct tokens *from, size_t start, size_t n, uint8_t type)
{
    enum status status = reserve(tokens, options, n);

    if (status || n == 0)
        return status;
    memcpy(tokens->ids + tokens->n_tokens, from->ids + start, n * sizeof *tokens->ids);
    if (options->want_spans)
        memcpy(tokens->spans + tokens->n_tokens, from->spans + start, n * sizeof *tokens->spans);
    if (options->want_types)
        memset(tokens->types + tokens->n_tokens, type, n * sizeof *tokens->types);
    tokens->n_tokens += n;
    return STATUS_OK;
}

static enum status append(struct output *output, int32_t id, size_t start, size_t stop)
{
    return tokens_append(output->tokens, output->options, id, (struct token_span){start, stop}, 0);
}

static enum status append_special(struct output *output, const int32_t *ids, size_t n_ids)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < n_ids && !status; i++)
        status = append(output, ids[i], SIZE_MAX, SIZE_MAX);
    return status;
}

enum status output_begin(struct output *output, struct tokens *tokens,
                         const struct tokenize_options *options, const int32_t *first,
                         size_t n_first, size_t n_special, struct tokenize_result *ret_result)
{
    enum status status;

    *output = (struct output){
        .tokens = tokens, .options = options, .n_before = tokens->n_tokens, .max_kept = SIZE_MAX};
    if (options->max_tokens > 0) {
        if (options->max_tokens < n_special) {
            *ret_result = (struct tokenize_result){.n_tokens_whole = n_special};
            return STATUS_TOO_LONG;
        }
        output->max_kept = options->max_tokens - n_special;
    }
    status = append_special(output, first, n_first);
    if (status)
        tokens->n_tokens = output->n_before;
    output->start = tokens->n_tokens;
    return status;
}

/* Drops all tokens of the text but the last max_kept. */
static void slide(struct output *output)
{
    struct tokens *tokens = output->tokens;
    size_t from = tokens->n_tokens - output->max_kept;

    if (output->max_kept > 0) {
        memmove(tokens->ids + output->start, tokens->ids + from,
                output->max_kept * sizeof *tokens->ids);
        if (output->options->want_spans)
            memmove(tokens->spans + output->start, tokens->spans + from,
                    output->max_kept * sizeof *tokens->spans);
    }
    output->n_kept = output->max_kept;
    tokens->n_tokens = output->start + output->n_kept;
}

bool output_put(struct output *output, int32_t id, size_t start, size_t stop)
{
    output->n_seen++;
    if (output->n_kept >= output->max_kept) {
        if (output->options->truncate == TRUNCATE_END)
            return false;
        if (output->options->truncate == TRUNCATE_NONE || output->max_kept == 0)
            return true;
        if (output->n_kept / 2 >= output->max_kept)
            slide(output);
    }
    output->status = append(output, id, start, stop);
    if (output->status)
        return false;
    output->n_kept++;
    return true;
}

enum status output_end(struct output *output, const int32_t *last, size_t n_last, size_t n_special,
                       struct tokenize_result *ret_result)
{
    struct tokens *tokens = output->tokens;
    enum status status = output->status;
    bool too_long = output->n_seen > output->max_kept;

    if (!status && too_long && output->options->truncate == TRUNCATE_NONE) {
        *ret_result = (struct tokenize_result){.n_tokens_whole = output->n_seen + n_special};
        status = STATUS_TOO_LONG;
    }
    if (!status && output->n_kept > output->max_kept)
        slide(output);
    if (!status)
        status = append_special(output, last, n_last);
    if (status) {
        tokens->n_tokens = output->n_before;
        return status;
    }
    *ret_result = (struct tokenize_result){
        .n_tokens = output->n_kept + n_special,
        .n_tokens_whole = output->n_seen + n_special,
        .truncated = too_long,
    };
    return STATUS_OK;
}
