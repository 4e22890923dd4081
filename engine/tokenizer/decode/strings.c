/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/decode/strings.h"

#include "engine/base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_BYTES = 256, MIN_ENDS = 64 };

void strings_release(struct strings *strings)
{
    if (!strings)
        return;
    free(strings->bytes);
    free(strings->ends);
    *strings = (struct strings){0};
}

enum status strings_write(struct strings *strings, const char *bytes, size_t n_bytes)
{
    size_t capacity = strings->bytes_capacity ? strings->bytes_capacity : MIN_BYTES;

    if (n_bytes > SIZE_MAX / 4 - strings->n_bytes)
        return STATUS_NO_MEMORY;
    while (capacity < strings->n_bytes + n_bytes)
        capacity *= 2;
    if (capacity > strings->bytes_capacity) {
        char *grown = realloc(strings->bytes, capacity);

        if (!grown)
            return STATUS_NO_MEMORY;
        strings->bytes = grown;
        strings->bytes_capacity = capacity;
    }
    if (n_bytes > 0)
        memcpy(strings->bytes + strings->n_bytes, bytes, n_bytes);
    strings->n_bytes += n_bytes;
    return STATUS_OK;
}

enum status strings_end(struct strings *strings)
{
    if (strings->n == strings->ends_capacity) {
        size_t capacity = strings->ends_capacity ? strings->ends_capacity * 2 : MIN_ENDS;
        size_t *ends = reallocarray(strings->ends, capacity, sizeof *ends);

        if (!ends)
            return STATUS_NO_MEMORY;
        strings->ends = ends;
        strings->ends_capacity = capacity;
    }
    strings->ends[strings->n++] = strings->n_bytes;
    return STATUS_OK;
}

const char *strings_get(const struct strings *strings, size_t i, size_t *ret_len_bytes)
{
    size_t start = i > 0 ? strings->ends[i - 1] : 0;

    *ret_len_bytes = strings->ends[i] - start;
    return strings->bytes + start;
}
