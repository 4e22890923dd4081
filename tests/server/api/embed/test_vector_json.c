/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/api/embed/vector_json.h"

#include "server/text/number.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float values[] = {
    0.0F, -0.0F, 1.0F, -1.0F, 0.1F, 1e-7F, 3.4028235e38F, 1.17549435e-38F, 16777216.0F,
};
enum { N_VALUES = sizeof(values) / sizeof(values[0]) };

static void assert_text(struct buffer *buffer, const char *expected)
{
    assert_false(buffer_failed(buffer));
    assert_int_equal(buffer->len_bytes, strlen(expected));
    assert_memory_equal(buffer->bytes, expected, buffer->len_bytes);
    buffer_release(buffer);
}

/* The oracle is the C library: it reads each number as text. */
static void test_encode__floats_read_back_as_they_were(void **state)
{
    struct buffer buffer = {0};
    char *at;

    (void)state;
    vector_json_floats(&buffer, values, N_VALUES);
    buffer_append(&buffer, "", 1);
    assert_false(buffer_failed(&buffer));
    at = buffer.bytes;
    assert_int_equal(*at, '[');
    for (size_t i = 0; i < N_VALUES; i++) {
        float x = strtof(at + 1, &at);

        assert_memory_equal(&x, &values[i], sizeof(x));
        assert_int_equal(*at, i + 1 < N_VALUES ? ',' : ']');
    }
    assert_int_equal(at[1], '\0');
    buffer_release(&buffer);
}

static void test_encode__floats_are_json(void **state)
{
    struct buffer buffer = {0};
    json_t *json;

    (void)state;
    vector_json_floats(&buffer, values, N_VALUES);
    json = json_loadb(buffer.bytes, buffer.len_bytes, 0, NULL);
    assert_non_null(json);
    assert_int_equal(json_array_size(json), N_VALUES);
    json_decref(json);
    buffer_release(&buffer);
}

/* Expected: Python's base64.b64encode(numpy.array(values, "<f4").tobytes()). */
static void test_encode__base64_is_of_little_endian_float32(void **state)
{
    struct buffer buffer = {0};

    (void)state;
    vector_json_base64(&buffer, values, N_VALUES);
    assert_text(&buffer, "\"AAAAAAAAAIAAAIA/AACAv83MzD2Vv9Yz//9/fwAAgAAAAIBL\"");
    vector_json_base64(&buffer, values + 2, 1);
    assert_text(&buffer, "\"AACAPw==\"");
    vector_json_base64(&buffer, values + 2, 2);
    assert_text(&buffer, "\"AACAPwAAgL8=\"");
    vector_json_base64(&buffer, values + 2, 3);
    assert_text(&buffer, "\"AACAPwAAgL/NzMw9\"");
}

/* Expected: Python's round(127 * x), half to even, and base64.b64encode. */
static void test_encode__packed_bytes_are_numbers_or_base64(void **state)
{
    static const float unit[] = {0.6F, -0.8F, 0.0F, 1.0F, -1.0F, 0.1F, -0.1F, 0.25F, 0.5F};
    static const struct {
        enum pack pack;
        const char *numbers;
        const char *base64;
    } cases[] = {
        {PACK_INT8, "[76,-102,0,127,-127,13,-13,32,64]", "\"TJoAf4EN8yBA\""},
        {PACK_UINT8, "[204,26,128,255,1,141,115,160,192]", "\"zBqA/wGNc6DA\""},
        {PACK_UBINARY, "[149,128]", "\"lYA=\""},
        {PACK_BINARY, "[21,0]", "\"FQA=\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer buffer = {0};

        vector_json_packed(&buffer, cases[i].pack, unit, 9, 1);
        assert_text(&buffer, cases[i].numbers);
        vector_json_packed_base64(&buffer, cases[i].pack, unit, 9, 1);
        assert_text(&buffer, cases[i].base64);
        vector_json_packed_base64(&buffer, cases[i].pack, unit, 0, 1);
        assert_text(&buffer, "\"\"");
    }
}

static void test_encode__appends_to_what_is_there(void **state)
{
    static const size_t indices[] = {0, 7, SIZE_MAX};
    struct buffer buffer = {0};

    (void)state;
    buffer_append_string(&buffer, "x");
    vector_json_indices(&buffer, indices, 2);
    vector_json_indices(&buffer, NULL, 0);
    vector_json_floats(&buffer, values, 0);
    assert_text(&buffer, "x[0,7][][]");
    vector_json_indices(&buffer, indices, 3);
    assert_text(&buffer, "[0,7,18446744073709551615]");
}

/* Room is reserved by these numbers before a vector is there, so no text may be longer. */
static void test_encode__needs_no_more_room_than_foretold(void **state)
{
    uint32_t bits = 1;
    size_t longest = 0;

    (void)state;
    for (int i = 0; i < 3000000; i++) {
        float value;
        char number[NUMBER_FLOAT_BYTES];

        bits = bits * 1664525 + 1013904223;
        if (i % 2) /* between 1e-5 and 1, where zeros come before the digits */
            bits = (bits & 0x807fffff) | (uint32_t)(111 + i / 2 % 16) << 23;
        memcpy(&value, &bits, sizeof(value));
        if (isfinite(value)) {
            size_t len = (size_t)(number_write_float(number, value) - number);

            longest = len > longest ? len : longest;
        }
    }
    assert_int_equal(longest, NUMBER_FLOAT_MAX_CHARS);
    for (size_t n = 0; n < 400; n += 13) {
        float ones[400];

        for (size_t i = 0; i < n; i++)
            ones[i] = -1;
        for (int pack = 0; pack < N_PACKS; pack++) {
            struct buffer buffer = {0};

            assert_true(
                buffer_set_capacity(&buffer, vector_json_packed_max_bytes((enum pack)pack, n)));
            vector_json_packed(&buffer, (enum pack)pack, ones, n, 1);
            assert_true(buffer.capacity_bytes <= vector_json_packed_max_bytes((enum pack)pack, n));
            buffer_release(&buffer);
            assert_true(buffer_set_capacity(
                &buffer, vector_json_packed_base64_max_bytes((enum pack)pack, n)));
            vector_json_packed_base64(&buffer, (enum pack)pack, ones, n, 1);
            assert_true(buffer.capacity_bytes <=
                        vector_json_packed_base64_max_bytes((enum pack)pack, n));
            buffer_release(&buffer);
        }
    }
}

static void test_encode__leaves_a_failed_text_alone(void **state)
{
    struct buffer buffer = {.failed = true};

    (void)state;
    vector_json_floats(&buffer, values, N_VALUES);
    vector_json_base64(&buffer, values, N_VALUES);
    vector_json_indices(&buffer, (size_t[]){1}, 1);
    assert_true(buffer_failed(&buffer));
    assert_int_equal(buffer.len_bytes, 0);
    buffer_release(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode__floats_read_back_as_they_were),
        cmocka_unit_test(test_encode__floats_are_json),
        cmocka_unit_test(test_encode__base64_is_of_little_endian_float32),
        cmocka_unit_test(test_encode__packed_bytes_are_numbers_or_base64),
        cmocka_unit_test(test_encode__appends_to_what_is_there),
        cmocka_unit_test(test_encode__needs_no_more_room_than_foretold),
        cmocka_unit_test(test_encode__leaves_a_failed_text_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
