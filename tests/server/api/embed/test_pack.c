/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/api/embed/vector_json.h"
#include "server/api/embed/pack.h"

#include <string.h>

static void assert_packed(enum pack pack, const float *values, size_t n_values, float scale,
                          const char *expected)
{
    struct buffer buffer = {0};

    vector_json_packed(&buffer, pack, values, n_values, scale);
    buffer_append(&buffer, "", 1);
    assert_false(buffer_failed(&buffer));
    assert_string_equal(buffer.bytes, expected);
    buffer_release(&buffer);
}

/* By hand: 127 * 0.5 = 63.5 and 127 * 0.25 = 31.75; halves go to the even number, as numpy's. */
static void test_pack__int8_is_127_times_the_number_rounded(void **state)
{
    static const float values[] = {0, 1, -1, 0.5F, -0.5F, 0.25F, 1.5F / 127, 2.5F / 127, 0.004F};

    (void)state;
    assert_packed(PACK_INT8, values, 9, 1, "[0,127,-127,64,-64,32,2,2,1]");
    assert_packed(PACK_UINT8, values, 9, 1, "[128,255,1,192,64,160,130,130,129]");
}

static void test_pack__int8_is_clamped(void **state)
{
    static const float values[] = {1.0001F, 2, -1.003F, -2, 1e30F, -1e30F};

    (void)state;
    assert_packed(PACK_INT8, values, 6, 1, "[127,127,-127,-128,127,-128]");
    assert_packed(PACK_UINT8, values, 6, 1, "[255,255,1,0,255,0]");
}

static void test_pack__int8_is_of_the_vector_at_length_1(void **state)
{
    static const float values[] = {3, -4};
    static const float nothing[] = {0, 0};

    (void)state;
    /* 127 * 0.6 = 76.2, 127 * 0.8 = 101.6 */
    assert_packed(PACK_INT8, values, 2, pack_find_scale(values, 2), "[76,-102]");
    assert_packed(PACK_INT8, nothing, 2, pack_find_scale(nothing, 2), "[0,0]");
}

static void test_pack__bits_are_of_what_is_above_zero(void **state)
{
    static const float values[] = {1, -1, 0, 1e-30F, -0.0F, 2, 3, -4, 5, 6};

    (void)state;
    /* 1001 0110, and 11 filled with zeros */
    assert_packed(PACK_UBINARY, values, 10, 1, "[150,192]");
    assert_packed(PACK_BINARY, values, 10, 1, "[22,64]");
    assert_packed(PACK_UBINARY, values, 8, 1, "[150]");
    assert_packed(PACK_BINARY, values + 1, 1, 1, "[-128]");
}

static void test_pack__names_are_parsed(void **state)
{
    enum pack pack = N_PACKS;

    (void)state;
    for (int i = 0; i < N_PACKS; i++) {
        const char *name = pack_name((enum pack)i);

        assert_true(pack_parse((struct slice){name, strlen(name)}, &pack));
        assert_int_equal(pack, i);
    }
    assert_false(pack_parse((struct slice){"int8", 3}, &pack));
    assert_false(pack_parse((struct slice){"float", 5}, &pack));
    assert_false(pack_parse((struct slice){0}, &pack));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pack__int8_is_127_times_the_number_rounded),
        cmocka_unit_test(test_pack__int8_is_clamped),
        cmocka_unit_test(test_pack__int8_is_of_the_vector_at_length_1),
        cmocka_unit_test(test_pack__bits_are_of_what_is_above_zero),
        cmocka_unit_test(test_pack__names_are_parsed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
