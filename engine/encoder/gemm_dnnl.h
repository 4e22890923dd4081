/* SPDX-License-Identifier: Apache-2.0 */

/* What differs between oneDNN 2.6 and 3.x, for gemm*.c alone. Version 3 made memory descriptions
 * opaque pointers and folded an operation's description into the primitive's. */
#ifndef NESTD_ENGINE_ENCODER_GEMM_DNNL_H
#define NESTD_ENGINE_ENCODER_GEMM_DNNL_H

#include "engine/status.h"

#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>
#include <stdbool.h>
#include <stddef.h>

static inline enum status status_of(dnnl_status_t status)
{
    if (!status)
        return STATUS_OK;
    return status == dnnl_out_of_memory ? STATUS_NO_MEMORY : STATUS_INTERNAL;
}

/* Has oneDNN stay in the calling thread. The OpenMP run time comes with oneDNN, or, in its other
 * builds, is not there. */
static inline void use_one_thread(void)
{
    static _Thread_local bool is_set;
    void (*set_num_threads)(int);

    if (is_set)
        return;
    *(void **)&set_num_threads = dlsym(RTLD_DEFAULT, "omp_set_num_threads");
    if (set_num_threads)
        set_num_threads(1);
    is_set = true;
}

#if DNNL_VERSION_MAJOR < 3
typedef const dnnl_memory_desc_t *description_view;

static inline dnnl_status_t describe_tensor(dnnl_memory_desc_t *ret_md, int n_dims,
                                            const dnnl_dims_t dims, dnnl_data_type_t type,
                                            dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_init_by_tag(ret_md, n_dims, dims, type, tag);
}

static inline description_view description_borrow(const dnnl_memory_desc_t *md)
{
    return md;
}

static inline dnnl_status_t description_copy(dnnl_memory_desc_t *ret_md, description_view md)
{
    *ret_md = *md;
    return dnnl_success;
}

static inline void description_free(dnnl_memory_desc_t *md)
{
    (void)md;
}

static inline dnnl_status_t describe_matmul(dnnl_primitive_desc_t *ret_pd, dnnl_engine_t engine,
                                            const dnnl_memory_desc_t *src, description_view weights,
                                            const dnnl_memory_desc_t *dst,
                                            const_dnnl_primitive_attr_t attr)
{
    dnnl_matmul_desc_t operation;
    dnnl_status_t status = dnnl_matmul_desc_init(&operation, src, weights, NULL, dst);

    return status ? status : dnnl_primitive_desc_create(ret_pd, &operation, attr, engine, NULL);
}

/* By 1 x 1, with steps of 1. */
static inline dnnl_status_t
describe_convolution(dnnl_primitive_desc_t *ret_pd, dnnl_engine_t engine,
                     const dnnl_memory_desc_t *src, description_view weights,
                     const dnnl_memory_desc_t *dst, const_dnnl_primitive_attr_t attr)
{
    const dnnl_dims_t steps = {1, 1};
    const dnnl_dims_t padding = {0, 0};
    dnnl_convolution_desc_t operation;
    dnnl_status_t status = dnnl_convolution_forward_desc_init(&operation, dnnl_forward_inference,
                                                              dnnl_convolution_direct, src, weights,
                                                              NULL, dst, steps, padding, padding);

    return status ? status : dnnl_primitive_desc_create(ret_pd, &operation, attr, engine, NULL);
}
#else
typedef const_dnnl_memory_desc_t description_view;

static inline dnnl_status_t describe_tensor(dnnl_memory_desc_t *ret_md, int n_dims,
                                            const dnnl_dims_t dims, dnnl_data_type_t type,
                                            dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_create_with_tag(ret_md, n_dims, dims, type, tag);
}

static inline description_view description_borrow(const dnnl_memory_desc_t *md)
{
    return *md;
}

static inline dnnl_status_t description_copy(dnnl_memory_desc_t *ret_md, description_view md)
{
    return dnnl_memory_desc_clone(ret_md, md);
}

static inline void description_free(dnnl_memory_desc_t *md)
{
    if (*md)
        dnnl_memory_desc_destroy(*md);
}

static inline dnnl_status_t describe_matmul(dnnl_primitive_desc_t *ret_pd, dnnl_engine_t engine,
                                            const dnnl_memory_desc_t *src, description_view weights,
                                            const dnnl_memory_desc_t *dst,
                                            const_dnnl_primitive_attr_t attr)
{
    return dnnl_matmul_primitive_desc_create(ret_pd, engine, *src, weights, NULL, *dst, attr);
}

/* By 1 x 1, with steps of 1. */
static inline dnnl_status_t
describe_convolution(dnnl_primitive_desc_t *ret_pd, dnnl_engine_t engine,
                     const dnnl_memory_desc_t *src, description_view weights,
                     const dnnl_memory_desc_t *dst, const_dnnl_primitive_attr_t attr)
{
    const dnnl_dims_t steps = {1, 1};
    const dnnl_dims_t none = {0, 0};

    return dnnl_convolution_forward_primitive_desc_create(
        ret_pd, engine, dnnl_forward_inference, dnnl_convolution_direct, *src, weights, NULL, *dst,
        steps, none, none, none, attr);
}
#endif

#endif
