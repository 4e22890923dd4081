/* SPDX-License-Identifier: Apache-2.0 */

/* A temporary folder for one test: a model's as a rule. Failing to make it fails the test. */
#ifndef NESTD_TESTS_ENGINE_MODEL_FOLDER_H
#define NESTD_TESTS_ENGINE_MODEL_FOLDER_H

#include <stddef.h>

struct folder {
    char path[64];
};

void folder_init(struct folder *folder);
/* A copy of one of tests/data/models/. */
void folder_init_copy(struct folder *folder, const char *model);
void folder_release(struct folder *folder); /* with all that is in it */

/* `name` may lead into inner folders, which are made. An old file of this name is replaced. */
void folder_write(const struct folder *folder, const char *name, const void *bytes,
                  size_t len_bytes);
void folder_write_text(const struct folder *folder, const char *name, const char *text);

/* A safetensors file of float32, a few KiB at most. */
struct folder_tensor {
    const char *name;
    size_t n_rows;
    size_t n_columns;    /* 0: a vector */
    const float *values; /* [n_rows, n_columns] */
};
void folder_write_tensors(const struct folder *folder, const char *name,
                          const struct folder_tensor *tensors, size_t n_tensors);

/* The file's bytes, for the caller to free. */
char *folder_read(const struct folder *folder, const char *name, size_t *ret_len_bytes);

/* Replaces the one occurrence of `old` in a text file. */
void folder_replace(const struct folder *folder, const char *name, const char *old,
                    const char *now);
void folder_delete(const struct folder *folder, const char *name);

/* The path of a file in it, in a buffer that the next call overwrites. */
const char *folder_path(const struct folder *folder, const char *name);

#endif
