/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/decode/decode.h"

#include "engine/tokenizer/part_table.h"

static const struct part_row rows[] = {
    {"ByteFallback", decode_byte_fallback_read},
    {"ByteLevel", decode_byte_level_read},
    {"Fuse", decode_fuse_read},
    {"Metaspace", decode_metaspace_read},
    {"Replace", decode_replace_read},
    {"Strip", decode_strip_read},
    {"WordPiece", decode_wordpiece_read},
};

static const struct part_table table = {rows, sizeof rows / sizeof *rows, "decoders"};

enum status decode_read(struct decoder *decoder, const struct document *part, struct error *error)
{
    return part_table_read(&table, decoder, part, error);
}

/* The tokens with a space between any two. */
static enum status join(const struct strings *tokens, struct strings *ret_text)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < tokens->n && !status; i++) {
        size_t len_bytes;
        const char *token = strings_get(tokens, i, &len_bytes);

        if (i > 0)
            status = strings_write(ret_text, " ", 1);
        if (!status)
            status = strings_write(ret_text, token, len_bytes);
    }
    return status;
}

enum status decode_tokens(const struct decoder *decoder, struct strings *tokens, char **ret_text,
                          size_t *ret_len_bytes)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; (i == 0 || i < decoder->n_parts) && !status; i++) {
        const struct decode_part *part = &decoder->parts[i];
        struct strings decoded = {0};

        status =
            decoder->n_parts > 0 ? part->decode(part, tokens, &decoded) : join(tokens, &decoded);
        strings_release(tokens);
        *tokens = decoded;
    }
    if (!status)
        status = strings_write(tokens, "", 1); /* so that there is a block */
    if (status)
        return status;
    *ret_text = tokens->bytes;
    *ret_len_bytes = tokens->n_bytes - 1;
    tokens->bytes = NULL;
    return STATUS_OK;
}
