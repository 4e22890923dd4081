/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/embed/prompted.h"

struct slice prompted_join(struct slice prompt, struct slice text, struct buffer *scratch)
{
    if (prompt.len_bytes == 0)
        return text;
    scratch->len_bytes = 0;
    buffer_append(scratch, prompt.bytes, prompt.len_bytes);
    buffer_append(scratch, text.bytes, text.len_bytes);
    if (buffer_failed(scratch))
        return (struct slice){0};
    return (struct slice){scratch->bytes, scratch->len_bytes};
}

enum status prompted_count_tokens(const struct tokenizer *tokenizer, struct slice prompt,
                                  size_t max_tokens, struct tokens *scratch, size_t *ret_n_tokens)
{
    const struct tokenize_options options = {
        .truncate = TRUNCATE_END,
        .max_tokens = max_tokens,
        .add_special = true,
    };
    struct tokenize_result result;
    enum status status;
    size_t n;

    if (prompt.len_bytes == 0) {
        *ret_n_tokens = 0;
        return STATUS_OK;
    }
    scratch->n_tokens = 0;
    status =
        tokenizer_encode(tokenizer, prompt.bytes, prompt.len_bytes, &options, scratch, &result);
    n = scratch->n_tokens;
    scratch->n_tokens = 0;
    if (!status)
        *ret_n_tokens = n - (n > 0 && tokenizer_is_special(tokenizer, scratch->ids[n - 1]));
    return status;
}

size_t prompted_count_skipped(size_t n_prompt_tokens, const struct tokenize_result *result)
{
    if (n_prompt_tokens < result->n_tokens)
        return n_prompt_tokens;
    return result->n_tokens ? result->n_tokens - 1 : 0;
}
