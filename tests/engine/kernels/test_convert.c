/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine/kernels/kernel_test.h"

enum { SWEEP_STEP = 4099, SWEEP_ROW = 4096, N_HALVES = 1 << 16 };

/* Every 4,099th float, NaNs too: the sweep passes over ties and least numbers. */
static void test_convert__rounds_all_floats(void **state)
{
    const struct kernels kernels = level_kernels(state);
    float x[SWEEP_ROW];
    uint16_t y[SWEEP_ROW];
    size_t n = 0;

    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += SWEEP_STEP) {
        const uint32_t low = (uint32_t)bits;

        memcpy(&x[n++], &low, sizeof low);
        if (n < SWEEP_ROW && bits + SWEEP_STEP <= UINT32_MAX)
            continue;
        kernels.round(x, n, y);
        for (size_t i = 0; i < n; i++)
            if (isnan(x[i]))
                assert_true(isnan(bfloat16_value(y[i])));
            else
                assert_true(bfloat16_value(y[i]) == exact_bfloat16(x[i]) &&
                            signbit(bfloat16_value(y[i])) == signbit(x[i]));
        n = 0;
    }
}

static void test_convert__rounds_special_values(void **state)
{
    static const struct {
        uint32_t bits;
        uint16_t expected;
    } cases[] = {
        {0x00000000, 0x0000}, {0x80000000, 0x8000}, {0x00000001, 0x0000}, {0x00008000, 0x0000},
        {0x00008001, 0x0001}, {0x00018000, 0x0002}, {0x007fffff, 0x0080}, {0x3f808000, 0x3f80},
        {0x3f818000, 0x3f82}, {0x3f808001, 0x3f81}, {0x7f7fffff, 0x7f80}, {0x7f800000, 0x7f80},
        {0xff800000, 0xff80}, {0x7f7f7fff, 0x7f7f}, {0xc0490fdb, 0xc049},
    };
    static const uint32_t nans[] = {0x7fc00000, 0x7f800001, 0xffffffff, 0x7fffffff, 0xff800001};
    const struct kernels kernels = level_kernels(state);
    uint16_t y;
    float x;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memcpy(&x, &cases[i].bits, sizeof x);
        kernels.round(&x, 1, &y);
        assert_int_equal(y, cases[i].expected);
    }
    for (size_t i = 0; i < sizeof nans / sizeof *nans; i++) {
        memcpy(&x, &nans[i], sizeof x);
        kernels.round(&x, 1, &y);
        assert_true(isnan(bfloat16_value(y)));
    }
}

/* By the definition of binary16, in double. */
static double exact_float16(uint16_t y)
{
    const int exponent = y >> 10 & 31;
    const double fraction = y % 1024;
    const double size =
        exponent ? ldexp(1 + fraction / 1024, exponent - 15) : ldexp(fraction / 1024, -14);

    return y >> 15 ? -size : size;
}

static void test_convert__widens_every_float16(void **state)
{
    const struct kernels kernels = level_kernels(state);
    static uint16_t y[N_HALVES];
    static float x[N_HALVES];

    for (size_t i = 0; i < N_HALVES; i++)
        y[i] = (uint16_t)i;
    kernels.widen_float16(y, N_HALVES, x);
    for (size_t i = 0; i < N_HALVES; i++)
        if ((i >> 10 & 31) < 31)
            assert_true((double)x[i] == exact_float16(y[i]) && !signbit(x[i]) == (i < 0x8000));
        else if (i & 1023)
            assert_true(isnan(x[i]));
        else
            assert_true(x[i] == (i < 0x8000 ? INFINITY : -INFINITY));
}

static void test_convert__widens_every_bfloat16(void **state)
{
    const struct kernels kernels = level_kernels(state);
    static uint16_t y[N_HALVES];
    static float x[N_HALVES];

    for (size_t i = 0; i < N_HALVES; i++)
        y[i] = (uint16_t)i;
    kernels.widen_bfloat16(y, N_HALVES, x);
    for (size_t i = 0; i < N_HALVES; i++) {
        uint32_t bits;

        memcpy(&bits, &x[i], sizeof bits);
        assert_int_equal(bits, i << 16);
    }
}

/* At every length, ends touched by nothing; sources on odd addresses too, as a file may hold them.
 */
static void test_convert__awkward_lengths_and_addresses(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {1};

    for (size_t i = 0; i < N_AWKWARD; i++)
        for (size_t odd = 0; odd < 2; odd++) {
            const size_t n = AWKWARD[i];
            struct fence x = fence_new_random(&random, -9, 9, n), rounded = fence_new_of(n, 2);
            struct fence file = fence_new_of(2 * n + odd, 1), wide = fence_new(n);

            kernels.round(x.data, n, rounded.halves);
            memcpy(file.bytes, rounded.halves, 2 * n);
            kernels.widen_bfloat16(file.bytes, n, wide.data);
            for (size_t j = 0; j < n; j++)
                assert_true(wide.data[j] == exact_bfloat16(x.data[j]));
            kernels.widen_float16(file.bytes, n, wide.data);
            for (size_t j = 0; j < n; j++)
                assert_true((rounded.halves[j] >> 10 & 31) == 31 ||
                            (double)wide.data[j] == exact_float16(rounded.halves[j]));
            fence_free(&x);
            fence_free(&rounded);
            fence_free(&file);
            fence_free(&wide);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_LEVELS(test_convert__rounds_all_floats),
        TEST_LEVELS(test_convert__rounds_special_values),
        TEST_LEVELS(test_convert__widens_every_float16),
        TEST_LEVELS(test_convert__widens_every_bfloat16),
        TEST_LEVELS(test_convert__awkward_lengths_and_addresses),
    };

    return cmocka_run_group_tests_name("convert", tests, NULL, NULL);
}
