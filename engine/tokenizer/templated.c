/* SPDX-License-Identifier: Apache-2.0 */

/* Two texts as one, by a chat template. The whole is tokenized, since tokens reach over the edges of
 * the template's parts: a space before a text is its first word's. A query may be as long as a body
 * and be that of thousands of documents; one that fills a pair by itself is not read again for each.
 */
#include "engine/base/memory.h"
#include "engine/model/head/chat_template.h"
#include "engine/tokenizer/pipeline.h"

#include <stdlib.h>
#include <string.h>

/* How many tokens what follows a text, or stands before it, may change. */
enum { EDGE_TOKENS = 256 };

struct text {
    const char *bytes;
    size_t len_bytes;
};

static struct text text_of(const char *string)
{
    return (struct text){string, strlen(string)};
}

/* Three texts in a row, for the caller to free; NULL: no memory. */
static char *join(struct text first, struct text second, struct text third, size_t *ret_len_bytes)
{
    size_t len_bytes;
    char *joined;

    if (!size_add(first.len_bytes, second.len_bytes, &len_bytes) ||
        !size_add(len_bytes, third.len_bytes, &len_bytes))
        return NULL;
    joined = malloc(len_bytes + 1);
    if (!joined)
        return NULL;
    memcpy(joined, first.bytes, first.len_bytes);
    memcpy(joined + first.len_bytes, second.bytes, second.len_bytes);
    memcpy(joined + first.len_bytes + second.len_bytes, third.bytes, third.len_bytes);
    *ret_len_bytes = len_bytes;
    return joined;
}

enum status templated_encode_first(const struct tokenizer *tokenizer, const char *text,
                                   size_t len_bytes, const struct tokenize_options *options,
                                   struct first_text *first)
{
    const struct tokenize_options alone = {
        .truncate = options->truncate,
        .max_tokens = options->max_tokens > 0 ? options->max_tokens + EDGE_TOKENS : 0,
        .want_spans = options->truncate == TRUNCATE_START,
    };
    struct tokenize_result result = {0};
    enum status status;

    free(first->head);
    first->query_bytes = len_bytes;
    first->head = join(text_of(tokenizer->chat->before), (struct text){text, len_bytes},
                       text_of(tokenizer->chat->between), &first->head_bytes);
    if (!first->head)
        return STATUS_NO_MEMORY;
    first->tokens.n_tokens = 0;
    status = tokenizer_encode(tokenizer, first->head, first->head_bytes, &alone, &first->tokens,
                              &result);
    if (status && status != STATUS_TOO_LONG)
        return status;
    first->n = result.n_tokens_whole;
    first->fills = status || result.truncated;
    first->head_start = first->fills && alone.want_spans ? first->tokens.spans[0].start : 0;
    return STATUS_OK;
}

/* Where a place in the whole lies in one of its two texts, which begins at `start`. */
static bool place_in(struct token_span *span, size_t start, size_t len_bytes)
{
    if (span->stop <= start || span->start >= start + len_bytes)
        return false;
    span->start = span->start > start ? span->start - start : 0;
    span->stop = span->stop < start + len_bytes ? span->stop - start : len_bytes;
    return true;
}

static void place_tokens(const struct tokenizer *tokenizer, const struct first_text *first,
                         size_t len_bytes, struct tokens *tokens, size_t n_before)
{
    size_t query_start = strlen(tokenizer->chat->before);

    for (size_t i = n_before; i < tokens->n_tokens; i++) {
        struct token_span *span = &tokens->spans[i];

        span->start += first->head_start;
        span->stop += first->head_start;
        if (!place_in(span, query_start, first->query_bytes) &&
            !place_in(span, first->head_bytes, len_bytes))
            *span = (struct token_span){SIZE_MAX, SIZE_MAX};
    }
}

/* Puts the template's end in place of the last of n_kept tokens. */
static enum status put_end(const struct tokenizer *tokenizer,
                           const struct tokenize_options *options, size_t n_kept,
                           struct tokens *tokens)
{
    const struct tokens *end = &tokenizer->chat_end;
    size_t n = end->n_tokens < n_kept ? end->n_tokens : n_kept;
    enum status status = STATUS_OK;

    tokens->n_tokens -= n;
    for (size_t i = end->n_tokens - n; i < end->n_tokens && !status; i++)
        status =
            tokens_append(tokens, options, end->ids[i], (struct token_span){SIZE_MAX, SIZE_MAX}, 0);
    return status;
}

