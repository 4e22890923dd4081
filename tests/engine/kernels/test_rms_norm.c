/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine/kernels/kernel_test.h"

static void exact_rms_norm(const float *x, const float *gamma, float eps, size_t n, float *y)
{
    oracle squares = 0;

    for (size_t i = 0; i < n; i++)
        squares += (oracle)x[i] * x[i];
    for (size_t i = 0; i < n; i++)
        y[i] = (float)(x[i] / oracle_of(sqrt)(squares / n + eps) * gamma[i]);
}

static void test_rms_norm__awkward_lengths(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {1};

    for (size_t i = 0; i < N_AWKWARD; i++)
        for (size_t n_rows = 1; n_rows <= 5; n_rows++) {
            const size_t n = AWKWARD[i];
            struct fence x = fence_new_random(&random, -4, 5, n_rows * n);
            struct fence gamma = fence_new_random(&random, 0.5f, 1.5f, n);
            struct fence expected = fence_new(n_rows * n);

            for (size_t row = 0; row < n_rows; row++)
                exact_rms_norm(x.data + row * n, gamma.data, 1e-6f, n, expected.data + row * n);
            kernels.rms_norm(x.data, gamma.data, 1e-6f, n_rows, n);
            assert_close(x.data, expected.data, n_rows * n, 2e-6, 0);
            fence_free(&x);
            fence_free(&gamma);
            fence_free(&expected);
        }
}

#if defined(__x86_64__)
/* The two sets add up in one order. */
static void test_rms_norm__bits_are_those_of_avx2(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {3};
    struct kernels avx2;

    kernels_choose(&avx2, LEVEL_AVX2.cpu_flags);
    for (size_t i = 0; i < N_AWKWARD; i++) {
        const size_t n = AWKWARD[i];
        struct fence x = fence_new_random(&random, -4, 5, n);
        struct fence gamma = fence_new_random(&random, 0.5f, 1.5f, n);
        struct fence expected = fence_new_copy(x.data, n);

        avx2.rms_norm(expected.data, gamma.data, 1e-6f, 1, n);
        kernels.rms_norm(x.data, gamma.data, 1e-6f, 1, n);
        assert_same(x.data, expected.data, n);
        fence_free(&x);
        fence_free(&gamma);
        fence_free(&expected);
    }
}
#endif

/* Promise 10. */
static void test_rms_norm__what_is_not_finite_stays_so(void **state)
{
    const struct kernels kernels = level_kernels(state);
    float x[40], gamma[20];

    for (size_t i = 0; i < 40; i++)
        x[i] = 1;
    for (size_t i = 0; i < 20; i++)
        gamma[i] = 1;
    x[7] = NAN;
    kernels.rms_norm(x, gamma, 1e-6f, 2, 20);
    for (size_t i = 0; i < 20; i++)
        assert_true(isnan(x[i]) && fabsf(x[20 + i] - 1) < 1e-5f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_LEVELS(test_rms_norm__awkward_lengths),
        TEST_LEVELS(test_rms_norm__what_is_not_finite_stays_so),
#if defined(__x86_64__)
        TEST_OF_LEVEL(test_rms_norm__bits_are_those_of_avx2, LEVEL_AVX512),
#endif
    };

    return cmocka_run_group_tests_name("rms_norm", tests, NULL, NULL);
}
