/* SPDX-License-Identifier: Apache-2.0 */

/* Bytes that someone else owns: as a rule UTF-8 from a request, which may hold U+0000. */
#ifndef NESTD_SERVER_TEXT_SLICE_H
#define NESTD_SERVER_TEXT_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *bytes; /* NULL: absent, which is not the same as empty */
    size_t len_bytes;
};

static inline bool slice_is(struct slice slice, const char *word)
{
    return slice.bytes && strlen(word) == slice.len_bytes &&
           memcmp(slice.bytes, word, slice.len_bytes) == 0;
}

#endif
