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
    *tokens = (struct tokens){0};
}

/* A capacity for n_tokens that grows by half at least, so that appending is linear. */
static size_t next_capacity(size_t capacity, size_t n_tokens)
{
    size_t grown = capacity > SIZE_MAX / 2 ? n_tokens : capacity + capacity / 2;

    if (grown < MIN_CAPACITY)
        grown = MIN_CAPACITY;
    return grown < n_tokens ? n_tokens : grown;
}

static enum status reserve(struct tokens *tokens, size_t n_tokens, bool want_spans)
{
    if (n_tokens > tokens->capacity) {
        size_t capacity = next_capacity(tokens->capacity, n_tokens);
        int32_t *ids = reallocarray(tokens->ids, capacity, sizeof *ids);

        if (!ids)
            return STATUS_NO_MEMORY;
        tokens->ids = ids;
        tokens->capacity = capacity;
    }
    if (want_spans && n_tokens > tokens->span_capacity) {
        size_t capacity = next_capacity(tokens->span_capacity, n_tokens);
        struct token_span *spans = reallocarray(tokens->spans, capacity, sizeof *spans);

        if (!spans)
            return STATUS_NO_MEMORY;
        tokens->spans = spans;
        tokens->span_capacity = capacity;
    }
    return STATUS_OK;
}

static enum status append(struct output *output, int32_t id, size_t start, size_t stop)
{
    struct tokens *tokens = output->tokens;

    if (tokens->n_tokens >= tokens->capacity ||
        (output->options->want_spans && tokens->n_tokens >= tokens->span_capacity)) {
        enum status status = reserve(tokens, tokens->n_tokens + 1, output->options->want_spans);

        if (status)
            return status;
    }
    tokens->ids[tokens->n_tokens] = id;
    if (output->options->want_spans)
        tokens->spans[tokens->n_tokens] = (struct token_span){start, stop};
    tokens->n_tokens++;
    return STATUS_OK;
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
