/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine/kernels/attention_amx_emulated.h"

#include "tests/engine/kernels/emulated_tiles.h"

#include "engine/kernels/x86/attention/attention_tiles_amx.h"

void attention_amx_emulated(const struct attention *attention)
{
    attention_by_tiles(attention);
    emulated_require(!emulated.is_configured);
}

size_t attention_amx_emulated_products(void)
{
    return emulated.n_products;
}
