/* SPDX-License-Identifier: Apache-2.0 */

/* What oneDNN allocates: while it multiplies nothing, but in memory that it was lent; and while it
 * is made ready, what may fail. */
#include "engine/base/memory.h"
#include "engine/gemm/gemm.h"
#include "engine/gemm/product_memory.h"
#include "engine/kernels/cpu.h"
#include "tests/torture/calls.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    N_OUT = 512,
    N_IN = 96,
    N_ROWS = 192,
};

struct product {
    struct gemm *gemm;
    struct gemm_weights *packed;
    struct gemm_context *context;
};

static float weights[N_OUT * N_IN];
static char a[N_ROWS * N_IN * sizeof(float)];
static float c[N_ROWS * N_OUT];

static bool cpu_has(enum gemm_format format)
{
    struct kernels kernels;

    kernels_choose(&kernels, cpu_flags(CPU_MASK_ALL));
    if (format == GEMM_BFLOAT16)
        return kernels.multiplies_bfloat16;
    return format == GEMM_FLOAT32 || kernels.multiplies_int8;
}

static enum status product_init(struct product *product, enum gemm_format format)
{
    struct kernels kernels;
    enum status status;

    for (size_t i = 0; i < N_OUT * N_IN; i++)
        weights[i] = (float)(i % 31) - 15;
    *product = (struct product){0};
    kernels_choose(&kernels, cpu_flags(CPU_MASK_ALL));
    status = gemm_open(&kernels, &product->gemm, NULL);
    if (!status)
        status = gemm_pack(product->gemm, format, weights, N_OUT, N_IN, &product->packed, NULL);
    if (!status)
        status = gemm_context_new(product->gemm, &product->context);
    return status;
}

static void product_release(struct product *product)
{
    gemm_context_free(product->context);
    gemm_weights_free(product->packed);
    gemm_close(product->gemm);
}

/* All heights, splits and panels; false if one fails. */
static bool multiply_all(struct product *product)
{
    for (size_t n_rows = 1; n_rows <= 130; n_rows++)
        for (size_t split = 0; split < product->packed->n_splits; split++)
            for (size_t panel = 0; panel < (size_t)1 << split; panel++)
                if (gemm_multiply(product->context, product->packed, split, panel, a, n_rows, c))
                    return false;
    return true;
}

static void test_gemm_memory__products_allocate_nothing(void **state)
{
    (void)state;
#ifndef __x86_64__
    print_message("oneDNN's products for this CPU are not the ones that were looked into\n");
    skip();
#endif
    for (enum gemm_format format = GEMM_FLOAT32; format <= GEMM_INT8; format++) {
        struct product product;
        uint64_t n_before;

        if (!cpu_has(format))
            continue;
        assert_int_equal(product_init(&product, format), STATUS_OK);
        n_before = calls_get(CALL_ALLOCATE)->count;
        assert_true(multiply_all(&product));
        assert_int_equal(calls_get(CALL_ALLOCATE)->count, n_before);
        product_release(&product);
    }
}

#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
/* What the reserve's mmap is on top of. */
void *mmap64(void *address, size_t len_bytes, int protection, int flags, int fd, off64_t offset)
{
    return calls_fail(CALL_MMAP, ENOMEM)
               ? MAP_FAILED
               : (void *)syscall(SYS_mmap, address, len_bytes, protection, flags, fd, offset);
}
#endif

/* The n-th such call of what comes fails. */
static void fail_call_at(enum call call, int64_t n)
{
    calls_get(call)->n_failed = 0;
    calls_get(call)->n_left = n;
}

/* Whether one did. */
static bool call_has_failed(enum call call)
{
    calls_get(call)->n_left = 0;
    return calls_get(call)->n_failed > 0;
}

static void fail_at(int64_t n)
{
    fail_call_at(CALL_ALLOCATE, n);
}

static bool has_failed(void)
{
    return call_has_failed(CALL_ALLOCATE);
}

/* A sanitizer has a malloc of its own, which only counts. The test is the other builds' then. */
static bool can_fail(void)
{
    void *volatile memory;

    fail_at(1);
    memory = malloc(1);
    free(memory);
    return has_failed();
}

