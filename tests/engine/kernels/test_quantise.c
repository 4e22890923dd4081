/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine/kernels/kernel_test.h"

#include <float.h>

/* The outputs for n_rows rows. */
struct quantised {
    struct fence q, scales, zeros;
};

static struct quantised quantised_new(size_t n_rows, size_t n)
{
    return (struct quantised){
        .q = fence_new_of(n_rows * n, 1),
        .scales = fence_new(n_rows),
        .zeros = fence_new(n_rows),
    };
}

static void quantised_free(struct quantised *y)
{
    fence_free(&y->q);
    fence_free(&y->scales);
    fence_free(&y->zeros);
}

/* What x became is within half a step of x (and the rounding of 255 steps in float32), the step is
 * a 255th of the range, and the ends of the range are used. */
static void check_row(const float *x, size_t n, const uint8_t *q, float scale, int32_t zero)
{
    double min = 0, max = 0;
    uint8_t lowest = 255, highest = 0;

    for (size_t i = 0; i < n; i++) {
        min = fmin(min, x[i]);
        max = fmax(max, x[i]);
        lowest = q[i] < lowest ? q[i] : lowest;
        highest = q[i] > highest ? q[i] : highest;
        assert_true(fabs((double)scale * (q[i] - zero) - x[i]) <= (double)scale * 0.5001);
        assert_true(x[i] != 0 || q[i] == zero);
    }
    assert_true(zero >= 0 && zero <= 255);
    assert_true(fabs(scale - (max - min) / 255) <= 3e-7 * scale);
    if (min < 0)
        assert_true(lowest <= 1);
    if (max > 0)
        assert_true(highest >= 254);
}

static void test_quantise__awkward_lengths(void **state)
{
    static const float ranges[][2] = {{-1, 1}, {0.5f, 3}, {-7, -2}, {-0.1f, 40}, {-1e30f, 1e-30f}};
    const struct kernels kernels = level_kernels(state);
    struct random random = {1};

    for (size_t i = 0; i < N_AWKWARD; i++)
        for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++) {
            const size_t n_rows = 3, n = AWKWARD[i];
            struct fence x = fence_new_random(&random, ranges[r][0], ranges[r][1], n_rows * n);
            struct quantised y = quantised_new(n_rows, n);

            x.data[n / 2] = 0;
            if (n > 1)
                x.data[0] = ranges[r][0];
            else
                x.data[0] = 1;
            kernels.quantise(x.data, n_rows, n, y.q.bytes, y.scales.data, y.zeros.ints);
            for (size_t row = 0; row < n_rows; row++)
                check_row(x.data + row * n, n, y.q.bytes + row * n, y.scales.data[row],
                          y.zeros.ints[row]);
            fence_free(&x);
            quantised_free(&y);
        }
}

/* Promise 1, and more: every version does the same operations. */
static void test_quantise__agrees_with_reference_bit_for_bit(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct kernels reference;
    struct random random = {2};

    kernels_choose(&reference, 0);
    for (size_t i = 0; i < N_AWKWARD; i++) {
        const size_t n_rows = 5, n = AWKWARD[i];
        struct fence x = fence_new_random(&random, -3, 2, n_rows * n);
        struct quantised expected = quantised_new(n_rows, n);

        reference.quantise(x.data, n_rows, n, expected.q.bytes, expected.scales.data,
                           expected.zeros.ints);
        for (size_t row = 0; row < n_rows; row++) { /* each alone, on another alignment */
            struct fence alone = fence_new(n + row);
            struct quantised y = quantised_new(1, n);

            memcpy(alone.data, x.data + row * n, n * sizeof(float));
            kernels.quantise(alone.data, 1, n, y.q.bytes, y.scales.data, y.zeros.ints);
            assert_memory_equal(y.q.bytes, expected.q.bytes + row * n, n);
            assert_same(y.scales.data, expected.scales.data + row, 1);
            assert_same(y.zeros.ints, expected.zeros.ints + row, 1);
            fence_free(&alone);
            quantised_free(&y);
        }
        fence_free(&x);
        quantised_free(&expected);
    }
}

static void test_quantise__row_of_next_to_nothing(void **state)
{
    static const float values[] = {0, -0.0f, 1e-45f, -1e-40f, 1e-37f};
    const struct kernels kernels = level_kernels(state);

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        float x[40], scale;
        uint8_t q[40];
        int32_t zero;

        for (size_t j = 0; j < 40; j++)
            x[j] = values[i];
        kernels.quantise(x, 1, 40, q, &scale, &zero);
        assert_true(isfinite(scale) && isfinite(1 / scale) && scale > 0);
        for (size_t j = 0; j < 40; j++)
            assert_true(fabsf(scale * (float)(q[j] - zero) - x[j]) <= scale / 2);
    }
}

static void test_quantise__widest_range_is_finite(void **state)
{
    const struct kernels kernels = level_kernels(state);
    const float x[] = {-FLT_MAX, FLT_MAX, 0};
    float scale;
    uint8_t q[3];
    int32_t zero;

    kernels.quantise(x, 1, 3, q, &scale, &zero);
    assert_true(isfinite(scale));
    assert_true(q[0] == 0 && q[1] == 255 && q[2] == zero);
}

/* Promise 10: what is not finite must show in the vector. */
static void test_quantise__what_is_not_finite_shows_in_the_scale(void **state)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    const struct kernels kernels = level_kernels(state);

    for (size_t i = 0; i < 3; i++)
        for (size_t n = 1; n < 70; n++)
            for (size_t at = 0; at < n; at++) {
                float x[140], scales[2];
                uint8_t q[140];
                int32_t zeros[2];

                for (size_t j = 0; j < 2 * n; j++)
                    x[j] = (float)j - 20;
                x[at] = bad[i];
                kernels.quantise(x, 2, n, q, scales, zeros);
                assert_true(!isfinite(scales[0]));
                assert_true(zeros[0] >= 0 && zeros[0] <= 255);
                assert_true(isfinite(scales[1]));
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_LEVELS(test_quantise__awkward_lengths),
        TEST_LEVELS(test_quantise__agrees_with_reference_bit_for_bit),
        TEST_LEVELS(test_quantise__row_of_next_to_nothing),
        TEST_LEVELS(test_quantise__widest_range_is_finite),
        TEST_LEVELS(test_quantise__what_is_not_finite_shows_in_the_scale),
    };

    return cmocka_run_group_tests_name("quantise", tests, NULL, NULL);
}
