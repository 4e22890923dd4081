/* SPDX-License-Identifier: Apache-2.0 */

/* Decoders that change each token's text by itself, and "Fuse", which makes one of all. */
#include "engine/tokenizer/decode/decode.h"

#include "engine/tokenizer/part_table.h"

#include <string.h>

/* --- "Replace" -------------------------------------------------------------------------------- */

static enum status replace_in(const struct decode_part *part, const char *token, size_t len_bytes,
                              struct strings *ret_tokens)
{
    enum status status = STATUS_OK;

    for (size_t pos = 0; pos < len_bytes && !status;) {
        if (part->text_bytes <= len_bytes - pos &&
            memcmp(token + pos, part->text, part->text_bytes) == 0) {
            status = strings_write(ret_tokens, part->content, part->content_bytes);
            pos += part->text_bytes;
        } else {
            status = strings_write(ret_tokens, token + pos, 1);
            pos++;
        }
    }
    return status ? status : strings_end(ret_tokens);
}

static enum status decode_replace(const struct decode_part *part, const struct strings *tokens,
                                  struct strings *ret_tokens)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < tokens->n && !status; i++) {
        size_t len_bytes;
        const char *token = strings_get(tokens, i, &len_bytes);

        status = replace_in(part, token, len_bytes, ret_tokens);
    }
    return status;
}

/* STATUS_UNSUPPORTED where the decoder could make more than MAX_DECODE_GROWTH bytes of one. */
static enum status check_growth(struct decoder *decoder, const struct decode_part *added,
                                const struct document *part, struct error *error)
{
    size_t times = (added->content_bytes + added->text_bytes - 1) / added->text_bytes;
    size_t growth = decoder->growth > 0 ? decoder->growth : 1;

    if (times > MAX_DECODE_GROWTH / growth)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: decoders that may make more than %d bytes of one", part->name,
                         MAX_DECODE_GROWTH);
    if (times > 1)
        decoder->growth = growth * times;
    return STATUS_OK;
}

enum status decode_replace_read(void *into, const struct document *part, struct error *error)
{
    struct decode_part *added = decode_add(into, decode_replace, part, error);
    struct document pattern;
    enum status status;

    if (!added)
        return STATUS_UNSUPPORTED;
    status = document_get_object(part, "pattern", &pattern, error);
    if (!status && !json_object_get(pattern.root, "String"))
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: only a \"pattern\" that is a \"String\" is "
                         "supported",
                         part->name);
    if (!status)
        status = decode_get_text(&pattern, "String", added->text, &added->text_bytes, error);
    if (!status)
        status = decode_get_text(part, "content", added->content, &added->content_bytes, error);
    if (!status && added->text_bytes == 0)
        status = error_set(error, STATUS_INVALID, "%s: \"pattern\" is empty", part->name);
    return status ? status : check_growth(into, added, part, error);
}

/* --- "Strip" ---------------------------------------------------------------------------------- */

static bool begins_with(const struct decode_part *part, const char *token, size_t len_bytes)
{
    return len_bytes >= part->text_bytes && memcmp(token, part->text, part->text_bytes) == 0;
}

static enum status decode_strip(const struct decode_part *part, const struct strings *tokens,
                                struct strings *ret_tokens)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < tokens->n && !status; i++) {
        size_t len_bytes;
        const char *token = strings_get(tokens, i, &len_bytes);

        for (size_t k = 0; k < part->n_start && begins_with(part, token, len_bytes); k++) {
            token += part->text_bytes;
            len_bytes -= part->text_bytes;
        }
        for (size_t k = 0;
             k < part->n_stop && len_bytes >= part->text_bytes &&
             begins_with(part, token + len_bytes - part->text_bytes, part->text_bytes);
             k++)
            len_bytes -= part->text_bytes;
        status = strings_write(ret_tokens, token, len_bytes);
        if (!status)
            status = strings_end(ret_tokens);
    }
    return status;
}

enum status decode_strip_read(void *into, const struct document *part, struct error *error)
{
    enum { MAX_STRIPPED = 1 << 16 };
    struct decode_part *added = decode_add(into, decode_strip, part, error);
    enum status status;

    if (!added)
        return STATUS_UNSUPPORTED;
    status = decode_get_text(part, "content", added->text, &added->text_bytes, error);
    if (!status)
        status = document_get_size(part, "start", 0, MAX_STRIPPED, &added->n_start, error);
    if (!status)
        status = document_get_size(part, "stop", 0, MAX_STRIPPED, &added->n_stop, error);
    if (!status && added->text_bytes == 0)
        status = error_set(error, STATUS_INVALID, "%s: \"content\" is empty", part->name);
    return status;
}

/* --- "Fuse" ----------------------------------------------------------------------------------- */

static enum status decode_fuse(const struct decode_part *part, const struct strings *tokens,
                               struct strings *ret_tokens)
{
    enum status status = strings_write(ret_tokens, tokens->bytes, tokens->n_bytes);

    (void)part;
    return status ? status : strings_end(ret_tokens);
}

enum status decode_fuse_read(void *into, const struct document *part, struct error *error)
{
    return decode_add(into, decode_fuse, part, error) ? STATUS_OK : STATUS_UNSUPPORTED;
}

/* --- "Metaspace" ------------------------------------------------------------------------------ */

enum { DROPS_FIRST = 1 };

/* Each of the characters that stand for a space becomes one; in the first token they are dropped,
 * where one was put before the text. */
static enum status decode_metaspace(const struct decode_part *part, const struct strings *tokens,
                                    struct strings *ret_tokens)
{
    struct decode_part replace = *part;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < tokens->n && !status; i++) {
        size_t len_bytes;
        const char *token = strings_get(tokens, i, &len_bytes);

        replace.content[0] = ' ';
        replace.content_bytes = i == 0 && (part->flags & DROPS_FIRST) ? 0 : 1;
        status = replace_in(&replace, token, len_bytes, ret_tokens);
    }
    return status;
}

enum status decode_metaspace_read(void *into, const struct document *part, struct error *error)
{
    struct decode_part *added = decode_add(into, decode_metaspace, part, error);
    struct metaspace metaspace = {0};
    enum status status;

    if (!added)
        return STATUS_UNSUPPORTED;
    status = decode_get_text(part, "replacement", added->text, &added->text_bytes, error);
    if (!status)
        status = part_read_metaspace(&metaspace, part, error);
    added->flags = metaspace.prepends ? DROPS_FIRST : 0;
    return status;
}
