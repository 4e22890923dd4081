/* SPDX-License-Identifier: Apache-2.0 */

/* Reading a tensor's values, whatever format they are stored in. Any thread. */
#ifndef NESTD_ENGINE_FILES_TENSOR_H
#define NESTD_ENGINE_FILES_TENSOR_H

#include "engine/files/safetensors.h"

#include <stddef.h>
#include <stdint.h>

/* The value of tensor element `index` (row-major) as float32. */
float tensor_get(const struct tensor *tensor, size_t index);

/* The same of an int64 tensor, as it is. */
int64_t tensor_get_whole(const struct tensor *tensor, size_t index);

/* Widens elements [first, first + n) to float32. */
void tensor_widen(const struct tensor *tensor, size_t first, size_t n, float *ret_values);

/* Gives the tensor's pages back to the system; reading it again brings them back from the file. */
void tensor_forget(const struct tensor *tensor);

#endif
