/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/gemm/gemm_dnnl.h"

#include "engine/gemm/dnnl_reserve.h"

#include <dlfcn.h>
#include <new>
#include <oneapi/dnnl/dnnl.h>
#include <string.h>

/* Calls oneDNN; what it throws becomes a status. */
template <typename... Parameters, typename... Arguments>
static dnnl_status_t attempt(dnnl_status_t (*call)(Parameters...), Arguments... arguments)
{
    try {
        return call(arguments...);
    } catch (const std::bad_alloc &) {
        return dnnl_out_of_memory;
    } catch (...) {
        return dnnl_runtime_error;
    }
}

/* The same for calls that make something. */
template <typename... Parameters, typename... Arguments>
static dnnl_status_t attempt_making(dnnl_status_t (*call)(Parameters...), Arguments... arguments)
{
    dnnl_status_t status;

    if (!dnnl_reserve_fill())
        return dnnl_out_of_memory;
    status = attempt(call, arguments...);
    dnnl_reserve_release();
    return status;
}

void onednn_use_one_thread(void)
{
    static thread_local bool is_set;

    if (is_set)
        return;
    auto set_num_threads =
        reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
    if (set_num_threads)
        set_num_threads(1);
    is_set = true;
}

const dnnl_version_t *onednn_version(void)
{
    return dnnl_version();
}

/* ---- descriptions of memory ---- */

dnnl_status_t onednn_describe_tensor(dnnl_memory_desc_t *ret_md, int n_dims, const dnnl_dims_t dims,
                                     dnnl_data_type_t type, dnnl_format_tag_t tag)
{
#if DNNL_VERSION_MAJOR < 3
    return attempt(dnnl_memory_desc_init_by_tag, ret_md, n_dims, dims, type, tag);
#else
    return attempt_making(dnnl_memory_desc_create_with_tag, ret_md, n_dims, dims, type, tag);
#endif
}

dnnl_status_t onednn_description_copy(dnnl_memory_desc_t *ret_md, description_view md)
{
#if DNNL_VERSION_MAJOR < 3
    *ret_md = *md;
    return dnnl_success;
#else
    return attempt_making(dnnl_memory_desc_clone, ret_md, md);
#endif
}

size_t onednn_description_bytes(const dnnl_memory_desc_t *md)
{
    return dnnl_memory_desc_get_size(description_borrow(md));
}

void onednn_description_free(dnnl_memory_desc_t *md)
{
#if DNNL_VERSION_MAJOR >= 3
    if (*md)
        attempt(dnnl_memory_desc_destroy, *md);
#endif
    *md = dnnl_memory_desc_t{};
}

/* ---- engine, stream, memory ---- */

/* Without oneDNN's cache of primitives: where making one throws, its entry stays there half made,
 * and ends the process when the cache is next asked. We make few primitives twice. */
dnnl_status_t onednn_engine_create(dnnl_engine_t *ret_engine)
{
    dnnl_status_t status = attempt_making(dnnl_set_primitive_cache_capacity, 0);

    return status ? status : attempt_making(dnnl_engine_create, ret_engine, dnnl_cpu, size_t{0});
}

dnnl_status_t onednn_stream_create(dnnl_stream_t *ret_stream, dnnl_engine_t engine)
{
    return attempt_making(dnnl_stream_create, ret_stream, engine,
                          static_cast<unsigned>(dnnl_stream_default_flags));
}

dnnl_status_t onednn_memory_create(dnnl_memory_t *ret_memory, const dnnl_memory_desc_t *md,
                                   dnnl_engine_t engine, void *data)
{
    return attempt_making(dnnl_memory_create, ret_memory, description_borrow(md), engine, data);
}

dnnl_status_t onednn_memory_set(dnnl_memory_t memory, void *data)
{
    return attempt(dnnl_memory_set_data_handle, memory, data);
}

void onednn_engine_destroy(dnnl_engine_t engine)
{
    if (engine)
        attempt(dnnl_engine_destroy, engine);
}

void onednn_stream_destroy(dnnl_stream_t stream)
{
    if (stream)
        attempt(dnnl_stream_destroy, stream);
}

void onednn_memory_destroy(dnnl_memory_t memory)
{
    if (memory)
        attempt(dnnl_memory_destroy, memory);
}

/* ---- primitives ---- */

static bool is_named(const_dnnl_primitive_desc_t pd, const char *start)
{
    return strncmp(onednn_implementation(pd), start, strlen(start)) == 0;
}

#if DNNL_VERSION_MAJOR < 3
static dnnl_status_t fetch(dnnl_primitive_desc_t *ret_pd,
                           const_dnnl_primitive_desc_iterator_t iterator)
{
    *ret_pd = dnnl_primitive_desc_iterator_fetch(iterator);
    return *ret_pd ? dnnl_success : dnnl_out_of_memory;
}

static dnnl_status_t pick(dnnl_primitive_desc_t *ret_pd, dnnl_engine_t engine,
                          const_dnnl_op_desc_t operation, const_dnnl_primitive_attr_t attr,
                          const char *name)
{
    dnnl_primitive_desc_iterator_t iterator = nullptr;
    dnnl_primitive_desc_t pd = nullptr;
    dnnl_status_t status = attempt_making(dnnl_primitive_desc_iterator_create, &iterator, operation,
                                          attr, engine, const_dnnl_primitive_desc_t{});

    if (!status)
        status = attempt_making(fetch, &pd, iterator);
    while (!status && !is_named(pd, name)) {
        onednn_primitive_desc_destroy(pd);
        pd = nullptr;
        status = attempt_making(dnnl_primitive_desc_iterator_next, iterator);
        if (!status)
            status = attempt_making(fetch, &pd, iterator);
    }
    if (iterator)
        attempt(dnnl_primitive_desc_iterator_destroy, iterator);
    if (status)
        return status == dnnl_iterator_ends ? dnnl_unimplemented : status;
    *ret_pd = pd;
    return dnnl_success;
}

