/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/api/similarity.h"
#include "server/api/tei.h"
#include "server/api/tei_tokens.h"
#include "tests/server/api/embed/decoding.h"

#include <string.h>

static void test_tei__refuses_bad_bodies(void **state)
{
    static const struct bad similarity_cases[] = {
        {"{}", PROBLEM_BAD_REQUEST, "inputs", "missing"},
        {"{\"inputs\":\"a\"}", PROBLEM_BAD_REQUEST, "inputs", "is a text"},
        {"{\"inputs\":{}}", PROBLEM_BAD_REQUEST, "inputs.source_sentence", "missing"},
        {"{\"inputs\":{\"source_sentence\":\"a\"}}", PROBLEM_BAD_REQUEST, "inputs.sentences",
         "missing"},
        {"{\"inputs\":{\"source_sentence\":\"a\",\"sentences\":\"b\"}}", PROBLEM_BAD_REQUEST,
         "inputs.sentences", "is a text"},
        {"{\"inputs\":{\"source_sentence\":\"a\",\"sentences\":[]}}", PROBLEM_EMPTY_INPUT,
         "inputs.sentences", "empty"},
        {"{\"inputs\":{\"source_sentence\":\"\",\"sentences\":[\"a\"]}}", PROBLEM_EMPTY_INPUT,
         "inputs.source_sentence", "empty"},
        {"{\"inputs\":{\"source_sentence\":\"a\",\"sentences\":[\"a\",\"b\",3]}}",
         PROBLEM_BAD_REQUEST, "inputs.sentences[2]", "is a number"},
        {"{\"inputs\":{\"source_sentence\":\"a\",\"sentences\":[\"a\"]},\"parameters\":3}",
         PROBLEM_BAD_REQUEST, "parameters", "an object"},
        {"{\"inputs\":{\"source_sentence\":\"a\",\"sentences\":[\"a\"]},"
         "\"parameters\":{\"dimensions\":99}}",
         PROBLEM_INVALID_VALUE, "parameters.dimensions", "1 to 8"},
        {"{\"inputs\":{\"source_sentence\":\"a\",\"sentences\":[\"a\"]},"
         "\"parameters\":{\"truncation_direction\":\"Up\"}}",
         PROBLEM_INVALID_VALUE, "parameters.truncation_direction", "Left"},
    };
    static const struct bad tokenize_cases[] = {
        {"{}", PROBLEM_BAD_REQUEST, "inputs", "missing"},
        {"{\"inputs\":[[1]]}", PROBLEM_BAD_REQUEST, "inputs[0]", "must be a text"},
        {"{\"inputs\":[]}", PROBLEM_EMPTY_INPUT, "inputs", "empty"},
        {"{\"inputs\":\"a\",\"add_special_tokens\":1}", PROBLEM_BAD_REQUEST, "add_special_tokens",
         "true or false"},
        {"{\"inputs\":\"a\",\"prompt_name\":\"foo\"}", PROBLEM_INVALID_VALUE, "prompt_name",
         "query"},
    };

    (void)state;
    CHECK_REFUSED(tei_similarity_read, similarity_cases);
    CHECK_REFUSED(tei_read_tokenize, tokenize_cases);
}

static void test_tei__takes_bodies(void **state)
{
    struct fields fields;

    (void)state;
    decode_good(tei_similarity_read,
                "{\"inputs\":{\"source_sentence\":\"a\",\"sentences\":[\"b\",\"c\"]},"
                "\"parameters\":{\"truncate\":true,\"truncation_direction\":\"Left\","
                "\"prompt_name\":\"query\",\"dimensions\":4}}",
                &fields);
    assert_int_equal(fields.n_inputs, 3);
    assert_int_equal(fields.n_rows, 1);
    assert_int_equal(fields.truncate, TRUNCATE_START);
    assert_int_equal(fields.similarity, SIMILARITY_COSINE);
    assert_int_equal(fields.n_dims, 4);
    assert_slice(fields.prompt, "query: ");
    fields_release(&fields);

    decode_good(tei_similarity_read,
                "{\"inputs\":{\"source_sentence\":\"a\",\"sentences\":[\"b\"]},"
                "\"parameters\":{\"truncate\":false,\"truncation_direction\":\"left\"}}",
                &fields);
    assert_int_equal(fields.truncate, TRUNCATE_NONE);
    fields_release(&fields);

    decode_good(tei_read_tokenize, "{\"inputs\":[\"a\",\"b\"],\"add_special_tokens\":false}",
                &fields);
    assert_int_equal(fields.n_inputs, 2);
    fields_release(&fields);
}

