/* SPDX-License-Identifier: Apache-2.0 */

/* For tests that want what not every CPU has. */
#ifndef NESTD_TESTS_ENGINE_KERNELS_REQUIRE_CPU_H
#define NESTD_TESTS_ENGINE_KERNELS_REQUIRE_CPU_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/kernels/cpu.h"
#include "engine/kernels/kernels.h"

/* Skips the test where this CPU lacks one of the flags. tests/tally knows the words, and counts
 * such a test apart from those that something was missing for. */
static inline void require_cpu(unsigned flags, const char *name)
{
    if ((cpu_flags(CPU_MASK_ALL) & flags) == flags)
        return;
    print_message("this CPU has no %s\n", name);
    skip();
}

static inline void require_int8(void)
{
    struct kernels kernels;

    kernels_choose(&kernels, cpu_flags(CPU_MASK_ALL));
    if (!kernels.multiplies_int8)
        require_cpu(CPU_AVX512_VNNI, "avx512_vnni");
}

#endif
