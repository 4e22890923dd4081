/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/tokenizer.h"

#include "engine/base/memory.h"
#include "engine/tokenizer/pipeline.h"

#include <stdlib.h>
#include <string.h>

void tokenizer_free(struct tokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    chain_release(&tokenizer->normalizer);
    chain_release(&tokenizer->splitter);
    words_release(&tokenizer->words);
    vocab_release(&tokenizer->vocab);
    added_tokens_release(&tokenizer->raw);
    added_tokens_release(&tokenizer->normalized);
    tokens_release(&tokenizer->chat_end);
    free(tokenizer);
}

/* How many special tokens these options put round a text. */
static size_t n_special(const struct tokenizer *tokenizer, const struct tokenize_options *options)
{
    return options->add_special ? tokenizer_special_count(tokenizer) : 0;
}

static enum status begin(struct output *output, const struct tokenizer *tokenizer,
                         const struct tokenize_options *options, struct tokens *tokens,
                         struct tokenize_result *ret_result)
{
    return output_begin(output, tokens, options, tokenizer->finish.first.ids,
                        options->add_special ? tokenizer->finish.first.n_ids : 0,
                        n_special(tokenizer, options), ret_result);
}

static enum status end(struct output *output, const struct tokenizer *tokenizer,
                       struct tokenize_result *ret_result)
{
    return output_end(output, tokenizer->finish.last.ids,
                      output->options->add_special ? tokenizer->finish.last.n_ids : 0,
                      n_special(tokenizer, output->options), ret_result);
}

/* Whether a character begins here. */
static bool begins_char(char byte)
{
    return ((unsigned char)byte & 0xc0) != 0x80;
}

/* How many bytes of the text are read: those of its first max_chars characters. */
static size_t cut_chars(const struct tokenizer *tokenizer, const char *text, size_t len_bytes,
                        const struct tokenize_options *options)
{
    size_t n_chars = 0;

    if (tokenizer->max_chars == 0 || options->truncate != TRUNCATE_END)
        return len_bytes;
    for (size_t i = 0; i < len_bytes; i++)
        if (begins_char(text[i]) && n_chars++ == tokenizer->max_chars)
            return i;
    return len_bytes;
}

static size_t count_chars(const struct vocab *vocab, int32_t id)
{
    const char *text = vocab_text(vocab, id);
    size_t n = 0;

    for (size_t i = 0; i < vocab->tokens[id].len_bytes; i++)
        n += begins_char(text[i]);
    return n;
}

/* Of the characters of all tokens, rounded down; longer ones than MAX_CHARS count as that. */
static size_t find_median_chars(const struct vocab *vocab)
{
    enum { MAX_CHARS = 1024 };
    size_t counts[MAX_CHARS + 1] = {0};
    size_t n_tokens = 0;
    size_t middle[2] = {0, 0};
    size_t n_below = 0;

    for (size_t id = 0; id < vocab->n_ids; id++) {
        size_t n = vocab_knows(vocab, (int32_t)id) ? count_chars(vocab, (int32_t)id) : 0;

        n_tokens += vocab->tokens[id].known;
        counts[n < MAX_CHARS ? n : MAX_CHARS] += vocab->tokens[id].known;
    }
    for (size_t n = 0; n <= MAX_CHARS; n_below += counts[n++]) {
        if (n_below <= (n_tokens - 1) / 2)
            middle[0] = n;
        if (n_below <= n_tokens / 2)
            middle[1] = n;
    }
    return (middle[0] + middle[1]) / 2;
}

void tokenizer_follow_model2vec(struct tokenizer *tokenizer, size_t max_tokens)
{
    size_t median = tokenizer->vocab.n_ids ? find_median_chars(&tokenizer->vocab) : 0;

    tokenizer->max_tokens = max_tokens;
    tokenizer->truncates_start = false;
    if (!size_multiply(max_tokens, median, &tokenizer->max_chars))
        tokenizer->max_chars = 0;
}

enum status tokenizer_encode(const struct tokenizer *tokenizer, const char *text, size_t len_bytes,
                             const struct tokenize_options *options, struct tokens *tokens,
                             struct tokenize_result *ret_result)
{
    struct output output;
    size_t kept_bytes = cut_chars(tokenizer, text, len_bytes, options);
    enum status status = begin(&output, tokenizer, options, tokens, ret_result);

