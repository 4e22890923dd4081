/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/kernels.h"

#include "engine/kernels/attention.h"
#include "engine/kernels/convert.h"
#include "engine/kernels/gelu.h"
#include "engine/kernels/kernel_version.h"
#include "engine/kernels/layer_norm.h"
#include "engine/kernels/multiply_int8.h"
#include "engine/kernels/quantise.h"
#include "engine/kernels/store.h"

#include <stdio.h>
#include <string.h>

static void take_stores(kernel_store *(*ret_stores)[N_KERNEL_TYPES],
                        const struct kernel_stores *stores)
{
    memcpy(ret_stores, stores->by_type, sizeof stores->by_type);
}

void kernels_choose(struct kernels *ret_kernels, unsigned cpu_flags)
{
    const struct kernel_version *store = store_choose(cpu_flags);
    const struct kernel_version *gelu = gelu_choose(cpu_flags);
    const struct kernel_version *layer_norm = layer_norm_choose(cpu_flags);
    const struct kernel_version *quantise = quantise_choose(cpu_flags);
    const struct kernel_version *multiply_int8 = multiply_int8_choose(cpu_flags);
    const struct kernel_version *convert = convert_choose(cpu_flags);
    const struct kernel_version *attention = attention_choose(cpu_flags);
    const struct kernel_version *attention_bfloat16 = attention_bfloat16_choose(cpu_flags);

    *ret_kernels = (struct kernels){
        .layer_norm = layer_norm->layer_norm,
        .quantise = quantise->quantise,
        .multiply_int8 = multiply_int8->multiply_int8,
        .round = convert->convert->round,
        .widen_float16 = convert->convert->widen_float16,
        .widen_bfloat16 = convert->convert->widen_bfloat16,
        .attention = {[KERNEL_FLOAT32] = attention->attention,
                      [KERNEL_BFLOAT16] = attention_bfloat16->attention},
    };
    take_stores(ret_kernels->store, &store->store->store);
    take_stores(ret_kernels->relu, &store->store->relu);
    take_stores(ret_kernels->gelu, &gelu->gelu->exact);
    take_stores(ret_kernels->gelu_tanh, &gelu->gelu->tanh);
    memcpy(ret_kernels->add, store->store->add.by_type, sizeof ret_kernels->add);
    snprintf(ret_kernels->name, sizeof ret_kernels->name,
             "store %s, gelu %s, layer_norm %s, quantise %s, multiply_int8 %s, convert %s, "
             "attention %s, attention_bfloat16 %s",
             store->name, gelu->name, layer_norm->name, quantise->name, multiply_int8->name,
             convert->name, attention->name, attention_bfloat16->name);
}
