/* SPDX-License-Identifier: Apache-2.0 */

/* The kernels of one instruction set. Each architecture has a folder with its sets; kernels.c lays
 * those that the CPU can run over the references, one over the other. To add an operation or an
 * instruction set, add a field here or a set there: nothing else chooses by CPU. Used inside this
 * folder. */
#ifndef NESTD_ENGINE_KERNELS_KERNEL_SET_H
#define NESTD_ENGINE_KERNELS_KERNEL_SET_H

#include "engine/kernels/product.h"

#include <stddef.h>

struct store_kernels {
    struct kernel_stores store;
    struct kernel_stores relu;
    struct kernel_adds add;
};

struct gelu_kernels {
    struct kernel_stores exact;
    struct kernel_stores tanh;
    struct kernel_stores silu;
};

struct convert_kernels {
    kernel_round *round;
    kernel_widen *widen_float16;
    kernel_widen *widen_bfloat16;
};

/* Whose int8 product is the best that is exact. */
enum int8_product {
    INT8_AS_BELOW,  /* the set below's */
    INT8_SLOW,      /* none that is faster than float32's */
    INT8_OWN,       /* multiply_int8 */
    INT8_OF_ONEDNN, /* oneDNN's, which is exact here */
};

/* What is NULL is no better here than in the set below. */
struct kernel_set {
    const char *name;   /* "avx2"; NULL: not worth naming */
    unsigned cpu_flags; /* all of which it needs */

    const struct store_kernels *store;
    const struct gelu_kernels *gelu;
    const struct convert_kernels *convert;
    kernel_layer_norm *layer_norm;
    kernel_rms_norm *rms_norm;
    kernel_rotate *rotate;
    kernel_scale_by *scale_by;
    kernel_quantise *quantise;
    kernel_attention *attention;               /* of float32 */
    kernel_attention *disentangled;            /* the same, with positions */
    kernel_attention *attention_bfloat16;      /* only where the CPU multiplies bfloat16 */
    kernel_multiply_float32 *multiply_float32; /* in no set: oneDNN's */
    kernel_multiply_int8 *multiply_int8;
    enum int8_product int8;
};

/* The references: portable, complete and readable. */
extern const struct kernel_set kernels_c;

/* This architecture's sets, from the plainest to the best: [KERNEL_SETS_MAX], then NULL. */
enum { KERNEL_SETS_MAX = 8 };
extern const struct kernel_set *const kernel_sets[KERNEL_SETS_MAX];

#endif