static void test_tei__takes_what_is_not_to_be_pooled(void **state)
{
    static const struct bad cases[] = {
        {"{}", PROBLEM_BAD_REQUEST, "inputs", "missing"},
        {"{\"inputs\":[true]}", PROBLEM_BAD_REQUEST, "inputs[0]", "'inputs[0]' must be"},
        {"{\"inputs\":[100]}", PROBLEM_INVALID_TOKEN, "inputs", "inputs[0]"},
        {"{\"inputs\":[\"a\",7]}", PROBLEM_BAD_REQUEST, "inputs[1]", "a text or a list"},
        {"{\"inputs\":[\"a\",[7,100]]}", PROBLEM_INVALID_TOKEN, "inputs", "inputs[1][1]"},
        {"{\"inputs\":[\"a\",\"\"]}", PROBLEM_EMPTY_INPUT, "inputs", "inputs[1]"},
        {"{\"inputs\":\"a\",\"truncation_direction\":\"up\"}", PROBLEM_INVALID_VALUE,
         "truncation_direction", "Left"},
    };
    struct fields fields;

    (void)state;
    decode_good(tei_read_embed_all,
                "{\"inputs\":[\"a\",\"b\"],\"truncation_direction\":\"Left\","
                "\"prompt_name\":\"query\"}",
                &fields);
    assert_false(fields.pooled);
    assert_int_equal(fields.n_inputs, 2);
    assert_int_equal(fields.n_dims, 4);
    assert_int_equal(fields.max_request_tokens, 32);
    assert_int_equal(fields.truncate, TRUNCATE_START);
    assert_slice(fields.prompt, "query: ");
    assert_string_equal(fields.row_field, "inputs");
    fields_release(&fields);
    decode_good(tei_read_embed_all, "{\"inputs\":[7,8]}", &fields);
    assert_int_equal(fields.n_inputs, 1);
    assert_int_equal(fields.inputs[0].n_ids, 2);
    fields_release(&fields);
    decode_good(tei_read_embed_all, "{\"inputs\":[[7,8],\"a\",[9]]}", &fields);
    assert_int_equal(fields.n_inputs, 3);
    assert_int_equal(fields.inputs[0].ids[1], 8);
    assert_slice(fields.inputs[1].text, "a");
    assert_int_equal(fields.inputs[2].n_ids, 1);
    assert_int_equal(fields.inputs[2].ids[0], 9);
    fields_release(&fields);
    CHECK_REFUSED(tei_read_embed_all, cases);
}

