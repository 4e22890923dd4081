/* SPDX-License-Identifier: Apache-2.0 */

/* One version of a kernel: a row of an operation's table. Used inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_KERNEL_VERSION_H
#define NESTD_ENGINE_KERNELS_KERNEL_VERSION_H

#include "engine/kernels/kernels.h"

struct kernel_version {
    union { /* the operation's own */
        kernel_bias_activation *bias_activation;
        kernel_layer_norm *layer_norm;
        kernel_attention *attention;
    };
    const char *name;
    unsigned cpu_flags; /* all of which it needs; none for the reference */
};

/* The first version that `cpu_flags` allow. The table ends with a reference. */
static inline const struct kernel_version *
kernel_version_choose(const struct kernel_version *versions, unsigned cpu_flags)
{
    while (versions->cpu_flags & ~cpu_flags)
        versions++;
    return versions;
}

#endif
