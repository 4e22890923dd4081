/* SPDX-License-Identifier: Apache-2.0 */
#include "server/evaluate/formats.h"

#include "server/api/embed/pack.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[N_VECTOR_FORMATS] = {
    [FORMAT_FLOAT32] = "float32",
    [FORMAT_INT8] = "int8",
    [FORMAT_BINARY] = "binary",
    [FORMAT_BINARY_RESCORED] = "binary-rescored",
};

const char *vector_format_name(enum vector_format format)
{
    return names[format];
}

bool vector_format_parse(struct slice name, enum vector_format *ret_format)
{
    for (size_t i = 0; i < N_VECTOR_FORMATS; i++) {
        if (slice_is(name, names[i])) {
            *ret_format = (enum vector_format)i;
            return true;
        }
    }
    return false;
}

size_t vector_format_bytes(enum vector_format format, size_t n_dims)
{
    switch (format) {
    case FORMAT_FLOAT32:
        return n_dims * sizeof(float);
    case FORMAT_INT8:
        return pack_count_bytes(PACK_INT8, n_dims);
    default:
        return pack_count_bytes(PACK_UBINARY, n_dims);
    }
}

static enum status make_vectors(size_t n, size_t n_dims, struct vectors *ret_vectors)
{
    float *values = calloc(n, n_dims * sizeof *values);

    if (!values)
        return STATUS_NO_MEMORY;
    *ret_vectors = (struct vectors){values, n, n_dims};
    return STATUS_OK;
}

enum status vectors_cut(const struct vectors *full, size_t n_dims, bool normalize,
                        struct vectors *ret_vectors)
{
    enum status status = make_vectors(full->n, n_dims, ret_vectors);

    for (size_t i = 0; i < full->n && !status; i++) {
        float *vector = ret_vectors->values + i * n_dims;

        memcpy(vector, full->values + i * full->n_dims, n_dims * sizeof *vector);
        if (normalize && n_dims < full->n_dims)
            vector_normalize(vector, n_dims);
    }
    return status;
}

enum status format_round(const struct vectors *vectors, struct vectors *ret_rounded)
{
    size_t n_dims = vectors->n_dims;
    enum status status = make_vectors(vectors->n, n_dims, ret_rounded);

    for (size_t i = 0; i < vectors->n && !status; i++) {
        const float *vector = vectors->values + i * n_dims;
        float scale = pack_find_scale(vector, n_dims);

        for (size_t k = 0; k < n_dims; k++)
            ret_rounded->values[i * n_dims + k] =
                (float)pack_get_byte(PACK_INT8, vector, n_dims, scale, k);
    }
    return status;
}

enum status format_sign(const struct vectors *vectors, struct vectors *ret_signs)
{
    enum status status = make_vectors(vectors->n, vectors->n_dims, ret_signs);

    for (size_t i = 0; i < vectors->n * vectors->n_dims && !status; i++)
        ret_signs->values[i] = vectors->values[i] > 0 ? 1 : -1;
    return status;
}

enum status format_pack(const struct vectors *vectors, uint64_t **ret_words, size_t *ret_n_words)
{
    size_t n_words = (vectors->n_dims + 63) / 64;
    uint64_t *words = calloc(vectors->n, n_words * sizeof *words);

    if (!words)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < vectors->n; i++) {
        const float *vector = vectors->values + i * vectors->n_dims;

        for (size_t k = 0; k < vectors->n_dims; k++)
            words[i * n_words + k / 64] |= (uint64_t)(vector[k] > 0) << k % 64;
    }
    *ret_words = words;
    *ret_n_words = n_words;
    return STATUS_OK;
}