static void test_tei__normalizes_for_embed(void **state)
{
    struct limits raw = decoding_rules;
    struct fields fields;
    struct api_error error;
    static const struct bad cases[] = {
        {"{}", PROBLEM_BAD_REQUEST, "inputs", "missing"},
        {"{\"inputs\":\"a\",\"normalize\":1}", PROBLEM_BAD_REQUEST, "normalize", "is a number"},
        {"{\"inputs\":\"a\",\"dimensions\":9}", PROBLEM_INVALID_VALUE, "dimensions", "1 to 8"},
    };

    (void)state;
    raw.normalize = false;
    assert_true(decode_with(tei_read_embed, &raw, "{\"inputs\":\"a\"}", &fields, &error));
    assert_true(fields.normalize);
    assert_true(fields.pooled);
    assert_int_equal(fields.n_dims, 6);
    fields_release(&fields);
    decode_good(tei_read_embed,
                "{\"inputs\":[[7],\"b\"],\"normalize\":false,\"dimensions\":3,\"truncate\":true,"
                "\"truncation_direction\":\"left\",\"prompt_name\":\"passage\"}",
                &fields);
    assert_false(fields.normalize);
    assert_int_equal(fields.n_dims, 3);
    assert_int_equal(fields.truncate, TRUNCATE_START);
    assert_slice(fields.prompt, "passage: ");
    assert_slice(fields.inputs[1].text, "b");
    fields_release(&fields);
    CHECK_REFUSED(tei_read_embed, cases);
}

static void test_tei__takes_ids_only(void **state)
{
    static const struct bad cases[] = {
        {"{}", PROBLEM_BAD_REQUEST, "ids", "missing"},
        {"{\"ids\":\"a\"}", PROBLEM_BAD_REQUEST, "ids", "is a text"},
        {"{\"ids\":7}", PROBLEM_BAD_REQUEST, "ids", "is a number"},
        {"{\"ids\":[\"a\"]}", PROBLEM_BAD_REQUEST, "ids[0]", "is a text"},
        {"{\"ids\":[1,[2]]}", PROBLEM_BAD_REQUEST, "ids[1]", "is a list"},
        {"{\"ids\":[[1],2]}", PROBLEM_BAD_REQUEST, "ids[1]", "is a number"},
        {"{\"ids\":[]}", PROBLEM_EMPTY_INPUT, "ids", "empty list"},
        {"{\"ids\":[[1],[]]}", PROBLEM_EMPTY_INPUT, "ids", "ids[1]"},
        {"{\"ids\":[[1],[1],[1],[1]]}", PROBLEM_TOO_MANY_INPUTS, "ids", "4 items"},
        {"{\"ids\":[[1],[99,100]]}", PROBLEM_INVALID_TOKEN, "ids", "ids[1][1]"},
        {"{\"ids\":[-1]}", PROBLEM_INVALID_TOKEN, "ids", "ids[0]"},
        {"{\"ids\":[1],\"skip_special_tokens\":1}", PROBLEM_BAD_REQUEST, "skip_special_tokens",
         "is a number"},
    };
    struct fields fields;
    struct api_error error;
    char many[256] = "{\"ids\":[[1],[1";

    (void)state;
    decode_good(tei_read_decode, "{\"ids\":[7,99,0]}", &fields);
    assert_int_equal(fields.n_inputs, 1);
    assert_int_equal(fields.inputs[0].n_ids, 3);
    assert_int_equal(fields.inputs[0].ids[1], 99);
    assert_true(fields.skip_special);
    fields_release(&fields);
    decode_good(tei_read_decode, "{\"ids\":[[7],[8,9]],\"skip_special_tokens\":false}", &fields);
    assert_int_equal(fields.n_inputs, 2);
    assert_int_equal(fields.inputs[1].ids[1], 9);
    assert_false(fields.skip_special);
    fields_release(&fields);
    CHECK_REFUSED(tei_read_decode, cases);

    for (int i = 0; i < 63; i++)
        strcat(many, ",1");
    strcat(many, "]]}");
    assert_false(decode_with(tei_read_decode, &decoding_rules, many, &fields, &error));
    assert_int_equal(error.problem, PROBLEM_TOO_MANY_TOKENS);
    assert_non_null(strstr(error.message, "Requested 65 tokens, max 64 tokens per request"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tei__refuses_bad_bodies),
        cmocka_unit_test(test_tei__takes_bodies),
        cmocka_unit_test(test_tei__takes_what_is_not_to_be_pooled),
        cmocka_unit_test(test_tei__normalizes_for_embed),
        cmocka_unit_test(test_tei__takes_ids_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
