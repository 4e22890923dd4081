/* SPDX-License-Identifier: Apache-2.0 */

#include "server/text/memory_budget.h"
#include "server/text/buffer.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <jansson.h>

static void assert_text(const struct buffer *buffer, const char *expected)
{
    assert_false(buffer_failed(buffer));
    assert_int_equal(buffer->len_bytes, strlen(expected));
    assert_memory_equal(buffer->bytes, expected, buffer->len_bytes);
}

static void assert_json_string(const char *bytes, size_t len_bytes, const char *expected)
{
    struct buffer buffer = {0};

    buffer_append_json_string(&buffer, bytes, len_bytes);
    assert_text(&buffer, expected);
    buffer_release(&buffer);
}

static void test_text__appends_in_order(void **state)
{
    struct buffer buffer = {0};

    (void)state;
    buffer_append(&buffer, "ab", 2);
    buffer_append(&buffer, NULL, 0);
    buffer_append_string(&buffer, "c");
    buffer_append_string(&buffer, "");
    buffer_appendf(&buffer, "-%d-%s", 42, "x");
    assert_text(&buffer, "abc-42-x");
    buffer_release(&buffer);
    assert_null(buffer.bytes);
    assert_int_equal(buffer.len_bytes, 0);
    buffer_release(&buffer);
    buffer_release(NULL);
}

static void test_text__keeps_what_it_holds_while_growing(void **state)
{
    struct buffer buffer = {0};

    (void)state;
    for (int i = 0; i < 100000; i++)
        buffer_appendf(&buffer, "%06d", i);
    assert_false(buffer_failed(&buffer));
    assert_int_equal(buffer.len_bytes, 600000);
    for (int i = 0; i < 100000; i += 37) {
        char expected[16];
        snprintf(expected, sizeof(expected), "%06d", i);
        assert_memory_equal(buffer.bytes + (size_t)i * 6, expected, 6);
    }
    buffer_release(&buffer);
}

static void test_text__formats_across_the_end_of_its_room(void **state)
{
    (void)state;
    for (size_t n_before = 240; n_before < 270; n_before++) {
        struct buffer buffer = {0};

        for (size_t i = 0; i < n_before; i++)
            buffer_append(&buffer, ".", 1);
        buffer_appendf(&buffer, "%s", "abcdefgh");
        assert_int_equal(buffer.len_bytes, n_before + 8);
        assert_memory_equal(buffer.bytes + n_before, "abcdefgh", 8);
        buffer_release(&buffer);
    }
}

static void test_text__reserved_room_can_be_written_whole(void **state)
{
    struct buffer buffer = {0};
    char *to;

    (void)state;
    assert_non_null(buffer_reserve(&buffer, 0));
    buffer_append(&buffer, "head", 4);
    to = buffer_reserve(&buffer, 5000);
    assert_non_null(to);
    memset(to, 'x', 5000);
    buffer.len_bytes += 5000;
    buffer_append(&buffer, "tail", 4);
    assert_int_equal(buffer.len_bytes, 5008);
    assert_memory_equal(buffer.bytes, "headx", 5);
    assert_memory_equal(buffer.bytes + 5003, "xtail", 5);
    buffer_release(&buffer);
}

static void test_text__failure_sticks(void **state)
{
    struct buffer buffer = {0};

    (void)state;
    buffer_append(&buffer, "kept", 4);
    assert_null(buffer_reserve(&buffer, SIZE_MAX));
    assert_true(buffer_failed(&buffer));
    buffer_append(&buffer, "lost", 4);
    buffer_append_json_string(&buffer, "lost", 4);
    buffer_appendf(&buffer, "%d", 1);
    assert_null(buffer_reserve(&buffer, 1));
    assert_true(buffer_failed(&buffer));
    assert_int_equal(buffer.len_bytes, 4);
    buffer_release(&buffer);
    assert_false(buffer_failed(&buffer));
    buffer_append(&buffer, "new", 3);
    assert_text(&buffer, "new");
    buffer_release(&buffer);
}

