/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/multiply_float32.h"

#include "engine/base/memory.h"

size_t kernel_float32_packed_bytes(size_t n_out, size_t n_in)
{
    return round_up(n_out, KERNEL_FLOAT32_WIDTH) * n_in * sizeof(float);
}

void kernel_float32_pack(const float *weights, size_t n_out, size_t n_in, float *packed)
{
    for (size_t j = 0; j < round_up(n_out, KERNEL_FLOAT32_WIDTH); j++)
        for (size_t k = 0; k < n_in; k++)
            packed[multiply_float32_place(n_in, j, k)] = j < n_out ? weights[j * n_in + k] : 0;
}
