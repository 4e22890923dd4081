/* SPDX-License-Identifier: Apache-2.0 */

/* The official tokenizer decodes a token at a time: the prefix comes off or a space goes before it,
 * then the token is cleaned up by itself. So a space is taken out before the token "." and not
 * within "a ' s", which are three tokens. */
#include "engine/tokenizer/decode/decode.h"
#include "engine/tokenizer/part_table.h"

#include <string.h>

enum { CLEANS_UP = 1 };

/* One clean-up: every `from` of a token becomes `to`, which is never longer. */
struct replacement {
    const char *from;
    const char *to;
};

/* In the official order, each on what the one before left. */
static const struct replacement replacements[] = {
    {" .", "."},   {" ?", "?"},     {" !", "!"},     {" ,", ","},
    {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},   {" do not", " don't"},
    {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
};

/* In place; the new length. */
static size_t replace_all(char *text, size_t len_bytes, const struct replacement *replacement)
{
    size_t from_bytes = strlen(replacement->from);
    size_t to_bytes = strlen(replacement->to);
    size_t read = 0;
    size_t written = 0;

    while (read < len_bytes) {
        if (len_bytes - read < from_bytes ||
            memcmp(text + read, replacement->from, from_bytes) != 0) {
            text[written++] = text[read++];
            continue;
        }
        memcpy(text + written, replacement->to, to_bytes);
        written += to_bytes;
        read += from_bytes;
    }
    return written;
}

static enum status write_token(const struct decode_part *part, const char *token, size_t len_bytes,
                               bool is_first, struct strings *ret_tokens)
{
    size_t start = ret_tokens->n_bytes;
    enum status status = STATUS_OK;

    if (!is_first && len_bytes >= part->text_bytes &&
        memcmp(token, part->text, part->text_bytes) == 0) {
        token += part->text_bytes;
        len_bytes -= part->text_bytes;
    } else if (!is_first) {
        status = strings_write(ret_tokens, " ", 1);
    }
    if (!status)
        status = strings_write(ret_tokens, token, len_bytes);
    if (status)
        return status;
    len_bytes = ret_tokens->n_bytes - start;
    if (part->flags & CLEANS_UP)
        for (size_t i = 0; i < sizeof replacements / sizeof *replacements; i++)
            len_bytes = replace_all(ret_tokens->bytes + start, len_bytes, &replacements[i]);
    ret_tokens->n_bytes = start + len_bytes;
    return strings_end(ret_tokens);
}

static enum status decode(const struct decode_part *part, const struct strings *tokens,
                          struct strings *ret_tokens)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < tokens->n && !status; i++) {
        size_t len_bytes;
        const char *token = strings_get(tokens, i, &len_bytes);

        status = write_token(part, token, len_bytes, i == 0, ret_tokens);
    }
    return status;
}

void decode_init_bert(struct decoder *decoder)
{
    *decoder = (struct decoder){
        .parts = {{.decode = decode, .flags = CLEANS_UP, .text = "##", .text_bytes = 2}},
        .n_parts = 1};
}

enum status decode_wordpiece_read(void *into, const struct document *part, struct error *error)
{
    static const char *const needed[] = {"prefix", "cleanup"};
    enum status status = part_require(part, needed, sizeof needed / sizeof *needed, error);
    struct decode_part *added;
    bool cleans_up = false;

    if (!status)
        status = document_get_bool(part, "cleanup", &cleans_up, error);
    if (status)
        return status;
    added = decode_add(into, decode, part, error);
    if (!added)
        return STATUS_UNSUPPORTED;
    added->flags = cleans_up ? CLEANS_UP : 0;
    return decode_get_text(part, "prefix", added->text, &added->text_bytes, error);
}
