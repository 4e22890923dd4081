/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine/kernels/kernel_test.h"

/* One addition, rounded once: the expected numbers are exact. */
static void test_bias__adds_to_every_row(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {1};

    for (size_t i = 0; i < N_AWKWARD; i++)
        for (size_t n_rows = 1; n_rows <= 3; n_rows++) {
            const size_t n = AWKWARD[i];
            struct fence x = fence_new_random(&random, -2, 2, n_rows * n);
            struct fence start = fence_new_copy(x.data, n_rows * n);
            struct fence bias = fence_new_random(&random, -2, 2, n);

            kernels.bias(x.data, bias.data, n_rows, n);
            for (size_t j = 0; j < n_rows * n; j++)
                assert_true(x.data[j] == start.data[j] + bias.data[j % n]);
            fence_free(&x);
            fence_free(&start);
            fence_free(&bias);
        }
}

static void test_bias__relu_keeps_the_positive_part(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {2};

    for (size_t i = 0; i < N_AWKWARD; i++)
        for (size_t n_rows = 1; n_rows <= 3; n_rows++) {
            const size_t n = AWKWARD[i];
            struct fence x = fence_new_random(&random, -2, 2, n_rows * n);
            struct fence start = fence_new_copy(x.data, n_rows * n);
            struct fence bias = fence_new_random(&random, -2, 2, n);

            kernels.bias_relu(x.data, bias.data, n_rows, n);
            for (size_t j = 0; j < n_rows * n; j++)
                assert_true(x.data[j] == fmaxf(0, start.data[j] + bias.data[j % n]));
            fence_free(&x);
            fence_free(&start);
            fence_free(&bias);
        }
}

static void test_bias__relu_of_special_values(void **state)
{
    const struct kernels kernels = level_kernels(state);
    float x[] = {NAN, INFINITY, -INFINITY, 0, -0.0f, 1e-42f, -1e-42f};
    const float bias[7] = {0};

    kernels.bias_relu(x, bias, 1, 7);
    assert_true(isnan(x[0]));
    assert_true(x[1] == INFINITY && x[2] == 0 && x[3] == 0 && x[4] == 0);
    assert_true(x[5] == 1e-42f && x[6] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_OF_LEVEL(test_bias__adds_to_every_row, LEVEL_C),
        TEST_OF_LEVEL(test_bias__relu_keeps_the_positive_part, LEVEL_C),
        TEST_OF_LEVEL(test_bias__relu_of_special_values, LEVEL_C),
    };

    return cmocka_run_group_tests_name("bias", tests, NULL, NULL);
}
