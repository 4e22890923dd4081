/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/model/model.h"

#include <math.h>
#include <string.h>

static float widen(enum dtype dtype, const void *stored)
{
    const struct tensor tensor = {.data = stored, .dtype = dtype, .n_dims = 1, .dims = {1}};

    return tensor_get(&tensor, 0);
}

/* What IEEE 754 says that the bits mean, by ldexp. */
static double float16_meaning(uint16_t bits)
{
    int exponent = bits >> 10 & 31;
    int fraction = bits & 1023;
    double magnitude;

    if (exponent == 31)
        magnitude = fraction ? NAN : INFINITY;
    else if (exponent == 0)
        magnitude = ldexp(fraction, -24);
    else
        magnitude = ldexp(1024 + fraction, exponent - 25);
    return bits >> 15 ? -magnitude : magnitude;
}

static void test_tensor__every_float16_widens_exactly(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits <= UINT16_MAX; bits++) {
        uint16_t stored = (uint16_t)bits;
        float value = widen(DTYPE_FLOAT16, &stored);
        double meaning = float16_meaning(stored);

        if (isnan(meaning)) {
            assert_true(isnan(value));
            continue;
        }
        assert_true((double)value == meaning);
        assert_int_equal(!signbit(value), !signbit(meaning));
    }
}

static void test_tensor__whole_numbers_are_read(void **state)
{
    static const signed char bytes[] = {0, -1, 127, -128};
    static const int64_t numbers[] = {-3, (int64_t)1 << 40};
    const struct tensor small = {.data = bytes, .dtype = DTYPE_INT8, .n_dims = 1, .dims = {4}};
    const struct tensor large = {.data = numbers, .dtype = DTYPE_INT64, .n_dims = 1, .dims = {2}};
    float values[4];

    (void)state;
    tensor_widen(&small, 0, 4, values);
    for (size_t i = 0; i < 4; i++)
        assert_true(values[i] == (float)bytes[i]);
    assert_true(tensor_get(&small, 3) == -128);
    assert_true(tensor_get(&large, 0) == -3);
    assert_true(tensor_get_whole(&large, 1) == (int64_t)1 << 40);
}

static void test_tensor__every_bfloat16_is_the_upper_half_of_a_float32(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits <= UINT16_MAX; bits++) {
        uint16_t stored = (uint16_t)bits;
        float value = widen(DTYPE_BFLOAT16, &stored);
        uint32_t wide;

        memcpy(&wide, &value, sizeof wide);
        assert_int_equal(wide, bits << 16);
    }
}

/* By NumPy: float16(65504), float16(2 ** -24), float16(-2.5); the upper halves of float32 1.5 and
 * -inf. */
static void test_tensor__known_values(void **state)
{
    const uint16_t halves[] = {0x7bff, 0x0001, 0xc100};
    const uint16_t brains[] = {0x3fc0, 0xff80};
    const float plain = -0.1f;

    (void)state;
    assert_true(widen(DTYPE_FLOAT16, &halves[0]) == 65504.0f);
    assert_true(widen(DTYPE_FLOAT16, &halves[1]) == 5.9604644775390625e-8f);
    assert_true(widen(DTYPE_FLOAT16, &halves[2]) == -2.5f);
    assert_true(widen(DTYPE_BFLOAT16, &brains[0]) == 1.5f);
    assert_true(widen(DTYPE_BFLOAT16, &brains[1]) == -INFINITY);
    assert_true(widen(DTYPE_FLOAT32, &plain) == -0.1f);
}

static void test_tensor__widens_a_range_of_unaligned_values(void **state)
{
    unsigned char bytes[1 + 4 * sizeof(float)];
    const float values[4] = {1, -2, 3.5f, 4};
    struct tensor tensor = {.data = bytes + 1, .dtype = DTYPE_FLOAT32, .n_dims = 1, .dims = {4}};
    float widened[3] = {0, 0, 99};

    (void)state;
    memcpy(bytes + 1, values, sizeof values);
    tensor_widen(&tensor, 1, 2, widened);
    assert_true(widened[0] == -2);
    assert_true(widened[1] == 3.5f);
    assert_true(widened[2] == 99);
    tensor_widen(&tensor, 4, 0, widened);
    assert_true(widened[0] == -2);
}

static void test_tensor__dtypes_have_names_and_sizes(void **state)
{
    (void)state;
    assert_string_equal(dtype_name(DTYPE_FLOAT32), "float32");
    assert_string_equal(dtype_name(DTYPE_FLOAT16), "float16");
    assert_string_equal(dtype_name(DTYPE_BFLOAT16), "bfloat16");
    assert_int_equal(dtype_size_bytes(DTYPE_FLOAT32), 4);
    assert_int_equal(dtype_size_bytes(DTYPE_FLOAT16), 2);
    assert_int_equal(dtype_size_bytes(DTYPE_BFLOAT16), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensor__every_float16_widens_exactly),
        cmocka_unit_test(test_tensor__whole_numbers_are_read),
        cmocka_unit_test(test_tensor__every_bfloat16_is_the_upper_half_of_a_float32),
        cmocka_unit_test(test_tensor__known_values),
        cmocka_unit_test(test_tensor__widens_a_range_of_unaligned_values),
        cmocka_unit_test(test_tensor__dtypes_have_names_and_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
