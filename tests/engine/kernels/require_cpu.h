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

/* tests/tally knows the words, and counts such a test apart from those that something was missing
 * for. */
static inline void skip_on_this_cpu(const char *what_it_lacks)
{
    print_message("this CPU has no %s\n", what_it_lacks);
    skip();
}

/* Skips the test where this CPU lacks one of the flags. */
static inline void require_cpu(unsigned flags, const char *name)
{
    if ((cpu_flags(CPU_MASK_ALL) & flags) != flags)
        skip_on_this_cpu(name);
}

static inline void require_int8(void)
{
    struct kernels kernels;

    kernels_choose(&kernels, cpu_flags(CPU_MASK_ALL));
    if (!kernels.multiplies_int8)
        skip_on_this_cpu("int8");
}

#endif