static dnnl_status_t describe(dnnl_primitive_desc_t *ret_pd, dnnl_engine_t engine,
                              const struct onednn_product *product,
                              const_dnnl_primitive_attr_t attr, const char *name)
{
    const dnnl_dims_t steps = {1, 1};
    const dnnl_dims_t padding = {0, 0};
    dnnl_convolution_desc_t convolution;
    dnnl_matmul_desc_t matmul;
    dnnl_status_t status;

    if (product->is_convolution)
        status = attempt(dnnl_convolution_forward_desc_init, &convolution, dnnl_forward_inference,
                         dnnl_convolution_direct, product->src, product->weights, nullptr,
                         product->dst, steps, padding, padding);
    else
        status = attempt(dnnl_matmul_desc_init, &matmul, product->src, product->weights, nullptr,
                         product->dst);
    if (status)
        return status;
    return pick(ret_pd, engine,
                product->is_convolution ? static_cast<const_dnnl_op_desc_t>(&convolution)
                                        : static_cast<const_dnnl_op_desc_t>(&matmul),
                attr, name);
}
#else
static dnnl_status_t describe(dnnl_primitive_desc_t *ret_pd, dnnl_engine_t engine,
                              const struct onednn_product *product,
                              const_dnnl_primitive_attr_t attr, const char *name)
{
    const dnnl_dims_t steps = {1, 1};
    const dnnl_dims_t none = {0, 0};
    dnnl_primitive_desc_t pd = nullptr;
    dnnl_status_t status;

    if (product->is_convolution)
        status = attempt_making(dnnl_convolution_forward_primitive_desc_create, &pd, engine,
                                dnnl_forward_inference, dnnl_convolution_direct, *product->src,
                                *product->weights, nullptr, *product->dst, steps, none, none, none,
                                attr);
    else
        status = attempt_making(dnnl_matmul_primitive_desc_create, &pd, engine, *product->src,
                                *product->weights, nullptr, *product->dst, attr);
    while (!status && !is_named(pd, name))
        status = attempt_making(dnnl_primitive_desc_next_impl, pd);
    if (status) {
        onednn_primitive_desc_destroy(pd);
        return status == dnnl_last_impl_reached ? dnnl_unimplemented : status;
    }
    *ret_pd = pd;
    return dnnl_success;
}
#endif

dnnl_status_t onednn_product_describe(dnnl_primitive_desc_t *ret_pd, dnnl_engine_t engine,
                                      const struct onednn_product *product, const char *name)
{
    dnnl_primitive_attr_t attr = nullptr;
    dnnl_status_t status = attempt_making(dnnl_primitive_attr_create, &attr);

    if (!status)
        status = attempt(dnnl_primitive_attr_set_scratchpad_mode, attr, dnnl_scratchpad_mode_user);
    if (!status)
        status = describe(ret_pd, engine, product, attr, name);
    if (attr)
        attempt(dnnl_primitive_attr_destroy, attr);
    return status;
}

dnnl_status_t onednn_reorder_describe(dnnl_primitive_desc_t *ret_pd, dnnl_engine_t engine,
                                      const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to)
{
    return attempt_making(dnnl_reorder_primitive_desc_create, ret_pd, description_borrow(from),
                          engine, description_borrow(to), engine, const_dnnl_primitive_attr_t{});
}

void onednn_primitive_desc_destroy(dnnl_primitive_desc_t pd)
{
    if (pd)
        attempt(dnnl_primitive_desc_destroy, pd);
}

const char *onednn_implementation(const_dnnl_primitive_desc_t pd)
{
    const char *name = "";

    attempt(dnnl_primitive_desc_query, pd, dnnl_query_impl_info_str, 0, &name);
    return name;
}

description_view onednn_query_md(const_dnnl_primitive_desc_t pd, dnnl_query_t what)
{
    return dnnl_primitive_desc_query_md(pd, what, 0);
}

dnnl_status_t onednn_primitive_create(dnnl_primitive_t *ret_primitive,
                                      const_dnnl_primitive_desc_t pd)
{
    return attempt_making(dnnl_primitive_create, ret_primitive, pd);
}

void onednn_primitive_destroy(dnnl_primitive_t primitive)
{
    if (primitive)
        attempt(dnnl_primitive_destroy, primitive);
}

dnnl_status_t onednn_execute(dnnl_primitive_t primitive, dnnl_stream_t stream, int n_arguments,
                             const dnnl_exec_arg_t *arguments)
{
    dnnl_status_t status =
        attempt(dnnl_primitive_execute, primitive, stream, n_arguments, arguments);

    return status ? status : attempt(dnnl_stream_wait, stream);
}

dnnl_status_t onednn_sgemm(const float *a, const float *weights, size_t n_rows, size_t n_out,
                           size_t n_in, float *c)
{
    dnnl_dim_t m = static_cast<dnnl_dim_t>(n_rows);
    dnnl_dim_t n = static_cast<dnnl_dim_t>(n_out);
    dnnl_dim_t k = static_cast<dnnl_dim_t>(n_in);

    /* The first such call makes its kernels. */
    return attempt_making(dnnl_sgemm, 'N', 'T', m, n, k, 1.0f, a, k, weights, k, 0.0f, c, n);
}
