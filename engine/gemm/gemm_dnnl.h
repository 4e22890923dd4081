/* SPDX-License-Identifier: Apache-2.0 */

/* oneDNN, whether it is 2.6 or 3.x, and only for gemm*.c: each call below is oneDNN's own of that
 * name, or a few of them. oneDNN reports most failures, but lets exceptions such as std::bad_alloc
 * pass through its C interface, and nothing above could catch that. Here every exception becomes a
 * status: only gemm_dnnl.cpp includes <dnnl.h>, so that there is no other way to call it.
 *
 * Version 3 made memory descriptions opaque pointers and folded an operation's description into the
 * primitive's. */
#ifndef NESTD_ENGINE_GEMM_GEMM_DNNL_H
#define NESTD_ENGINE_GEMM_GEMM_DNNL_H

#include "engine/base/status.h"

#include <oneapi/dnnl/dnnl_types.h>
#include <oneapi/dnnl/dnnl_version.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline enum status status_of(dnnl_status_t status)
{
    if (!status)
        return STATUS_OK;
    return status == dnnl_out_of_memory ? STATUS_NO_MEMORY : STATUS_INTERNAL;
}

/* Has oneDNN stay in the calling thread. The OpenMP run time comes with oneDNN, or, in its other
 * builds, is not there. A thread's first call allocates. */
void onednn_use_one_thread(void);

const dnnl_version_t *onednn_version(void);

/* ---- descriptions of memory ---- */

#if DNNL_VERSION_MAJOR < 3
typedef const dnnl_memory_desc_t *description_view;

static inline description_view description_borrow(const dnnl_memory_desc_t *md)
{
    return md;
}
#else
typedef const_dnnl_memory_desc_t description_view;

static inline description_view description_borrow(const dnnl_memory_desc_t *md)
{
    return *md;
}
#endif

MUST_CHECK dnnl_status_t onednn_describe_tensor(dnnl_memory_desc_t *ret_md, int n_dims,
                                                const dnnl_dims_t dims, dnnl_data_type_t type,
                                                dnnl_format_tag_t tag);
MUST_CHECK dnnl_status_t onednn_description_copy(dnnl_memory_desc_t *ret_md, description_view md);
size_t onednn_description_bytes(const dnnl_memory_desc_t *md);

/* Of zeroed memory too. */
void onednn_description_free(dnnl_memory_desc_t *md);

/* ---- engine, stream, memory ---- */

MUST_CHECK dnnl_status_t onednn_engine_create(dnnl_engine_t *ret_engine);
MUST_CHECK dnnl_status_t onednn_stream_create(dnnl_stream_t *ret_stream, dnnl_engine_t engine);
MUST_CHECK dnnl_status_t onednn_memory_create(dnnl_memory_t *ret_memory,
                                              const dnnl_memory_desc_t *md, dnnl_engine_t engine,
                                              void *data);
MUST_CHECK dnnl_status_t onednn_memory_set(dnnl_memory_t memory, void *data);

/* These take NULL. */
void onednn_engine_destroy(dnnl_engine_t engine);
void onednn_stream_destroy(dnnl_stream_t stream);
void onednn_memory_destroy(dnnl_memory_t memory);

/* ---- primitives ---- */

/* A product of rows, with weights that may be of any layout; the scratchpad is the caller's. As a
 * convolution it is one by 1 x 1 in steps of 1. */
struct onednn_product {
    bool is_convolution;
    const dnnl_memory_desc_t *src;
    const dnnl_memory_desc_t *weights;
    const dnnl_memory_desc_t *dst;
};

/* The first of oneDNN's implementations, in its own order of preference, whose name starts with
 * `name`; "" takes any. unimplemented where there is none. */
MUST_CHECK dnnl_status_t onednn_product_describe(dnnl_primitive_desc_t *ret_pd,
                                                 dnnl_engine_t engine,
                                                 const struct onednn_product *product,
                                                 const char *name);
MUST_CHECK dnnl_status_t onednn_reorder_describe(dnnl_primitive_desc_t *ret_pd,
                                                 dnnl_engine_t engine,
                                                 const dnnl_memory_desc_t *from,
                                                 const dnnl_memory_desc_t *to);
void onednn_primitive_desc_destroy(dnnl_primitive_desc_t pd); /* NULL too */

/* Borrowed from the primitive's description. */
const char *onednn_implementation(const_dnnl_primitive_desc_t pd);
description_view onednn_query_md(const_dnnl_primitive_desc_t pd, dnnl_query_t what);

MUST_CHECK dnnl_status_t onednn_primitive_create(dnnl_primitive_t *ret_primitive,
                                                 const_dnnl_primitive_desc_t pd);
void onednn_primitive_destroy(dnnl_primitive_t primitive); /* NULL too */

/* And waits for its end. */
MUST_CHECK dnnl_status_t onednn_execute(dnnl_primitive_t primitive, dnnl_stream_t stream,
                                        int n_arguments, const dnnl_exec_arg_t *arguments);

/* c[n_rows, n_out] = a[n_rows, n_in] x W^T of weights [n_out, n_in]. Allocates. */
MUST_CHECK dnnl_status_t onednn_sgemm(const float *a, const float *weights, size_t n_rows,
                                      size_t n_out, size_t n_in, float *c);

#ifdef __cplusplus
}
#endif

#endif
