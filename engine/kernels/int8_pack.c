/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/multiply_int8.h"

size_t kernel_int8_packed_bytes(size_t n_out, size_t n_in)
{
    return round_up(n_out, KERNEL_INT8_WIDTH) / KERNEL_INT8_WIDTH * multiply_int8_panel_bytes(n_in);
}

void kernel_int8_pack(const int8_t *weights, size_t n_out, size_t n_in, int8_t *packed)
{
    for (size_t j = 0; j < round_up(n_out, KERNEL_INT8_WIDTH); j++) {
        int8_t *column = packed + multiply_int8_place(n_in, j, 0);

        for (size_t k = 0; k < round_up(n_in, KERNEL_INT8_GROUP); k++)
            column[multiply_int8_place(n_in, 0, k)] =
                j < n_out && k < n_in ? weights[j * n_in + k] : 0;
    }
}
