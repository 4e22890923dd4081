/* SPDX-License-Identifier: Apache-2.0 */

/* A list of strings, one after another in one block: what decoders work on. */
#ifndef NESTD_ENGINE_TOKENIZER_DECODE_STRINGS_H
#define NESTD_ENGINE_TOKENIZER_DECODE_STRINGS_H

#include "engine/base/status.h"

#include <stddef.h>

/* Zero it to begin. */
struct strings {
    char *bytes;
    size_t *ends; /* [n]: string i is bytes [ends[i - 1], ends[i]) */
    size_t n;
    size_t n_bytes; /* what lies behind ends[n - 1] belongs to a string that is not finished */
    size_t bytes_capacity;
    size_t ends_capacity;
};

void strings_release(struct strings *strings);

/* Appends to the string that is not finished. STATUS_NO_MEMORY. */
MUST_CHECK enum status strings_write(struct strings *strings, const char *bytes, size_t n_bytes);

/* Finishes it. STATUS_NO_MEMORY. */
MUST_CHECK enum status strings_end(struct strings *strings);

/* String i, borrowed; its length. */
const char *strings_get(const struct strings *strings, size_t i, size_t *ret_len_bytes);

#endif
