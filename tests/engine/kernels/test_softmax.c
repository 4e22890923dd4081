/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine/kernels/kernel_test.h"

#include "engine/kernels/c/kernels_c.h"
#if defined(__x86_64__)
#include "engine/kernels/x86/kernels_x86.h"
#elif defined(__aarch64__)
#include "engine/kernels/arm/kernels_arm.h"
#endif

enum { SWEEP_STEP = 4099, SWEEP_ROW = 4096 };

struct version {
    struct level level;
    kernel_softmax_row *softmax_row;
};

static const struct version VERSION_C = {{"c", 0}, softmax_row_c};
#if defined(__x86_64__)
static const struct version VERSION_AVX2 = {{"avx2", CPU_AVX2}, softmax_row_avx2};
#define TEST_VERSIONS(test) TEST_OF_LEVEL(test, VERSION_C), TEST_OF_LEVEL(test, VERSION_AVX2)
#elif defined(__aarch64__)
static const struct version VERSION_NEON = {{"neon", CPU_NEON}, softmax_row_neon};
#define TEST_VERSIONS(test) TEST_OF_LEVEL(test, VERSION_C), TEST_OF_LEVEL(test, VERSION_NEON)
#else
#define TEST_VERSIONS(test) TEST_OF_LEVEL(test, VERSION_C)
#endif

static kernel_softmax_row *version_of(void **state)
{
    const struct version *version = *state;

    level_require(&version->level);
    return version->softmax_row;
}

/* The largest relative error of e^x for the x[1 .. n - 1] of a row whose first and largest is 0,
 * beside what rounding the exponent x log2(e) and its factor in float32 costs: 6e-8 of x each. */
static double exponential_error(kernel_softmax_row *softmax_row, const float *x, size_t n)
{
    float row[SWEEP_ROW];
    double worst = 0;

    memcpy(row, x, n * sizeof *row);
    softmax_row(row, n, 1);
    assert_true(row[0] == 1);
    for (size_t i = 1; i < n; i++) {
        const double exact = exp((double)x[i]);

        if (exact < 0x1p-126) /* may be zero */
            assert_true(row[i] >= 0 && row[i] <= 0x1p-126f);
        else
            worst = fmax(worst, fabs(row[i] - exact) / exact - 1.2e-7 * fabs((double)x[i]));
    }
    return worst;
}

/* Every 4,099th float from -0 to -104, of which e^x is the least float. */
static void test_softmax__exponential_over_all_floats(void **state)
{
    kernel_softmax_row *softmax_row = version_of(state);
    const uint32_t last = 0xc2d00000u; /* -104 */
    double worst = 0;
    float x[SWEEP_ROW] = {0};
    size_t n = 1;

    for (uint32_t bits = 0x80000000u; bits <= last; bits += SWEEP_STEP) {
        memcpy(&x[n++], &bits, sizeof bits);
        if (n < SWEEP_ROW && bits + SWEEP_STEP <= last)
            continue;
        worst = fmax(worst, exponential_error(softmax_row, x, n));
        n = 1;
    }
    print_message("exp: relative error %.2e beside the exponent's rounding\n", worst);
    assert_true(worst < 0x1p-23);
}

static void test_softmax__awkward_lengths(void **state)
{
    kernel_softmax_row *softmax_row = version_of(state);
    struct random random = {1};

    for (size_t i = 0; i < N_AWKWARD; i++) {
        const size_t n = AWKWARD[i];
        struct fence x = fence_new_random(&random, -80, 80, n);
        struct fence expected = fence_new(n);
        const float scale = 0.125f;
        double sum = 0;
        float largest = x.data[0], actual;

        for (size_t j = 1; j < n; j++)
            largest = fmaxf(largest, x.data[j]);
        for (size_t j = 0; j < n; j++) {
            const double e = exp(((double)x.data[j] - largest) * scale);

            expected.data[j] = (float)e;
            sum += e;
        }
        actual = softmax_row(x.data, n, scale);
        assert_close(x.data, expected.data, n, 0, 2.5e-6); /* exponents to -20: 20 x 1.2e-7 */
        assert_true(fabs(actual - sum) < 1e-6 * sum);
        fence_free(&x);
        fence_free(&expected);
    }
}

static void test_softmax__equal_scores_weigh_the_same(void **state)
{
    static const float scores[] = {0, 80, -80, 1e30f, -1e30f, 1e-42f};
    kernel_softmax_row *softmax_row = version_of(state);

    for (size_t i = 0; i < sizeof scores / sizeof *scores; i++)
        for (size_t n = 1; n < 70; n++) {
            float x[70];

            for (size_t j = 0; j < n; j++)
                x[j] = scores[i];
            assert_true(softmax_row(x, n, 0.125f) == (float)n);
            for (size_t j = 0; j < n; j++)
                assert_true(x[j] == 1);
        }
}

static void test_softmax__far_lower_scores_vanish(void **state)
{
    static const float scores[] = {-1e30f, -3e38f, -1e5f, -200};
    kernel_softmax_row *softmax_row = version_of(state);

    for (size_t i = 0; i < sizeof scores / sizeof *scores; i++)
        for (size_t n = 2; n < 40; n++) {
            float x[40];

            for (size_t j = 0; j < n; j++)
                x[j] = scores[i];
            x[n - 1] = 5;
            assert_true(softmax_row(x, n, 1) == 1);
            for (size_t j = 0; j < n; j++)
                assert_true(x[j] == (j == n - 1));
        }
}

/* Promise 10 needs it: what is not finite must show in the vector. */
static void test_softmax__what_is_not_finite_makes_the_sum_nan(void **state)
{
    kernel_softmax_row *softmax_row = version_of(state);
    static const float bad[] = {NAN, INFINITY};

    for (size_t i = 0; i < 2; i++)
        for (size_t n = 1; n < 70; n++)
            for (size_t at = 0; at < n; at++) {
                float x[70] = {0};

                x[at] = bad[i];
                assert_true(isnan(softmax_row(x, n, 1)));
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_VERSIONS(test_softmax__exponential_over_all_floats),
        TEST_VERSIONS(test_softmax__awkward_lengths),
        TEST_VERSIONS(test_softmax__equal_scores_weigh_the_same),
        TEST_VERSIONS(test_softmax__far_lower_scores_vanish),
        TEST_VERSIONS(test_softmax__what_is_not_finite_makes_the_sum_nan),
    };

    return cmocka_run_group_tests_name("softmax", tests, NULL, NULL);
}
