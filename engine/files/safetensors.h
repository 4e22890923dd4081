/* SPDX-License-Identifier: Apache-2.0 */

/* Reads the safetensors format: an 8-byte little-endian header length, a JSON header that names
 * each tensor's dtype, shape and byte range, then the tensors' bytes
 * (https://github.com/huggingface/safetensors, "Format"). The file is mapped read-only and
 * everything that the header claims is checked before use. Read-only once open. The file must not
 * be cut short while it is open: the kernel ends a process that reads a mapping beyond its file. */
#ifndef NESTD_ENGINE_FILES_SAFETENSORS_H
#define NESTD_ENGINE_FILES_SAFETENSORS_H

#include "engine/base/status.h"

#include <stdbool.h>
#include <stddef.h>

enum dtype {
    DTYPE_FLOAT32,
    DTYPE_FLOAT16,
    DTYPE_BFLOAT16,
    DTYPE_INT8, /* this and the next: by safetensors_find_any() only */
    DTYPE_INT64,
};

size_t dtype_size_bytes(enum dtype dtype);
const char *dtype_name(enum dtype dtype); /* "float32" ... */

enum { TENSOR_MAX_DIMS = 4 };

/* A tensor's values, row-major, little-endian, in the mapping of the file that holds them
 * (borrowed). They need not be aligned. */
struct tensor {
    const void *data;
    enum dtype dtype;
    size_t n_dims;
    size_t dims[TENSOR_MAX_DIMS];
};

struct safetensors;

MUST_CHECK enum status safetensors_open(struct safetensors **ret_file, const char *path,
                                        struct error *error);
void safetensors_close(struct safetensors *file);

bool safetensors_has(const struct safetensors *file, const char *name);

/* Finds a tensor by name. STATUS_INVALID if it is not there; STATUS_UNSUPPORTED if its dtype is not
 * one of enum dtype, or is one of whole numbers, or it has more than TENSOR_MAX_DIMS dimensions. */
MUST_CHECK enum status safetensors_find(const struct safetensors *file, const char *name,
                                        struct tensor *ret_tensor, struct error *error);

/* The same, whole numbers too. */
MUST_CHECK enum status safetensors_find_any(const struct safetensors *file, const char *name,
                                            struct tensor *ret_tensor, struct error *error);

#endif
