/* SPDX-License-Identifier: Apache-2.0 */

/* Vectors as the rows of a file: an array that numpy.load reads, or JSON Lines. Pure; any thread. */
#ifndef NESTD_SERVER_BULK_ROWS_H
#define NESTD_SERVER_BULK_ROWS_H

#include "server/api/embed/pack.h"
#include "server/text/buffer.h"
#include "server/text/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rows_number { ROWS_FLOAT32, ROWS_FLOAT16, ROWS_PACKED };

struct rows {
    bool is_npy; /* else JSON Lines: {"id": ..., "embedding": [...]} */
    enum rows_number number;
    enum pack pack; /* of ROWS_PACKED */
    size_t n_dims;  /* of a vector before it is packed */
};

/* "float32", "float16" or a name of pack.h. False if it is none. */
bool rows_parse_number(struct rows *rows, const char *name);
const char *rows_number_name(const struct rows *rows);

/* The bytes of a row of an array. */
size_t rows_count_bytes(const struct rows *rows);

/* Appends a row. `scale` as pack_find_scale() finds it; `id` is JSON. */
void rows_append(const struct rows *rows, const float *vector, float scale, struct slice id,
                 struct buffer *to);

/* The header of an array of so many rows: always as long, so that it can be written again once
 * they have been counted. */
enum { ROWS_HEADER_BYTES = 128 };
void rows_write_header(const struct rows *rows, size_t n_rows, char to[ROWS_HEADER_BYTES]);

/* The nearest float16, half to even; too large is infinite. */
uint16_t rows_round_to_half(float value);

#endif
