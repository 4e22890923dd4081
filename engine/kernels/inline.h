/* SPDX-License-Identifier: Apache-2.0 */

/* What a kernel is put together from is inlined into it, whatever the compiler thinks of its size.
 * Used inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_INLINE_H
#define NESTD_ENGINE_KERNELS_INLINE_H

#include <stddef.h> /* a header is never empty */

#define INLINE static inline __attribute__((always_inline))

#endif
