/* SPDX-License-Identifier: Apache-2.0 */

/* A reserve of memory for oneDNN while it makes an engine, a primitive or another object. Where
 * posix_memalign gives it none for such an object, oneDNN 2.6 to 3.7 construct the object at NULL,
 * which ends the process; so it does where mmap gives it no pages for its code. Each thread has a
 * reserve of its own. */
#ifndef NESTD_ENGINE_GEMM_DNNL_RESERVE_H
#define NESTD_ENGINE_GEMM_DNNL_RESERVE_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Before such a call; false when memory is short: then oneDNN must not be called. */
bool dnnl_reserve_fill(void);

/* After it. */
void dnnl_reserve_release(void);

#ifdef __cplusplus
}
#endif

#endif
