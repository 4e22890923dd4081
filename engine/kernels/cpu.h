/* SPDX-License-Identifier: Apache-2.0 */

/* What this CPU can do, in steps that kernels are written for. A CPU has no flag of another
 * architecture. Any thread. */
#ifndef NESTD_ENGINE_KERNELS_CPU_H
#define NESTD_ENGINE_KERNELS_CPU_H

#include <limits.h>

enum cpu_flag {
    /* x86-64 */
    CPU_AVX2 = 1 << 0,        /* AVX2, FMA and F16C */
    CPU_AVX512 = 1 << 1,      /* AVX-512 F, BW, DQ, VL (and all of CPU_AVX2) */
    CPU_AVX512_BF16 = 1 << 2, /* VDPBF16PS (and CPU_AVX512) */
    CPU_AVX512_VNNI = 1 << 3, /* VPDPBUSD (and CPU_AVX512) */
    CPU_AVX_VNNI = 1 << 4,    /* VPDPBUSD of 256 bits (and CPU_AVX2) */
    CPU_AMX_BF16 = 1 << 7,    /* TDPBF16PS (and CPU_AVX512_BF16), with permission to use tiles */

    /* AArch64 */
    CPU_NEON = 1 << 5,    /* Advanced SIMD, which Linux demands of every one */
    CPU_DOTPROD = 1 << 6, /* SDOT (and CPU_NEON) */
};

#define CPU_MASK_ALL UINT_MAX

/* The flags that both the CPU and its operating system support, ANDed with `mask`. A level without
 * the one it stands on is dropped. */
unsigned cpu_flags(unsigned mask);

/* `flags` and those that they stand on. */
unsigned cpu_flags_closure(unsigned flags);

/* The flags that both the CPU and its operating system support. Of the architecture's folder. */
unsigned cpu_detect(void);

#endif
