/* SPDX-License-Identifier: Apache-2.0 */

#include "server/text/number.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t infinity_bits = 0x7f800000;

static float float_of_bits(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

static uint32_t bits_of_float(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

static void write_text(float x, char text[NUMBER_FLOAT_BYTES + 1])
{
    char *end;

    memset(text, '#', NUMBER_FLOAT_BYTES + 1);
    end = number_write_float(text, x);
    assert_true(end > text && end <= text + NUMBER_FLOAT_BYTES);
    *end = '\0';
}

/* The significant digits of a text, without leading and trailing zeros, and the exponent of the
 * first. */
static void split(const char *text, char digits[NUMBER_FLOAT_BYTES + 1], int *ret_exponent)
{
    size_t n_digits = 0;
    int exponent = -1;
    bool after_point = false;

    for (; *text && *text != 'e'; text++) {
        if (*text == '-')
            continue;
        if (*text == '.') {
            after_point = true;
            continue;
        }
        if (n_digits == 0 && *text == '0') {
            exponent -= after_point;
            continue;
        }
        digits[n_digits++] = *text;
        exponent += !after_point;
    }
    while (n_digits > 0 && digits[n_digits - 1] == '0')
        n_digits--;
    digits[n_digits] = '\0';
    *ret_exponent = exponent + (*text == 'e' ? (int)strtol(text + 1, NULL, 10) : 0);
}

/* RFC 8259 section 6, with a point or an exponent, so that no reader takes it for an integer. */
static bool is_json_real(const char *text)
{
    bool real = false;

    text += *text == '-';
    if (*text == '0')
        text++;
    else
        text += strspn(text, "0123456789") ? strspn(text, "0123456789") : strlen(text);
    if (*text == '.') {
        size_t n_digits = strspn(text + 1, "0123456789");
        if (n_digits == 0)
            return false;
        text += 1 + n_digits;
        real = true;
    }
    if (*text == 'e') {
        text += text[1] == '-' ? 2 : 1;
        if (strspn(text, "0123456789") == 0)
            return false;
        text += strspn(text, "0123456789");
        real = true;
    }
    return real && *text == '\0';
}

/* The C library is the oracle of reading: what was written must be read as the same float, and the
 * nearest decimal with one digit less must not. */
static void assert_shortest(uint32_t bits, bool check_length)
{
    const float x = float_of_bits(bits);
    char text[NUMBER_FLOAT_BYTES + 1], digits[NUMBER_FLOAT_BYTES + 1], shorter[64];
    int exponent;

    write_text(x, text);
    if (bits_of_float(strtof(text, NULL)) != bits)
        fail_msg("%08" PRIx32 " is written as %s, which reads as another", bits, text);
    if (!check_length)
        return;
    if (!is_json_real(text))
        fail_msg("%08" PRIx32 " is written as %s, which is not a JSON real", bits, text);
    split(text, digits, &exponent);
    if (strlen(digits) < 2)
        return;
    snprintf(shorter, sizeof(shorter), "%.*e", (int)strlen(digits) - 2, (double)x);
    if (bits_of_float(strtof(shorter, NULL)) == bits)
        fail_msg("%08" PRIx32 " is written as %s, but %s would do", bits, text, shorter);
}

static void test_number__float_forms(void **state)
{
    static const struct {
        float x;
        const char *expected;
    } cases[] = {
        {0.0f, "0.0"},
        {-0.0f, "-0.0"},
        {1.0f, "1.0"},
        {-1.0f, "-1.0"},
        {0.5f, "0.5"},
        {0.1f, "0.1"},
        {-0.03125f, "-0.03125"},
        {10.0f, "10.0"},
        {1.5f, "1.5"},
        {123.456f, "123.456"},
        {16777216.0f, "16777216.0"},
        {123456789.0f, "123456790.0"},
        {100000000.0f, "100000000.0"},
        {999999940.0f, "999999940.0"},
        {1e9f, "1e9"},
        {1.5e9f, "1.5e9"},
        {1e-5f, "0.00001"},
        {0.000012345678f, "0.000012345678"},
        {-0.000012345678f, "-0.000012345678"},
        {9.999999e-6f, "9.999999e-6"},
        {1.5e-42f, "1.5e-42"},
        {-1.5e-42f, "-1.5e-42"},
        {FLT_MAX, "3.4028235e38"},
        {-FLT_MAX, "-3.4028235e38"},
        {FLT_MIN, "1.1754944e-38"},
        {FLT_TRUE_MIN, "1e-45"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[NUMBER_FLOAT_BYTES + 1];

        write_text(cases[i].x, text);
        assert_string_equal(text, cases[i].expected);
    }
}

static void test_number__float_digits_agree_with_numpy(void **state)
{
    static const struct {
        uint32_t bits;
        const char *digits;
        int exponent;
    } cases[] = {
#include "tests/data/number/shortest_float32.inc"
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[NUMBER_FLOAT_BYTES + 1], digits[NUMBER_FLOAT_BYTES + 1];
        int exponent;

        write_text(float_of_bits(cases[i].bits), text);
        split(text, digits, &exponent);
        if (strcmp(digits, cases[i].digits) != 0 || exponent != cases[i].exponent)
            fail_msg("%08" PRIx32 " is written as %s, not as %se%d (a point after the first digit)",
                     cases[i].bits, text, cases[i].digits, cases[i].exponent);
    }
}

/* Every positive float where NESTD_TEST_FULL is 1 (some minutes), else each 997th; the sign of each
 * 997th. */
static void test_number__float_is_read_back(void **state)
{
    const char *full = getenv("NESTD_TEST_FULL");

    (void)state;
    for (uint32_t bits = 0; bits < infinity_bits; bits += 997)
        assert_shortest(bits | UINT32_C(1) << 31, false);
    for (uint32_t bits = 0; bits < infinity_bits; bits += full && strcmp(full, "1") == 0 ? 1 : 997)
        assert_shortest(bits, false);
}

static void test_number__float_has_no_shorter_text(void **state)
{
    (void)state;
    for (uint32_t bits = 1; bits < infinity_bits; bits += 4999)
        assert_shortest(bits, true);
    for (uint32_t exponent = 1; exponent < 255; exponent++)
        for (int32_t off = -3; off <= 3; off++)
            assert_shortest((exponent << 23) + (uint32_t)off, true);
    for (uint32_t bits = 1; bits < 2000; bits++) /* the smallest subnormal numbers */
        assert_shortest(bits, true);
}

static void test_number__integers(void **state)
{
    static const uint64_t edges[] = {
        0,         9,          10,         99,         100,
        999,       1000,       9999,       10000,      99999,
        100000,    999999,     4294967295, 4294967296, 99999999999,
        INT64_MAX, UINT64_MAX, 1u << 31,   1000000,    UINT64_C(10000000000000000000),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        char text[NUMBER_U64_BYTES + 1], expected[NUMBER_U64_BYTES + 2];

        *number_write_u64(text, edges[i]) = '\0';
        snprintf(expected, sizeof(expected), "%" PRIu64, edges[i]);
        assert_string_equal(text, expected);
    }
}

static void test_number__signed_integers(void **state)
{
    static const int64_t edges[] = {0, 1, -1, -9, -10, 42, -12345, INT64_MAX, INT64_MIN};

    (void)state;
    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        char text[NUMBER_I64_BYTES + 1], expected[NUMBER_I64_BYTES + 2];

        *number_write_i64(text, edges[i]) = '\0';
        snprintf(expected, sizeof(expected), "%" PRId64, edges[i]);
        assert_string_equal(text, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number__float_forms),
        cmocka_unit_test(test_number__float_digits_agree_with_numpy),
        cmocka_unit_test(test_number__float_is_read_back),
        cmocka_unit_test(test_number__float_has_no_shorter_text),
        cmocka_unit_test(test_number__integers),
        cmocka_unit_test(test_number__signed_integers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
