/* SPDX-License-Identifier: Apache-2.0 */

/* tokenizer.json's "decoder": how tokens become a text again, a chain of parts with one file each.
 * For the tokenizer's own files. */
#ifndef NESTD_ENGINE_TOKENIZER_DECODE_DECODE_H
#define NESTD_ENGINE_TOKENIZER_DECODE_DECODE_H

#include "engine/files/document.h"
#include "engine/tokenizer/decode/strings.h"

#include <stdbool.h>
#include <stddef.h>

struct decode_part;

/* What a part does: `tokens` to `ret_tokens`, which is empty. STATUS_NO_MEMORY. */
typedef enum status decode_function(const struct decode_part *part, const struct strings *tokens,
                                    struct strings *ret_tokens);

/* With MAX_DECODE_GROWTH a text is linear in its tokens, whatever a tokenizer.json says. */
enum { MAX_DECODE_PARTS = 8, MAX_DECODE_TEXT_BYTES = 32, MAX_DECODE_GROWTH = 1 << 10 };

/* Read-only once loaded. What the fields are for is the part's own affair. */
struct decode_part {
    decode_function *decode;
    unsigned flags;
    size_t n_start;
    size_t n_stop;
    char text[MAX_DECODE_TEXT_BYTES];
    size_t text_bytes;
    char content[MAX_DECODE_TEXT_BYTES];
    size_t content_bytes;
};

/* Zeroed, it puts a space between any two tokens, and does no more. */
struct decoder {
    struct decode_part parts[MAX_DECODE_PARTS];
    size_t n_parts;
    size_t growth; /* how many bytes "Replace" may make of one in all; 0: one */
};

/* Appends what "decoder" describes, by its "type". */
MUST_CHECK enum status decode_read(struct decoder *decoder, const struct document *part,
                                   struct error *error);

/* "##", and clean: what a folder with a vocab.txt means. */
void decode_init_bert(struct decoder *decoder);

/* Makes a text of tokens, which the caller frees. Changes `tokens`. STATUS_NO_MEMORY. */
MUST_CHECK enum status decode_tokens(const struct decoder *decoder, struct strings *tokens,
                                     char **ret_text, size_t *ret_len_bytes);

/* Appends a part that is zeroed but for its function. NULL, with a complaint, where there are
 * MAX_DECODE_PARTS. */
struct decode_part *decode_add(struct decoder *decoder, decode_function *decode,
                               const struct document *part, struct error *error);

/* Reads a text of a part. STATUS_UNSUPPORTED where it is too long, STATUS_INVALID where it is none.
 */
MUST_CHECK enum status decode_get_text(const struct document *part, const char *key,
                                       char ret_text[MAX_DECODE_TEXT_BYTES], size_t *ret_bytes,
                                       struct error *error);

/* Readers by type; `into` is a struct decoder. */
MUST_CHECK enum status decode_byte_fallback_read(void *into, const struct document *part,
                                                 struct error *error);
MUST_CHECK enum status decode_byte_level_read(void *into, const struct document *part,
                                              struct error *error);
MUST_CHECK enum status decode_fuse_read(void *into, const struct document *part,
                                        struct error *error);
MUST_CHECK enum status decode_metaspace_read(void *into, const struct document *part,
                                             struct error *error);
MUST_CHECK enum status decode_replace_read(void *into, const struct document *part,
                                           struct error *error);
MUST_CHECK enum status decode_strip_read(void *into, const struct document *part,
                                         struct error *error);
MUST_CHECK enum status decode_wordpiece_read(void *into, const struct document *part,
                                             struct error *error);

#endif