/* oneDNN reports some failures by a status, throws others, and writes to NULL after the rest: none
 * may end the process. Every n at first, then fewer: there are thousands. */
static void test_gemm_memory__making_products_may_fail_anywhere(void **state)
{
    bool failed = true;
    int64_t n;

    (void)state;
    if (!can_fail())
        return;
    for (n = 1; failed; n += 1 + n / 40) {
        struct product product;
        enum status status;

        fail_at(n);
        status = product_init(&product, GEMM_FLOAT32);
        failed = has_failed();
        if (!status)
            status = gemm_multiply(product.context, product.packed, 0, 0, a, 64, c);
        assert_true(status == STATUS_OK || failed); /* oneDNN does not always say why */
        product_release(&product);
    }
    assert_true(n > 1000);
}

/* Without the reserve, oneDNN 2.6.3 writes its code to address 0. */
static void test_gemm_memory__pages_may_be_missing_anywhere(void **state)
{
    bool failed = true;
    int64_t n;

    (void)state;
    if (!can_fail())
        return;
    for (n = 1; failed; n++) {
        struct product product;
        enum status status;

        fail_call_at(CALL_MMAP, n);
        status = product_init(&product, GEMM_FLOAT32);
        failed = call_has_failed(CALL_MMAP);
        if (!status)
            status = gemm_multiply(product.context, product.packed, 0, 0, a, 64, c);
        assert_true(status == STATUS_OK || failed);
        product_release(&product);
    }
    assert_true(n > 10);
}

/* In a process of its own, since oneDNN makes these products' kernels at the first one. */
static int run_first_borrowed(struct product *product, struct gemm_weights *borrowed, int64_t n)
{
    pid_t child = fork();
    int ended = -1;

    if (child == 0) {
        enum status status;

        signal(SIGSEGV, SIG_DFL); /* cmocka's handler would go on with the next test */
        alarm(20);
        fail_at(n);
        status = gemm_multiply(product->context, borrowed, 0, 0, a, N_ROWS, c);
        _exit(has_failed() ? 1 : status ? 2 : 0); /* where one failed, it may have done without */
    }
    assert_int_equal(waitpid(child, &ended, 0), child);
    return ended;
}

static void test_gemm_memory__the_first_borrowed_product_may_fail_anywhere(void **state)
{
    struct product product;
    struct gemm_weights *borrowed = NULL;
    bool failed = true;
    int64_t n;

    (void)state;
    if (!can_fail())
        return;
    assert_int_equal(product_init(&product, GEMM_FLOAT32), STATUS_OK);
    assert_int_equal(gemm_borrow(N_OUT, N_IN, &borrowed), STATUS_OK);
    borrowed->borrowed = weights;
    for (n = 1; failed; n += 1 + n / 40) {
        int ended = run_first_borrowed(&product, borrowed, n);

        assert_true(WIFEXITED(ended));
        failed = WEXITSTATUS(ended) == 1;
        assert_in_range(WEXITSTATUS(ended), 0, 1);
    }
    assert_true(n > 1000);
    gemm_weights_free(borrowed);
    product_release(&product);
}

/* The memory of contexts is used again, and found again by those that were made one after another. */
static void test_gemm_memory__is_used_again(void **state)
{
    struct product_memory *first = product_memory_new();
    struct product_memory *second = product_memory_new();

    (void)state;
    assert_non_null(first);
    assert_non_null(second);
    assert_ptr_not_equal(first, second);
    product_memory_free(first);
    assert_ptr_equal(product_memory_new(), first);
    product_memory_free(first);
    product_memory_free(second);
    product_memory_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gemm_memory__products_allocate_nothing),
        cmocka_unit_test(test_gemm_memory__the_first_borrowed_product_may_fail_anywhere),
        cmocka_unit_test(test_gemm_memory__making_products_may_fail_anywhere),
        cmocka_unit_test(test_gemm_memory__pages_may_be_missing_anywhere),
        cmocka_unit_test(test_gemm_memory__is_used_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
