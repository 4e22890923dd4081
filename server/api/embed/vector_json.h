/* SPDX-License-Identifier: Apache-2.0 */

/* Vectors as JSON. Memory is reserved once per vector; failure sticks to the buffer. Pure; any
 * thread. */
#ifndef NESTD_SERVER_API_EMBED_VECTOR_JSON_H
#define NESTD_SERVER_API_EMBED_VECTOR_JSON_H

#include "server/api/embed/pack.h"
#include "server/text/buffer.h"

#include <stddef.h>

/* [0.5,-1.0], each number the shortest text that reads back as the same float32. values[n_values]
 * are finite. */
void vector_json_floats(struct buffer *buffer, const float *values, size_t n_values);

/* A JSON string: base64 of the little-endian float32. */
void vector_json_base64(struct buffer *buffer, const float *values, size_t n_values);

/* [-3,127]: the bytes that pack.h makes of a vector. */
void vector_json_packed(struct buffer *buffer, enum pack pack, const float *values, size_t n_values,
                        float scale);

/* A JSON string: base64 of those bytes. */
void vector_json_packed_base64(struct buffer *buffer, enum pack pack, const float *values,
                               size_t n_values, float scale);

/* [1,2,3] */
void vector_json_indices(struct buffer *buffer, const size_t *indices, size_t n_indices);

/* The memory that each of these reserves. */
size_t vector_json_floats_max_bytes(size_t n_values);
size_t vector_json_base64_max_bytes(size_t n_values);
size_t vector_json_packed_max_bytes(enum pack pack, size_t n_values);
size_t vector_json_packed_base64_max_bytes(enum pack pack, size_t n_values);
size_t vector_json_indices_max_bytes(size_t n_indices);

#endif
