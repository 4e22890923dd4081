/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine/kernels/kernel_test.h"

/* Of heads of any even size, each pair by its own angle. */
static void test_rotate__turns_pairs(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {1};

    for (size_t half = 1; half <= 70; half++)
        for (size_t n_heads = 1; n_heads <= 3; n_heads++) {
            const size_t size = 2 * half;
            struct fence x = fence_new_random(&random, -2, 2, n_heads * size);
            struct fence angles = fence_new_random(&random, -9, 9, half);
            struct fence turn = fence_new(size);
            struct fence expected = fence_new(n_heads * size);

            for (size_t k = 0; k < half; k++) {
                turn.data[k] = cosf(angles.data[k]);
                turn.data[half + k] = sinf(angles.data[k]);
                for (size_t h = 0; h < n_heads; h++) {
                    const double a = x.data[h * size + k], b = x.data[h * size + half + k];
                    const double c = cos(angles.data[k]), s = sin(angles.data[k]);

                    expected.data[h * size + k] = (float)(a * c - b * s);
                    expected.data[h * size + half + k] = (float)(b * c + a * s);
                }
            }
            kernels.rotate(x.data, n_heads, size, turn.data);
            assert_close(x.data, expected.data, n_heads * size, 1e-6, 0);
            fence_free(&x);
            fence_free(&angles);
            fence_free(&turn);
            fence_free(&expected);
        }
}

#if defined(__x86_64__)
static void test_rotate__bits_are_those_of_avx2(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {3};
    struct kernels avx2;

    kernels_choose(&avx2, LEVEL_AVX2.cpu_flags);
    for (size_t half = 1; half <= 70; half++) {
        struct fence x = fence_new_random(&random, -2, 2, 2 * half);
        struct fence turn = fence_new_random(&random, -1, 1, 2 * half);
        struct fence expected = fence_new_copy(x.data, 2 * half);

        avx2.rotate(expected.data, 1, 2 * half, turn.data);
        kernels.rotate(x.data, 1, 2 * half, turn.data);
        assert_same(x.data, expected.data, 2 * half);
        fence_free(&x);
        fence_free(&turn);
        fence_free(&expected);
    }
}
#endif

static void test_scale_by__multiplies(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {2};

    for (size_t i = 0; i < N_AWKWARD; i++) {
        const size_t n = AWKWARD[i];
        struct fence x = fence_new_random(&random, -2, 2, n);
        struct fence y = fence_new_random(&random, -2, 2, n);
        struct fence expected = fence_new(n);

        for (size_t j = 0; j < n; j++)
            expected.data[j] = (float)((double)x.data[j] * (double)y.data[j]);
        kernels.scale_by(x.data, y.data, n);
        assert_same(x.data, expected.data, n);
        fence_free(&x);
        fence_free(&y);
        fence_free(&expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_LEVELS(test_rotate__turns_pairs),
        TEST_LEVELS(test_scale_by__multiplies),
#if defined(__x86_64__)
        TEST_OF_LEVEL(test_rotate__bits_are_those_of_avx2, LEVEL_AVX512),
#endif
    };

    return cmocka_run_group_tests_name("rotate", tests, NULL, NULL);
}
