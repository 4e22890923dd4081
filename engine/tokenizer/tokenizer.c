/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/tokenizer.h"

#include "engine/tokenizer/encode.h"

#include <stdlib.h>
#include <string.h>

void tokenizer_free(struct tokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    vocab_release(&tokenizer->vocab);
    added_tokens_release(&tokenizer->raw);
    added_tokens_release(&tokenizer->normalized);
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
    return output_begin(output, tokens, options, tokenizer->first.ids,
                        options->add_special ? tokenizer->first.n_ids : 0,
                        n_special(tokenizer, options), ret_result);
}

static enum status end(struct output *output, const struct tokenizer *tokenizer,
                       struct tokenize_result *ret_result)
{
    return output_end(output, tokenizer->last.ids,
                      output->options->add_special ? tokenizer->last.n_ids : 0,
                      n_special(tokenizer, output->options), ret_result);
}

enum status tokenizer_encode(const struct tokenizer *tokenizer, const char *text, size_t len_bytes,
                             const struct tokenize_options *options, struct tokens *tokens,
                             struct tokenize_result *ret_result)
{
    struct output output;
    enum status status = begin(&output, tokenizer, options, tokens, ret_result);

    if (status)
        return status;
    encode_text(tokenizer, text, len_bytes, &output);
    return end(&output, tokenizer, ret_result);
}

static bool begins_with(const int32_t *ids, const struct special_tokens *special)
{
    return memcmp(ids, special->ids, special->n_ids * sizeof *ids) == 0;
}

/* Whether the ids have the special tokens around them, as other tokenizers give them. */
static bool is_wrapped(const struct tokenizer *tokenizer, const int32_t *ids, size_t n_ids)
{
    return n_ids >= tokenizer_special_count(tokenizer) && begins_with(ids, &tokenizer->first) &&
           begins_with(ids + n_ids - tokenizer->last.n_ids, &tokenizer->last);
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
        ids += tokenizer->first.n_ids;
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
    return tokenizer->first.n_ids + tokenizer->last.n_ids;
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
