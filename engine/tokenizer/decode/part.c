/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/decode/decode.h"

#include <string.h>

struct decode_part *decode_add(struct decoder *decoder, decode_function *decode,
                               const struct document *part, struct error *error)
{
    if (decoder->n_parts == MAX_DECODE_PARTS) {
        (void)!error_set(error, STATUS_UNSUPPORTED, "%s: more than %d decoders", part->name,
                         MAX_DECODE_PARTS);
        return NULL;
    }
    decoder->parts[decoder->n_parts] = (struct decode_part){.decode = decode};
    return &decoder->parts[decoder->n_parts++];
}

enum status decode_get_text(const struct document *part, const char *key,
                            char ret_text[MAX_DECODE_TEXT_BYTES], size_t *ret_bytes,
                            struct error *error)
{
    const json_t *value = json_object_get(part->root, key);

    if (!value || json_is_null(value))
        return error_set(error, STATUS_INVALID, "%s: \"%s\" is missing", part->name, key);
    if (!json_is_string(value))
        return error_set(error, STATUS_INVALID, "%s: \"%s\" must be a text", part->name, key);
    if (json_string_length(value) > MAX_DECODE_TEXT_BYTES)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: a \"%s\" of more than %d bytes is not supported", part->name, key,
                         MAX_DECODE_TEXT_BYTES);
    memcpy(ret_text, json_string_value(value), json_string_length(value));
    *ret_bytes = json_string_length(value);
    return STATUS_OK;
}