/* A pair in which nothing of the second text is left. */
static enum status take_first(const struct tokenizer *tokenizer, const struct first_text *first,
                              const struct tokenize_options *options, struct tokens *tokens,
                              struct tokenize_result *ret_result)
{
    const struct token_span nowhere = {SIZE_MAX, SIZE_MAX};
    enum status status = STATUS_OK;

    for (size_t i = 0; i < options->max_tokens && !status; i++)
        status = tokens_append(tokens, options, first->tokens.ids[i], nowhere, 0);
    if (!status)
        status = put_end(tokenizer, options, options->max_tokens, tokens);
    *ret_result = (struct tokenize_result){
        .n_tokens = options->max_tokens, .n_tokens_whole = first->n, .truncated = true};
    return status;
}

static enum status take_both(const struct tokenizer *tokenizer, const struct first_text *first,
                             struct text second, const struct tokenize_options *options,
                             struct tokens *tokens, struct tokenize_result *ret_result)
{
    struct tokenize_options whole = *options;
    const struct text head = {first->head + first->head_start,
                              first->head_bytes - first->head_start};
    size_t n_before = tokens->n_tokens;
    size_t len_bytes;
    AUTO_FREE char *joined = join(head, second, text_of(tokenizer->chat->after), &len_bytes);
    enum status status;

    if (!joined)
        return STATUS_NO_MEMORY;
    whole.add_special = false;
    status = tokenizer_encode(tokenizer, joined, len_bytes, &whole, tokens, ret_result);
    if (!status && options->want_spans)
        place_tokens(tokenizer, first, second.len_bytes, tokens, n_before);
    if (!status && ret_result->truncated && options->truncate == TRUNCATE_END)
        status = put_end(tokenizer, options, ret_result->n_tokens, tokens);
    if (!status && first->head_start > 0)
        ret_result->truncated = true;
    return status;
}

enum status templated_encode_second(const struct tokenizer *tokenizer,
                                    const struct first_text *first, const char *text,
                                    size_t len_bytes, const struct tokenize_options *options,
                                    struct tokens *tokens, struct tokenize_result *ret_result)
{
    size_t n_before = tokens->n_tokens;
    enum status status;

    if (first->fills && options->truncate == TRUNCATE_NONE) {
        *ret_result = (struct tokenize_result){.n_tokens_whole = first->n};
        return STATUS_TOO_LONG;
    }
    status = first->fills && options->truncate == TRUNCATE_END
                 ? take_first(tokenizer, first, options, tokens, ret_result)
                 : take_both(tokenizer, first, (struct text){text, len_bytes}, options, tokens,
                             ret_result);
    if (status)
        tokens->n_tokens = n_before;
    return status;
}

/* Those at the end of two pairs that have other texts. */
static enum status find_end(struct tokenizer *tokenizer, struct tokens pairs[2])
{
    static const char *const fillers[] = {"0", "1 2 3 4"};
    const struct tokenize_options options = {.truncate = TRUNCATE_NONE};
    struct first_text first = {.n = 0};
    enum status status = STATUS_OK;
    size_t n = 0;

    for (size_t i = 0; i < 2 && !status; i++) {
        size_t len_bytes = strlen(fillers[i]);
        struct tokenize_result result;

        status = templated_encode_first(tokenizer, fillers[i], len_bytes, &options, &first);
        if (!status)
            status = templated_encode_second(tokenizer, &first, fillers[i], len_bytes, &options,
                                             &pairs[i], &result);
    }
    first_text_release(&first);
    if (status)
        return status;
    while (n < pairs[0].n_tokens && n < pairs[1].n_tokens &&
           pairs[0].ids[pairs[0].n_tokens - 1 - n] == pairs[1].ids[pairs[1].n_tokens - 1 - n])
        n++;
    return tokens_append_part(&tokenizer->chat_end, &options, &pairs[0], pairs[0].n_tokens - n, n,
                              0);
}

enum status tokenizer_use_template(struct tokenizer *tokenizer, const struct chat_template *chat)
{
    struct tokens pairs[2] = {{0}, {0}};
    enum status status;

    tokenizer->chat = chat;
    status = find_end(tokenizer, pairs);
    tokens_release(&pairs[0]);
    tokens_release(&pairs[1]);
    return status;
}

bool tokenizer_joins_pairs(const struct tokenizer *tokenizer)
{
    return tokenizer->chat;
}

size_t tokenizer_pair_extra(const struct tokenizer *tokenizer)
{
    const struct chat_template *chat = tokenizer->chat;

    if (!chat)
        return 0;
    return strlen(chat->before) + strlen(chat->between) + strlen(chat->after);
}
