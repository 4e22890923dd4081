/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/api/cohere.h"
#include "server/text/buffer.h"
#include "server/text/memory_budget.h"
#include "tests/server/api/embed/decoding.h"

static void test_cohere__reads_its_fields(void **state)
{
    struct fields fields;

    (void)state;
    decode_good(cohere_read_embed, "{\"texts\":[\"a\",\"b\"]}", &fields);
    assert_int_equal(fields.n_inputs, 2);
    assert_slice(fields.inputs[1].text, "b");
    assert_int_equal(fields.types, 1U << COHERE_FLOAT);
    assert_int_equal(fields.max_tokens, 16);
    assert_int_equal(fields.n_dims, 6);
    fields_release(&fields);

    decode_good(cohere_read_embed,
                "{\"inputs\":[{\"content\":[{\"type\":\"text\",\"text\":\"c\"}]}],"
                "\"embedding_types\":[\"ubinary\",\"base64\",\"ubinary\"],"
                "\"output_dimension\":3,\"max_tokens\":5,\"truncate\":\"START\","
                "\"input_type\":\"search_document\"}",
                &fields);
    assert_int_equal(fields.n_inputs, 1);
    assert_slice(fields.inputs[0].text, "c");
    assert_int_equal(fields.types, 1U << COHERE_BASE64 | 1U << (COHERE_PACKED + PACK_UBINARY));
    assert_int_equal(fields.n_dims, 3);
    assert_int_equal(fields.max_tokens, 5);
    assert_int_equal(fields.truncate, TRUNCATE_START);
    assert_slice(fields.prompt, "passage: ");
    assert_string_equal(fields.row_field, "inputs");
    fields_release(&fields);

    /* More than the model takes is what it takes. */
    decode_good(cohere_read_embed, "{\"texts\":[\"a\"],\"max_tokens\":999}", &fields);
    assert_int_equal(fields.max_tokens, 16);
    fields_release(&fields);
}

/* Promise 13: an item of two bytes takes many times as much once it is found. */
static void test_cohere__takes_memory_for_the_items_of_a_list(void **state)
{
    enum { N_ITEMS = 100000 };
    struct memory_budget budget = {.limit_bytes = 1 << 20};
    struct memory_claim claim = {.budget = &budget};
    struct api_error error = {0};
    struct buffer body = {0};
    struct fields fields;

    (void)state;
    buffer_append_string(&body, "{\"inputs\":[");
    for (size_t i = 0; i < N_ITEMS; i++)
        buffer_append_string(&body, "1,");
    buffer_append_string(&body, "1]}");
    assert_false(buffer_failed(&body));
    assert_false(decode_body((struct slice){body.bytes, body.len_bytes}, &decoding_rules, &claim,
                             cohere_read_embed, &fields, &error));
    assert_int_equal(error.problem, PROBLEM_PAYLOAD_TOO_LARGE);
    assert_int_equal(budget.used_bytes, 0);
    buffer_release(&body);
}

static void test_cohere__refuses_bad_fields(void **state)
{
    static const struct bad cases[] = {
        {"{}", PROBLEM_BAD_REQUEST, "texts", "missing"},
        {"{\"texts\":[],\"x\":1}", PROBLEM_EMPTY_INPUT, "texts", "empty list"},
        {"{\"texts\":[1]}", PROBLEM_BAD_REQUEST, "texts[0]", "must be a text"},
        {"{\"texts\":[\"a\"],\"inputs\":[]}", PROBLEM_BAD_REQUEST, "inputs", "exclude each"},
        {"{\"texts\":[\"a\"],\"images\":[]}", PROBLEM_INVALID_VALUE, "images", "only texts"},
        {"{\"inputs\":\"a\"}", PROBLEM_BAD_REQUEST, "inputs", "is a text"},
        {"{\"inputs\":[]}", PROBLEM_EMPTY_INPUT, "inputs", "empty list"},
        {"{\"inputs\":[{},{},{},{}]}", PROBLEM_TOO_MANY_INPUTS, "inputs", "4 items"},
        {"{\"inputs\":[1,2]}", PROBLEM_BAD_REQUEST, "inputs[0]", "must be an object"},
        {"{\"inputs\":[{\"content\":[]}]}", PROBLEM_BAD_REQUEST, "inputs[0].content", "one text"},
        {"{\"inputs\":[{\"content\":\"a\"}]}", PROBLEM_BAD_REQUEST, "inputs[0].content",
         "one text"},
        {"{\"inputs\":[{\"content\":[{\"type\":\"text\"}]}]}", PROBLEM_BAD_REQUEST,
         "inputs[0].content", "one text"},
        {"{\"inputs\":[{\"content\":[{\"type\":\"text\",\"text\":\"\"}]}]}", PROBLEM_EMPTY_INPUT,
         "inputs", "inputs[0].content"},
        {"{\"inputs\":[{\"content\":[{\"type\":\"image_url\"}]}]}", PROBLEM_INVALID_VALUE,
         "inputs[0].content", "an image"},
        {"{\"texts\":[\"a\"],\"embedding_types\":\"int8\"}", PROBLEM_BAD_REQUEST, "embedding_types",
         "at least one of"},
        {"{\"texts\":[\"a\"],\"embedding_types\":[]}", PROBLEM_BAD_REQUEST, "embedding_types",
         "at least one of"},
        {"{\"texts\":[\"a\"],\"embedding_types\":[\"float\",7]}", PROBLEM_BAD_REQUEST,
         "embedding_types[1]", "is a number"},
        {"{\"texts\":[\"a\"],\"embedding_types\":[\"float\\u0000\"]}", PROBLEM_INVALID_VALUE,
         "embedding_types[0]", "ubinary"},
        {"{\"texts\":[\"a\"],\"max_tokens\":2}", PROBLEM_INVALID_VALUE, "max_tokens", "at least 3"},
        {"{\"texts\":[\"a\"],\"max_tokens\":\"4\"}", PROBLEM_BAD_REQUEST, "max_tokens",
         "is a text"},
        {"{\"texts\":[\"a\"],\"output_dimension\":9}", PROBLEM_INVALID_VALUE, "output_dimension",
         "1 to 8"},
        {"{\"texts\":[\"a\"],\"input_type\":\"image\"}", PROBLEM_INVALID_VALUE, "input_type",
         "clustering"},
    };

    (void)state;
    CHECK_REFUSED(cohere_read_embed, cases);
}

/* What stands beside a text may be anything that is JSON. */
static void test_cohere__ignores_what_stands_beside_contents(void **state)
{
    struct fields fields;

    (void)state;
    decode_good(cohere_read_embed,
                "{\"inputs\":[{\"x\":2e-310,\"content\":[{\"y\":18446744073709551616,"
                "\"type\":\"text\",\"text\":\"a\",\"\\u0000\":[1e999]}]}]}",
                &fields);
    assert_int_equal(fields.n_inputs, 1);
    assert_slice(fields.inputs[0].text, "a");
    fields_release(&fields);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cohere__ignores_what_stands_beside_contents),
        cmocka_unit_test(test_cohere__reads_its_fields),
        cmocka_unit_test(test_cohere__takes_memory_for_the_items_of_a_list),
        cmocka_unit_test(test_cohere__refuses_bad_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
