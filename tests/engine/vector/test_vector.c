/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/vector/vector.h"

#include <math.h>

static void test_vector__normalizes_to_unit_length(void **state)
{
    float vector[] = {3, 0, -4};
    float tiny[] = {3e-30f, 4e-30f};
    float large[] = {3e38f, -3e38f};

    (void)state;
    vector_normalize(vector, 3);
    assert_true(fabsf(vector[0] - 0.6f) < 1e-7f);
    assert_true(vector[1] == 0);
    assert_true(fabsf(vector[2] + 0.8f) < 1e-7f);
    /* As torch: the length counts as 1e-12 at least. */
    vector_normalize(tiny, 2);
    assert_true(fabsf(tiny[0] / 3e-18f - 1) < 1e-6f);
    /* The sum of squares does not overflow. */
    vector_normalize(large, 2);
    assert_true(fabsf(large[0] - 0.70710678f) < 1e-7f);
}

static void test_vector__a_zero_vector_stays_zero(void **state)
{
    float vector[] = {0, 0};

    (void)state;
    vector_normalize(vector, 2);
    assert_true(vector[0] == 0 && vector[1] == 0);
}

static void test_vector__finite_means_neither_infinite_nor_nan(void **state)
{
    const float fine[] = {0, -3e38f, 1e-45f};
    const float infinite[] = {0, 1, -INFINITY};
    const float not_a_number[] = {NAN, 1, 1};

    (void)state;
    assert_true(vector_is_finite(fine, 3));
    assert_true(vector_is_finite(infinite, 2));
    assert_false(vector_is_finite(infinite, 3));
    assert_false(vector_is_finite(not_a_number, 3));
}

/* In float32 the first two terms would be lost beside the third. */
static void test_vector__dot_sums_in_double(void **state)
{
    const float a[] = {1, 2, 4096, -4096};
    const float b[] = {0.5f, 0.25f, 16384, 16384};

    (void)state;
    assert_true(vector_dot(a, b, 4) == 1);
    assert_true(vector_dot(a, b, 0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vector__normalizes_to_unit_length),
        cmocka_unit_test(test_vector__a_zero_vector_stays_zero),
        cmocka_unit_test(test_vector__finite_means_neither_infinite_nor_nan),
        cmocka_unit_test(test_vector__dot_sums_in_double),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