    if (status)
        return status;
    pipeline_run(tokenizer, text, kept_bytes, &output);
    status = end(&output, tokenizer, ret_result);
    if (!status && kept_bytes < len_bytes && !ret_result->truncated) {
        ret_result->truncated = true;
        ret_result->n_tokens_whole++;
    }
    if (!status && options->want_spans && output.n_kept > 0)
        finish_trim(&tokenizer->finish, &tokenizer->vocab, text, tokens->ids + output.start,
                    tokens->spans + output.start, output.n_kept);
    return status;
}

static bool begins_with(const int32_t *ids, const struct special_tokens *special)
{
    return memcmp(ids, special->ids, special->n_ids * sizeof *ids) == 0;
}

/* Whether the ids have the special tokens around them, as other tokenizers give them. */
static bool is_wrapped(const struct tokenizer *tokenizer, const int32_t *ids, size_t n_ids)
{
    return n_ids >= tokenizer_special_count(tokenizer) &&
           begins_with(ids, &tokenizer->finish.first) &&
           begins_with(ids + n_ids - tokenizer->finish.last.n_ids, &tokenizer->finish.last);
}

enum status tokenizer_wrap(const struct tokenizer *tokenizer, const int32_t *ids, size_t n_ids,
                           const struct tokenize_options *options, struct tokens *tokens,
                           struct tokenize_result *ret_result)
{
    struct output output;
    enum status status;

    for (size_t i = 0; i < n_ids; i++)
        if (!vocab_knows(&tokenizer->vocab, ids[i]))
            return STATUS_INVALID;
    /* Taken off, so that they are put around what truncation leaves. */
    if (options->add_special && is_wrapped(tokenizer, ids, n_ids)) {
        ids += tokenizer->finish.first.n_ids;
        n_ids -= tokenizer_special_count(tokenizer);
    }
    status = begin(&output, tokenizer, options, tokens, ret_result);
    if (status)
        return status;
    for (size_t i = 0; i < n_ids; i++)
        if (!output_put(&output, ids[i], SIZE_MAX, SIZE_MAX))
            break;
    status = end(&output, tokenizer, ret_result);
    if (!status)
        ret_result->n_tokens_whole = n_ids + n_special(tokenizer, options);
    return status;
}

size_t tokenizer_vocabulary_size(const struct tokenizer *tokenizer)
{
    return tokenizer->vocab.n_ids;
}

size_t tokenizer_special_count(const struct tokenizer *tokenizer)
{
    return tokenizer->finish.first.n_ids + tokenizer->finish.last.n_ids;
}

int32_t tokenizer_unknown_id(const struct tokenizer *tokenizer)
{
    return tokenizer->unknown_id;
}

size_t tokenizer_max_tokens(const struct tokenizer *tokenizer)
{
    return tokenizer->max_tokens;
}

bool tokenizer_truncates_start(const struct tokenizer *tokenizer)
{
    return tokenizer->truncates_start;
}

const char *tokenizer_token_text(const struct tokenizer *tokenizer, int32_t id,
                                 size_t *ret_len_bytes)
{
    if (!vocab_knows(&tokenizer->vocab, id))
        return NULL;
    *ret_len_bytes = tokenizer->vocab.tokens[id].len_bytes;
    return vocab_text(&tokenizer->vocab, id);
}

bool tokenizer_is_special(const struct tokenizer *tokenizer, int32_t id)
{
    return vocab_knows(&tokenizer->vocab, id) && tokenizer->vocab.tokens[id].special;
}

/* An id without a token becomes nothing, nor does a special one that is to be left out. */
static bool is_said(const struct tokenizer *tokenizer, int32_t id, bool skip_special)
{
    return vocab_knows(&tokenizer->vocab, id) &&
           !(skip_special && tokenizer->vocab.tokens[id].special);
}

enum status tokenizer_decode(const struct tokenizer *tokenizer, const int32_t *ids, size_t n_ids,
                             bool skip_special, char **ret_text, size_t *ret_len_bytes)
{
    struct strings tokens = {0};
    enum status status = STATUS_OK;

    for (size_t i = 0; i < n_ids && !status; i++) {
        if (ids[i] < 0 || (size_t)ids[i] >= tokenizer->vocab.n_ids)
            status = STATUS_INVALID;
        else if (is_said(tokenizer, ids[i], skip_special)) {
            status = strings_write(&tokens, vocab_text(&tokenizer->vocab, ids[i]),
                                   tokenizer->vocab.tokens[ids[i]].len_bytes);
            if (!status)
                status = strings_end(&tokens);
        }
    }
    if (!status)
        status = decode_tokens(&tokenizer->decoder, &tokens, ret_text, ret_len_bytes);
    strings_release(&tokens);
    return status;
}
