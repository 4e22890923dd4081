/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/kernels.h"

#include "engine/kernels/attention.h"
#include "engine/kernels/bias.h"
#include "engine/kernels/gelu.h"
#include "engine/kernels/kernel_version.h"
#include "engine/kernels/layer_norm.h"

#include <stdio.h>

void kernels_choose(struct kernels *ret_kernels, unsigned cpu_flags)
{
    const struct kernel_version *gelu = bias_gelu_choose(cpu_flags);
    const struct kernel_version *gelu_tanh = bias_gelu_tanh_choose(cpu_flags);
    const struct kernel_version *layer_norm = layer_norm_choose(cpu_flags);
    const struct kernel_version *attention = attention_choose(cpu_flags);

    *ret_kernels = (struct kernels){
        .bias = bias_c,
        .bias_gelu = gelu->bias_activation,
        .bias_gelu_tanh = gelu_tanh->bias_activation,
        .bias_relu = bias_relu_c,
        .layer_norm = layer_norm->layer_norm,
        .attention = attention->attention,
    };
    snprintf(ret_kernels->name, sizeof ret_kernels->name,
             "gelu %s, gelu_tanh %s, layer_norm %s, attention %s", gelu->name, gelu_tanh->name,
             layer_norm->name, attention->name);
}
