/* SPDX-License-Identifier: Apache-2.0 */

/* Promise 1 is proved when the first weights of a shape are packed. Here oneDNN's products get
 * faults, which that proof must find: dnnl_primitive_execute is this file's. */
#include "engine/gemm/gemm.h"
#include "engine/kernels/cpu.h"

#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum {
    N_OUT = 512,
    N_IN = 96,
};

/* A product: c[n_rows, n_columns], of the columns from `column` on. */
struct block {
    uint32_t *c;
    size_t n_rows;
    size_t n_columns;
    size_t column;
};

typedef void inject_fault(const struct block *block);

static inject_fault *inject;
static const char *first_weights; /* of the first product, which is that of the whole */

/* The two versions of oneDNN differ in what they call a const descriptor. */
#if DNNL_VERSION_MAJOR < 3
typedef const dnnl_memory_desc_t *const_descriptor;
#else
typedef const_dnnl_memory_desc_t const_descriptor;
#endif

static void *handle_of(const dnnl_exec_arg_t *arguments, int n_arguments, int which,
                       size_t *ret_bytes)
{
    void *handle = NULL;
    const_descriptor descriptor;

    for (int i = 0; i < n_arguments; i++) {
        if (arguments[i].arg != which)
            continue;
        assert_int_equal(dnnl_memory_get_data_handle(arguments[i].memory, &handle), dnnl_success);
        assert_int_equal(dnnl_memory_get_memory_desc(arguments[i].memory, &descriptor),
                         dnnl_success);
        *ret_bytes = dnnl_memory_desc_get_size(descriptor);
    }
    return handle;
}

dnnl_status_t dnnl_primitive_execute(const_dnnl_primitive_t primitive, dnnl_stream_t stream,
                                     int n_arguments, const dnnl_exec_arg_t *arguments)
{
    static dnnl_status_t (*execute)(const_dnnl_primitive_t, dnnl_stream_t, int,
                                    const dnnl_exec_arg_t *);
    size_t a_bytes = 0, weights_bytes = 0, c_bytes = 0;
    const void *a = handle_of(arguments, n_arguments, DNNL_ARG_SRC, &a_bytes);
    const char *weights = handle_of(arguments, n_arguments, DNNL_ARG_WEIGHTS, &weights_bytes);
    uint32_t *c = handle_of(arguments, n_arguments, DNNL_ARG_DST, &c_bytes);
    dnnl_status_t status;

    if (!execute)
        *(void **)&execute = dlsym(RTLD_NEXT, "dnnl_primitive_execute");
    status = execute(primitive, stream, n_arguments, arguments);
    if (status || !inject || !a || !weights) /* or it is a reorder */
        return status;
    if (!first_weights)
        first_weights = weights;
    inject(&(struct block){
        .c = c,
        .n_rows = a_bytes / (N_IN * 4),
        .n_columns = weights_bytes / (N_IN * 4),
        .column = (size_t)(weights - first_weights) / (N_IN * 4),
    });
    return status;
}

/* ---- faults: each changes the last bit of some elements ---- */

static void change_odd_rows(const struct block *block)
{
    for (size_t row = 1; row < block->n_rows; row += 2)
        block->c[row * block->n_columns] ^= 1;
}

/* Of low blocks; the last panel is as it should be. */
static void change_other_panels(const struct block *block)
{
    if (block->n_rows < GEMM_MAX_ROWS && block->column + block->n_columns < N_OUT)
        block->c[0] ^= 1;
}

static void change_panels(const struct block *block)
{
    if (block->n_columns == N_OUT / 4)
        block->c[0] ^= 1;
}

/* ---- tests ---- */

struct product {
    struct gemm *gemm;
    struct gemm_weights *packed;
};

static enum status pack_with(inject_fault *fault, struct product *ret_product)
{
    static float weights[N_OUT * N_IN];
    struct kernels kernels;
    enum status status;

    for (size_t i = 0; i < N_OUT * N_IN; i++)
        weights[i] = (float)(i % 31) - 15;
    *ret_product = (struct product){0};
    kernels_choose(&kernels, cpu_flags(0)); /* products are oneDNN's */
    assert_int_equal(gemm_open(&kernels, &ret_product->gemm, NULL), STATUS_OK);
    inject = fault;
    first_weights = NULL;
    status = gemm_pack(ret_product->gemm, GEMM_FLOAT32, weights, N_OUT, N_IN, &ret_product->packed,
                       NULL);
    return status;
}

static void product_release(struct product *product)
{
    inject = NULL;
    gemm_weights_free(product->packed);
    gemm_close(product->gemm);
}

static void test_gemm_proof__refuses_products_whose_bits_depend_on_the_row(void **state)
{
    struct product product;

    (void)state;
    assert_int_equal(pack_with(change_odd_rows, &product), STATUS_INTERNAL);
    product_release(&product);
}

/* The first five rows of the first panel, by the fault that only lower blocks have. */
static void test_gemm_proof__tries_every_panel_at_every_height(void **state)
{
    static float a[GEMM_MAX_ROWS * N_IN], whole[GEMM_MAX_ROWS * N_OUT], part[GEMM_MAX_ROWS * N_OUT];
    struct gemm_context *context = NULL;
    struct product product;

    (void)state;
    for (size_t i = 0; i < 5 * N_IN; i++)
        a[i] = (float)(i % 17) * 0.3f;
    assert_int_equal(pack_with(change_other_panels, &product), STATUS_OK);
    assert_true(product.packed->n_splits > 1);
    assert_int_equal(gemm_context_new(product.gemm, &context), STATUS_OK);
    assert_int_equal(gemm_multiply(context, product.packed, 0, 0, a, 5, whole), STATUS_OK);
    assert_int_equal(gemm_multiply(context, product.packed, 1, 0, a, 5, part), STATUS_OK);
    for (size_t row = 0; row < 5; row++)
        assert_memory_equal(part + row * N_OUT / 2, whole + row * N_OUT, N_OUT / 2 * 4);
    gemm_context_free(context);
    product_release(&product);
}

static void test_gemm_proof__gives_up_splits_that_change_bits(void **state)
{
    struct product product;

    (void)state;
    assert_int_equal(pack_with(change_panels, &product), STATUS_OK);
    assert_int_equal(product.packed->n_splits, 2);
    product_release(&product);
    assert_int_equal(pack_with(NULL, &product), STATUS_OK);
    assert_int_equal(product.packed->n_splits, GEMM_MAX_SPLIT + 1);
    product_release(&product);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gemm_proof__refuses_products_whose_bits_depend_on_the_row),
        cmocka_unit_test(test_gemm_proof__tries_every_panel_at_every_height),
        cmocka_unit_test(test_gemm_proof__gives_up_splits_that_change_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
