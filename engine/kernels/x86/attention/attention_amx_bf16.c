/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/x86/attention/attention_tiles_amx.h"

/* Texts up to here are AVX512_BF16's: packing and softmax alone, timed on Zen 5 with the tile
 * instructions taken out (heads of 64), last 1.2 times as long as all of its attention for 8
 * tokens, 0.8 for 16, 0.2 for 128 and 0.13 for 512. */
enum { SHORT_TOKENS = 8 };

/* oneDNN's products use the tiles too, each with a configuration of its own: this one is loaded and
 * released in every call. */
void attention_amx_bf16(const struct attention *attention)
{
    if (attention->n_tokens <= SHORT_TOKENS)
        attention_avx512_bf16(attention);
    else
        attention_by_tiles(attention);
}