static void test_text__json_string_escapes_what_json_forbids(void **state)
{
    (void)state;
    assert_json_string("", 0, "\"\"");
    assert_json_string(NULL, 0, "\"\"");
    assert_json_string("plain", 5, "\"plain\"");
    assert_json_string("a\"b\\c/", 6, "\"a\\\"b\\\\c/\"");
    assert_json_string("\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"");
    assert_json_string("\0\x01\x1f ", 4, "\"\\u0000\\u0001\\u001f \"");
    assert_json_string("\x7f", 1, "\"\x7f\"");
    assert_json_string("\xe2\x80\xa8\xe2\x80\xa9\xf0\x9f\x98\x80", 10,
                       "\"\xe2\x80\xa8\xe2\x80\xa9\xf0\x9f\x98\x80\"");
}

/* jansson is the oracle: what it reads back is what was written. */
static void test_text__json_string_is_read_back(void **state)
{
    char bytes[256 + 6];
    size_t len_bytes = 0;
    struct buffer buffer = {0};
    json_t *value;

    (void)state;
    for (int i = 0; i < 128; i++) {
        bytes[len_bytes++] = (char)i;
        if (i % 5 == 0)
            bytes[len_bytes++] = '"';
    }
    memcpy(bytes + len_bytes, "\xc3\xa9\xe4\xb8\xad", 5);
    len_bytes += 5;
    buffer_append_json_string(&buffer, bytes, len_bytes);
    assert_false(buffer_failed(&buffer));
    value = json_loadb(buffer.bytes, buffer.len_bytes, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert_non_null(value);
    assert_int_equal(json_string_length(value), len_bytes);
    assert_memory_equal(json_string_value(value), bytes, len_bytes);
    json_decref(value);
    buffer_release(&buffer);
}

static void test_text__json_string_is_as_long_as_foretold(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char bytes[3] = {'a', (char)byte, 'b'};
        struct buffer buffer = {0};

        buffer_append_json_string(&buffer, bytes, sizeof(bytes));
        assert_int_equal(buffer_json_string_length(bytes, sizeof(bytes)), buffer.len_bytes);
        buffer_release(&buffer);
    }
}

static void test_text__takes_the_capacity_that_it_is_given(void **state)
{
    struct buffer buffer = {0};

    (void)state;
    assert_true(buffer_set_capacity(&buffer, 10));
    assert_int_equal(buffer.capacity_bytes, 10);
    buffer_append(&buffer, "0123456789", 10);
    assert_int_equal(buffer.capacity_bytes, 10);
    assert_true(buffer_set_capacity(&buffer, 5));
    assert_int_equal(buffer.capacity_bytes, 10);
    assert_true(buffer_set_capacity(&buffer, 11));
    assert_memory_equal(buffer.bytes, "0123456789", 10);
    buffer_release(&buffer);
}

static void test_text__takes_its_capacity_from_its_claim(void **state)
{
    struct memory_budget budget = {.limit_bytes = 10000};
    struct memory_claim claim = {.budget = &budget};
    struct buffer buffer = {.memory = &claim};

    (void)state;
    while (!buffer_failed(&buffer)) {
        assert_int_equal(budget.used_bytes, buffer.capacity_bytes);
        buffer_append(&buffer, "0123456789", 10);
    }
    assert_true(memory_is_refused(&claim));
    assert_true(buffer.len_bytes >= 2500 && buffer.len_bytes <= 10000);
    assert_int_equal(budget.used_bytes, buffer.capacity_bytes);
    buffer_release(&buffer);
    assert_int_equal(budget.used_bytes, 0);
    assert_false(buffer_failed(&buffer));
    buffer_append(&buffer, "a", 1);
    assert_int_equal(claim.held_bytes, buffer.capacity_bytes);
    buffer_release(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text__appends_in_order),
        cmocka_unit_test(test_text__keeps_what_it_holds_while_growing),
        cmocka_unit_test(test_text__formats_across_the_end_of_its_room),
        cmocka_unit_test(test_text__reserved_room_can_be_written_whole),
        cmocka_unit_test(test_text__failure_sticks),
        cmocka_unit_test(test_text__json_string_escapes_what_json_forbids),
        cmocka_unit_test(test_text__json_string_is_read_back),
        cmocka_unit_test(test_text__json_string_is_as_long_as_foretold),
        cmocka_unit_test(test_text__takes_the_capacity_that_it_is_given),
        cmocka_unit_test(test_text__takes_its_capacity_from_its_claim),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
