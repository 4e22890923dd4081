/* SPDX-License-Identifier: Apache-2.0 */

/* Vectors as JSON. Room is reserved once a vector; failure sticks to the text. Pure; any thread. */
#ifndef NESTD_SERVER_API_EMBED_ENCODE_H
#define NESTD_SERVER_API_EMBED_ENCODE_H

#include "server/api/embed/pack.h"
#include "server/text/text.h"

#include <stddef.h>

/* [0.5,-1.0], each number the shortest text that reads back as the same float32. values[n_values]
 * are finite. */
void encode_floats(struct text *text, const float *values, size_t n_values);

/* A JSON string: base64 of the little-endian float32. */
void encode_base64(struct text *text, const float *values, size_t n_values);

/* [-3,127]: the bytes that pack.h makes of a vector. */
void encode_packed(struct text *text, enum pack pack, const float *values, size_t n_values,
                   float scale);

/* A JSON string: base64 of those bytes. */
void encode_packed_base64(struct text *text, enum pack pack, const float *values, size_t n_values,
                          float scale);

/* [1,2,3] */
void encode_indices(struct text *text, const size_t *indices, size_t n_indices);

/* The room that each asks for. */
size_t encode_floats_max_bytes(size_t n_values);
size_t encode_base64_max_bytes(size_t n_values);
size_t encode_packed_max_bytes(enum pack pack, size_t n_values);
size_t encode_packed_base64_max_bytes(enum pack pack, size_t n_values);
size_t encode_indices_max_bytes(size_t n_indices);

#endif
