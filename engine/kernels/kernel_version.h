/* SPDX-License-Identifier: Apache-2.0 */

/* One version of a kernel, or of a family that is always written together: a row of its table. Used
 * inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_KERNEL_VERSION_H
#define NESTD_ENGINE_KERNELS_KERNEL_VERSION_H

#include "engine/kernels/kernels.h"

struct convert_kernels;
struct gelu_kernels;
struct store_kernels;

struct kernel_version {
    union { /* the table's own */
        const struct store_kernels *store;
        const struct gelu_kernels *gelu;
        const struct convert_kernels *convert;
        kernel_layer_norm *layer_norm;
        kernel_quantise *quantise;
        kernel_multiply_int8 *multiply_int8;
        kernel_attention *attention;
    };
    const char *name;
    unsigned cpu_flags; /* all of which it needs; none for the last */
};

/* The first version that `cpu_flags` allow. The table ends with one that needs none. */
static inline const struct kernel_version *
kernel_version_choose(const struct kernel_version *versions, unsigned cpu_flags)
{
    while (versions->cpu_flags & ~cpu_flags)
        versions++;
    return versions;
}

#endif
