/* SPDX-License-Identifier: Apache-2.0 */

#include "server/bulk/rows.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* numpy.float32(x).astype(numpy.float16).view(numpy.uint16), NumPy 2.4. */
static void test_rows__halves_are_rounded_as_numpy_does(void **state)
{
    static const struct {
        float value;
        uint16_t half;
    } cases[] = {
        {0.0f, 0x0000},          {-0.0f, 0x8000},         {1.0f, 0x3c00},
        {-2.5f, 0xc100},         {0.1f, 0x2e66},          {65504.0f, 0x7bff},
        {65519.0f, 0x7bff},      {65520.0f, 0x7c00},      {1e30f, 0x7c00},
        {-INFINITY, 0xfc00},     {0x1p-14f, 0x0400},      {0x1.ff8p-15f, 0x03ff},
        {0x1.ffep-15f, 0x0400},  {0x1p-24f, 0x0001},      {0x1p-25f, 0x0000},
        {0x1.000002p-25f, 0x1},  {0x1.8p-24f, 0x0002},    {1.00048828125f, 0x3c00},
        {1.0014648438f, 0x3c02}, {1.0004882813f, 0x3c00}, {0.33333334f, 0x3555},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (rows_round_to_half(cases[i].value) != cases[i].half)
            fail_msg("%a: %04x", (double)cases[i].value, rows_round_to_half(cases[i].value));
    assert_int_equal(rows_round_to_half(NAN) & 0x7c00, 0x7c00);
    assert_int_not_equal(rows_round_to_half(NAN) & 0x3ff, 0);
}

/* A second way: of all halves the nearest, and of two the even one. */
static void test_rows__every_half_is_its_own_nearest(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 0x7c00; bits++) {
        const uint32_t exponent = bits >> 10;
        const double fraction = (double)(bits & 0x3ff) / 1024;
        const double value =
            exponent ? ldexp(1 + fraction, (int)exponent - 15) : ldexp(fraction, -14);
        const double step = ldexp(1, exponent ? (int)exponent - 25 : -24);

        assert_int_equal(rows_round_to_half((float)value), bits);
        assert_int_equal(rows_round_to_half((float)-value), bits | 0x8000);
        if (bits < 0x7bff) {
            assert_int_equal(rows_round_to_half((float)(value + 0.5 * step)), bits + (bits & 1));
            assert_int_equal(rows_round_to_half((float)(value + 0.4999 * step)), bits);
            assert_int_equal(rows_round_to_half((float)(value + 0.5001 * step)), bits + 1);
        }
    }
}

static void test_rows__header_says_what_follows(void **state)
{
    static const struct {
        const char *number;
        size_t n_rows, n_dims;
        const char *dictionary;
    } cases[] = {
        {"float32", 3, 384, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 384), }"},
        {"float16", 0, 1, "{'descr': '<f2', 'fortran_order': False, 'shape': (0, 1), }"},
        {"int8", 18446744073709551615u, 1048576,
         "{'descr': '|i1', 'fortran_order': False, 'shape': (18446744073709551615, 1048576), }"},
        {"uint8", 1, 12, "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 12), }"},
        {"binary", 1, 12, "{'descr': '|i1', 'fortran_order': False, 'shape': (1, 2), }"},
        {"ubinary", 1, 16, "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2), }"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rows rows = {.is_npy = true, .n_dims = cases[i].n_dims};
        char header[ROWS_HEADER_BYTES];
        const size_t len = strlen(cases[i].dictionary);

        assert_true(rows_parse_number(&rows, cases[i].number));
        assert_string_equal(rows_number_name(&rows), cases[i].number);
        rows_write_header(&rows, cases[i].n_rows, header);
        assert_memory_equal(header, "\x93NUMPY\x01\x00\x76\x00", 10);
        assert_memory_equal(header + 10, cases[i].dictionary, len);
        for (size_t j = 10 + len; j < ROWS_HEADER_BYTES - 1; j++)
            assert_int_equal(header[j], ' ');
        assert_int_equal(header[ROWS_HEADER_BYTES - 1], '\n');
    }
}

static void test_rows__numbers_that_are_none_are_refused(void **state)
{
    static const char *const bad[] = {"", "float", "float64", "float3", "int4", "FLOAT32", "bits"};
    struct rows rows = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(rows_parse_number(&rows, bad[i]));
}

static void test_rows__lines_are_json(void **state)
{
    const float vector[3] = {0.5f, -1, 1e-7f};
    struct rows rows = {.n_dims = 3};
    struct buffer to = {0};

    (void)state;
    rows_append(&rows, vector, 1, (struct slice){"\"a\"", 3}, &to);
    assert_true(rows_parse_number(&rows, "int8"));
    rows_append(&rows, vector, 1, (struct slice){"7", 1}, &to);
    assert_false(buffer_failed(&to));
    buffer_append(&to, "", 1);
    assert_string_equal(to.bytes, "{\"id\":\"a\",\"embedding\":[0.5,-1.0,1e-7]}\n"
                                  "{\"id\":7,\"embedding\":[64,-127,0]}\n");
    buffer_release(&to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows__halves_are_rounded_as_numpy_does),
        cmocka_unit_test(test_rows__every_half_is_its_own_nearest),
        cmocka_unit_test(test_rows__header_says_what_follows),
        cmocka_unit_test(test_rows__numbers_that_are_none_are_refused),
        cmocka_unit_test(test_rows__lines_are_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
