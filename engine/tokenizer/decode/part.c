/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/decode/decode.h"

#include <string.h>

struct decode_part *decode_add(struct decoder *decoder, const char *text, size_t text_bytes,
                               const char *key, const struct document *part, struct error *error)
{
    struct decode_part *added;

    if (text_bytes > MAX_DECODE_TEXT_BYTES || decoder->n_parts == MAX_DECODE_PARTS) {
        (void)!error_set(error, STATUS_UNSUPPORTED,
                         "%s: a \"%s\" of more than %d bytes, or more than %d decoders, are not "
                         "supported",
                         part->name, key, MAX_DECODE_TEXT_BYTES, MAX_DECODE_PARTS);
        return NULL;
    }
    added = &decoder->parts[decoder->n_parts++];
    memcpy(added->text, text, text_bytes);
    added->text_bytes = text_bytes;
    return added;
}
