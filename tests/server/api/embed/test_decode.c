/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/api/cohere.h"
#include "server/api/openai.h"
#include "server/api/similarity.h"
#include "server/api/tei_tokens.h"
#include "server/text/buffer.h"
#include "tests/server/api/embed/decoding.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is refused ---- */

static void test_decode__refuses_bodies_that_are_not_an_object(void **state)
{
    static const struct bad cases[] = {
        {"", PROBLEM_NOT_JSON, "", "empty"},
        {"{", PROBLEM_NOT_JSON, "", "not valid JSON"},
        {"{\"input\":\"a\"} x", PROBLEM_NOT_JSON, "", "not valid JSON"},
        {"{\"input\":'a'}", PROBLEM_NOT_JSON, "", "not valid JSON"},
        {"{\"input\":NaN}", PROBLEM_NOT_JSON, "", "not valid JSON"},
        {"{\"input\":\"a\tb\"}", PROBLEM_NOT_JSON, "", "not valid JSON"},
        {"[\"a\"]", PROBLEM_BAD_REQUEST, "", "is a list"},
        {"\"a\"", PROBLEM_BAD_REQUEST, "", "is a text"},
        {"null", PROBLEM_BAD_REQUEST, "", "is null"},
        {"{\"input\":\"a\",\"input\":\"b\"}", PROBLEM_BAD_REQUEST, "input", "occurs twice"},
        {"{\"inp\\u0075t\":\"a\",\"input\":\"b\"}", PROBLEM_BAD_REQUEST, "input", "occurs twice"},
        {"{\"input\":\"a\",\"inp\\u0075t\":\"b\"}", PROBLEM_BAD_REQUEST, "input", "occurs twice"},
        {"{\"x\":1,\"x\":2}", PROBLEM_BAD_REQUEST, "x", "occurs twice"},
        {"{\"input\":\"\xff\"}", PROBLEM_NOT_JSON, "", "not valid UTF-8"},
        {"{\"input\":\"\xed\xa0\x80\"}", PROBLEM_NOT_JSON, "", "not valid UTF-8"},
        {"{\"input\":\"\xc0\xaf\"}", PROBLEM_NOT_JSON, "", "not valid UTF-8"},
        {"{\"input\":\"\\ud800\"}", PROBLEM_NOT_JSON, "", "lone surrogate"},
        {"{\"input\":\"\\udc00\\ud800\"}", PROBLEM_NOT_JSON, "", "lone surrogate"},
    };

    (void)state;
    CHECK_REFUSED(openai_read_embeddings, cases);
    CHECK_REFUSED(cohere_read_embed, cases);
    CHECK_REFUSED(similarity_read, cases);
    CHECK_REFUSED(tei_similarity_read, cases);
    CHECK_REFUSED(tei_read_tokenize, cases);
}

static void test_decode__refuses_bad_inputs(void **state)
{
    static const struct bad cases[] = {
        {"{}", PROBLEM_BAD_REQUEST, "input", "missing"},
        {"{\"input\":null}", PROBLEM_BAD_REQUEST, "input", "missing"},
        {"{\"input\":5}", PROBLEM_BAD_REQUEST, "input", "is a number"},
        {"{\"input\":true}", PROBLEM_BAD_REQUEST, "input", "is true or false"},
        {"{\"input\":{}}", PROBLEM_BAD_REQUEST, "input", "is an object"},
        {"{\"input\":\"\"}", PROBLEM_EMPTY_INPUT, "input", "empty text"},
        {"{\"input\":[]}", PROBLEM_EMPTY_INPUT, "input", "empty list"},
        {"{\"input\":[\"a\",\"\"]}", PROBLEM_EMPTY_INPUT, "input", "input[1]"},
        {"{\"input\":[[]]}", PROBLEM_EMPTY_INPUT, "input", "input[0]"},
        {"{\"input\":[[1],[]]}", PROBLEM_EMPTY_INPUT, "input", "input[1]"},
        {"{\"input\":[\"a\",5]}", PROBLEM_BAD_REQUEST, "input[1]", "must be a text"},
        {"{\"input\":[\"a\",[5]]}", PROBLEM_BAD_REQUEST, "input[1]", "must be a text"},
        {"{\"input\":[\"a\",null]}", PROBLEM_BAD_REQUEST, "input[1]", "is null"},
        {"{\"input\":[null]}", PROBLEM_BAD_REQUEST, "input[0]", "is null"},
        {"{\"input\":[1.5]}", PROBLEM_BAD_REQUEST, "input[0]", "not whole"},
        {"{\"input\":[1,2.5]}", PROBLEM_BAD_REQUEST, "input[1]", "not whole"},
        {"{\"input\":[1,\"a\"]}", PROBLEM_BAD_REQUEST, "input[1]", "is a text"},
        {"{\"input\":[[1],\"a\"]}", PROBLEM_BAD_REQUEST, "input[1]", "list of token ids"},
        {"{\"input\":[[1],2]}", PROBLEM_BAD_REQUEST, "input[1]", "list of token ids"},
        {"{\"input\":[[1],[2,[3]]]}", PROBLEM_BAD_REQUEST, "input[1][1]", "is a list"},
        {"{\"input\":[[\"a\"]]}", PROBLEM_BAD_REQUEST, "input[0][0]", "is a text"},
        {"{\"input\":[\"a\",\"b\",\"c\",\"d\"]}", PROBLEM_TOO_MANY_INPUTS, "input",
         "4 items, but at most 3"},
        {"{\"input\":[[1],[1],[1],[1]]}", PROBLEM_TOO_MANY_INPUTS, "input",
         "4 items, but at most 3"},
        {"{\"input\":[99,100]}", PROBLEM_INVALID_TOKEN, "input",
         "'input[1]' is the token id 100, but the model's vocabulary has 100 tokens"},
        {"{\"input\":[-1]}", PROBLEM_INVALID_TOKEN, "input", "-1"},
        {"{\"input\":[[1],[1,4294967297]]}", PROBLEM_INVALID_TOKEN, "input", "input[1][1]"},
    };

    (void)state;
    CHECK_REFUSED(openai_read_embeddings, cases);
}

static void test_decode__refuses_bad_options(void **state)
{
    static const struct bad cases[] = {
        {"{\"input\":\"a\",\"model\":1}", PROBLEM_BAD_REQUEST, "model", "is a number"},
        {"{\"input\":\"a\",\"dimensions\":\"8\"}", PROBLEM_BAD_REQUEST, "dimensions", "is a text"},
        {"{\"input\":\"a\",\"dimensions\":4.5}", PROBLEM_BAD_REQUEST, "dimensions", "not whole"},
        {"{\"input\":\"a\",\"dimensions\":0}", PROBLEM_INVALID_VALUE, "dimensions", "1 to 8"},
        {"{\"input\":\"a\",\"dimensions\":-4}", PROBLEM_INVALID_VALUE, "dimensions", "1 to 8"},
        {"{\"input\":\"a\",\"dimensions\":9}", PROBLEM_INVALID_VALUE, "dimensions", "1 to 8"},
        {"{\"input\":\"a\",\"dimensions\":4294967300}", PROBLEM_INVALID_VALUE, "dimensions", "8"},
        {"{\"input\":\"a\",\"encoding_format\":\"hex\"}", PROBLEM_INVALID_VALUE, "encoding_format",
         "'hex', but must be one of: float, base64"},
        {"{\"input\":\"a\",\"encoding_format\":[\"float\"]}", PROBLEM_BAD_REQUEST,
         "encoding_format", "is a list"},
        {"{\"input\":\"a\",\"encoding_format\":\"float\\u0000\"}", PROBLEM_INVALID_VALUE,
         "encoding_format", "must be one of"},
        {"{\"input\":\"a\",\"output_dtype\":\"int4\"}", PROBLEM_INVALID_VALUE, "output_dtype",
         "float, int8, uint8, binary, ubinary"},
        {"{\"input\":\"a\",\"output_dtype\":8}", PROBLEM_BAD_REQUEST, "output_dtype", "a number"},
        {"{\"input\":\"a\",\"truncate\":\"MIDDLE\"}", PROBLEM_INVALID_VALUE, "truncate", "START"},
        {"{\"input\":\"a\",\"truncate\":1}", PROBLEM_BAD_REQUEST, "truncate", "is a number"},
        {"{\"input\":\"a\",\"prompt_name\":\"foo\"}", PROBLEM_INVALID_VALUE, "prompt_name",
         "query, passage, nothing"},
        {"{\"input\":\"a\",\"prompt_name\":\"query\\u0000\"}", PROBLEM_INVALID_VALUE, "prompt_name",
         "query, passage, nothing"},
        {"{\"input\":\"a\",\"prompt_name\":true}", PROBLEM_BAD_REQUEST, "prompt_name", "a text"},
        {"{\"input\":\"a\",\"input_type\":\"foo\"}", PROBLEM_INVALID_VALUE, "input_type",
         "search_document"},
        {"{\"input\":\"a\",\"normalize\":\"yes\"}", PROBLEM_BAD_REQUEST, "normalize",
         "true or false"},
    };

    (void)state;
    CHECK_REFUSED(openai_read_embeddings, cases);
}

static void test_decode__refuses_bad_similarity(void **state)
{
    static const struct bad cases[] = {
        {"{\"compare_with\":\"a\"}", PROBLEM_BAD_REQUEST, "input", "missing"},
        {"{\"input\":[1,2]}", PROBLEM_BAD_REQUEST, "input[0]", "must be a text"},
        {"{\"input\":\"a\",\"compare_with\":[]}", PROBLEM_EMPTY_INPUT, "compare_with", "empty"},
        {"{\"input\":\"a\",\"compare_with\":\"\"}", PROBLEM_EMPTY_INPUT, "compare_with", "empty"},
        {"{\"input\":\"a\",\"compare_with\":[\"b\",2]}", PROBLEM_BAD_REQUEST, "compare_with[1]",
         "must be a text"},
        {"{\"input\":\"a\",\"compare_with\":[\"b\",\"b\",\"b\",\"b\"]}", PROBLEM_TOO_MANY_INPUTS,
         "compare_with", "4"},
        {"{\"input\":\"a\",\"similarity\":\"jaccard\"}", PROBLEM_INVALID_VALUE, "similarity",
         "cosine, dot, euclidean, manhattan"},
        {"{\"input\":\"a\",\"similarity\":\"dot\\u0000\"}", PROBLEM_INVALID_VALUE, "similarity",
         "cosine"},
        {"{\"input\":\"a\",\"similarity\":1}", PROBLEM_BAD_REQUEST, "similarity", "a number"},
        {"{\"input\":\"a\",\"dimensions\":9}", PROBLEM_INVALID_VALUE, "dimensions", "1 to 8"},
    };

    (void)state;
    CHECK_REFUSED(similarity_read, cases);
}

/* "before", `n` times "repeated", "after" */
static void append_repeated(struct buffer *buffer, const char *before, size_t n,
                            const char *repeated, const char *after)
{
    buffer_append_string(buffer, before);
    for (size_t i = 0; i < n; i++)
        buffer_append_string(buffer, repeated);
    buffer_append_string(buffer, after);
    assert_false(buffer_failed(buffer));
}

static void check_text_refused(struct buffer *body, enum problem problem, const char *param,
                               const char *message)
{
    struct fields fields;
    struct api_error error = {0};

    assert_false(decode_body((struct slice){body->bytes, body->len_bytes}, &decoding_rules, NULL,
                             openai_read_embeddings, &fields, &error));
    assert_int_equal(error.problem, problem);
    assert_string_equal(error.param, param);
    assert_non_null(strstr(error.message, message));
    buffer_release(body);
}

static void test_decode__refuses_what_is_nested_too_deep(void **state)
{
    struct buffer body = {0};

    (void)state;
    append_repeated(&body, "{\"user\":", 20000, "[", "");
    append_repeated(&body, "", 20000, "]", "}");
    check_text_refused(&body, PROBLEM_NOT_JSON, "", "nested too deep");
}

static void test_decode__refuses_bodies_that_are_small_text_and_huge_trees(void **state)
{
    struct buffer body = {0};

    (void)state;
    append_repeated(&body, "{\"input\":[", 200000, "[],", "1]}");
    check_text_refused(&body, PROBLEM_BAD_REQUEST, "input", "JSON values");
}

/* ---- fields that are ignored ---- */

/* jansson takes none of these. */
static void test_decode__ignores_unknown_fields_whatever_they_hold(void **state)
{
    static const char *const values[] = {
        "18446744073709551616",
        "1e400",
        "-1e400",
        "[[[[123456789012345678901234567890]]]]",
        "{\"a\":1,\"a\":2}",
        "{\"\\u0000\":1}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct fields fields;
        char body[256];

        snprintf(body, sizeof(body), "{\"user\":%s,\"input\":\"a\"}", values[i]);
        decode_good(openai_read_embeddings, body, &fields);
        assert_slice(fields.inputs[0].text, "a");
        fields_release(&fields);
        snprintf(body, sizeof(body),
                 "{\"inputs\":{\"source_sentence\":\"a\",\"sentences\":[\"b\"],\"x\":%s},"
                 "\"parameters\":{\"x\":%s,\"dimensions\":4}}",
                 values[i], values[i]);
        decode_good(tei_similarity_read, body, &fields);
        assert_int_equal(fields.n_dims, 4);
        fields_release(&fields);
    }
}

static void test_decode__ignores_keys_that_hold_u0000(void **state)
{
    struct fields fields;

    (void)state;
    decode_good(openai_read_embeddings, "{\"inp\\u0000ut\":1,\"input\":\"a\",\"input\\u0000\":2}",
                &fields);
    assert_slice(fields.inputs[0].text, "a");
    fields_release(&fields);
}

static void test_decode__skips_a_byte_order_mark(void **state)
{
    struct fields fields;

    (void)state;
    decode_good(openai_read_embeddings, "\xef\xbb\xbf{\"input\":\"a\"}", &fields);
    assert_slice(fields.inputs[0].text, "a");
    fields_release(&fields);
}

/* What is asked for has to be whole; the field is named. */
static void test_decode__refuses_what_fields_cannot_hold(void **state)
{
    static const struct bad cases[] = {
        {"{\"input\":99999999999999999999}", PROBLEM_BAD_REQUEST, "input", "out of range"},
        {"{\"input\":[[1],[1e400]]}", PROBLEM_BAD_REQUEST, "input", "out of range"},
        {"{\"input\":\"a\",\"dimensions\":1e400}", PROBLEM_BAD_REQUEST, "dimensions",
         "out of range"},
        {"{\"input\":{\"x\":1,\"x\":2}}", PROBLEM_BAD_REQUEST, "x", "occurs twice"},
        {"{\"input\":{\"\\u0000\":1}}", PROBLEM_BAD_REQUEST, "input", "\\u0000"},
    };
    static const struct bad nested[] = {
        {"{\"inputs\":{\"source_sentence\":\"a\",\"sentences\":[\"b\"]},"
         "\"parameters\":{\"dimensions\":18446744073709551616}}",
         PROBLEM_BAD_REQUEST, "parameters.dimensions", "out of range"},
        {"{\"inputs\":{\"source_sentence\":\"a\",\"sentences\":[\"b\"],\"sentences\":[]}}",
         PROBLEM_BAD_REQUEST, "sentences", "occurs twice"},
    };

    (void)state;
    CHECK_REFUSED(openai_read_embeddings, cases);
    CHECK_REFUSED(tei_similarity_read, nested);
}

static void test_decode__refuses_thousands_of_fields(void **state)
{
    struct buffer body = {0};

    (void)state;
    buffer_append_string(&body, "{\"input\":\"a\"");
    for (int i = 0; i < 2000; i++)
        buffer_appendf(&body, ",\"x%d\":1", i);
    buffer_append_string(&body, "}");
    check_text_refused(&body, PROBLEM_BAD_REQUEST, "", "fields");
}

/* ---- texts ---- */

/* Commas and brackets inside of a text are no values. */
static void test_decode__takes_texts_full_of_punctuation(void **state)
{
    struct buffer body = {0};
    struct fields fields;
    struct api_error error;

    (void)state;
    append_repeated(&body, "{\"input\":\"\\\"", 100000, ",[{", "\"}");
    assert_true(decode_body((struct slice){body.bytes, body.len_bytes}, &decoding_rules, NULL,
                            openai_read_embeddings, &fields, &error));
    assert_int_equal(fields.inputs[0].text.len_bytes, 300001);
    fields_release(&fields);
    buffer_release(&body);
}

static void test_decode__shows_no_more_than_an_excerpt(void **state)
{
    struct fields fields;
    struct api_error error = {0};

    (void)state;
    assert_false(decode_with(
        openai_read_embeddings, &decoding_rules,
        "{\"input\":\"a\",\"truncate\":\"0123456789012345678901234567890123456789secret\"}",
        &fields, &error));
    assert_non_null(strstr(error.message, "'0123456789012345678901234567890123456789...'"));
    assert_null(strstr(error.message, "secret"));
}

/* ---- memory ---- */

static size_t mallocs_left;

static void *failing_malloc(size_t len_bytes)
{
    if (mallocs_left == 0)
        return NULL;
    mallocs_left--;
    return malloc(len_bytes);
}

/* Whichever allocation of the parser fails, the request is refused as one that memory was short
 * for, although jansson takes some of these failures for bad syntax; and nothing leaks (as the
 * sanitizers tell). */
static void test_decode__refuses_when_memory_is_short(void **state)
{
    static const char body[] = "{\"input\":[\"a\",\"\\u00e9\",\"c\"],\"compare_with\":\"b\","
                               "\"dimensions\":4,\"x\":[[1.5],{\"y\":null}],\"truncate\":true,"
                               "\"prompt_name\":\"query\",\"similarity\":\"dot\"}";
    struct fields fields;
    struct api_error error = {0};
    bool api_error_fits = true;
    size_t n_failures = 0;

    (void)state;
    json_set_alloc_funcs(failing_malloc, free);
    mallocs_left = 0;
    while (!decode_with(similarity_read, &decoding_rules, body, &fields, &error)) {
        api_error_fits = api_error_fits && error.problem == PROBLEM_INTERNAL_ERROR;
        mallocs_left = ++n_failures;
    }
    fields_release(&fields);
    json_set_alloc_funcs(malloc, free);
    assert_true(api_error_fits);
    assert_true(n_failures > 20);
}

/* ---- what is accepted ---- */

/* 64.0 is 64. */
static void test_decode__takes_whole_numbers_however_they_are_written(void **state)
{
    static const struct bad refused[] = {
        {"{\"input\":\"a\",\"dimensions\":-3.0}", PROBLEM_INVALID_VALUE, "dimensions", "is -3,"},
        {"{\"input\":\"a\",\"dimensions\":9.0}", PROBLEM_INVALID_VALUE, "dimensions", "is 9,"},
        {"{\"input\":\"a\",\"dimensions\":1e30}", PROBLEM_INVALID_VALUE, "dimensions", "is 1e+30,"},
        {"{\"input\":\"a\",\"dimensions\":0.1e1e}", PROBLEM_NOT_JSON, "", "not valid JSON"},
        {"{\"input\":[1e300]}", PROBLEM_INVALID_TOKEN, "input", "vocabulary"},
        {"{\"input\":[-1e300]}", PROBLEM_INVALID_TOKEN, "input", "vocabulary"},
        {"{\"input\":5.0}", PROBLEM_BAD_REQUEST, "input", "is a number"},
    };
    struct fields fields;

    (void)state;
    decode_good(openai_read_embeddings, "{\"input\":[7.0,1.2e1,-0.0],\"dimensions\":30e-1}",
                &fields);
    assert_int_equal(fields.n_inputs, 1);
    assert_int_equal(fields.inputs[0].n_ids, 3);
    assert_int_equal(fields.inputs[0].ids[0], 7);
    assert_int_equal(fields.inputs[0].ids[1], 12);
    assert_int_equal(fields.inputs[0].ids[2], 0);
    assert_int_equal(fields.n_dims, 3);
    fields_release(&fields);
    decode_good(openai_read_embeddings, "{\"input\":[[7.0],[8]]}", &fields);
    assert_int_equal(fields.inputs[0].ids[0], 7);
    fields_release(&fields);
    decode_good(tei_read_decode, "{\"ids\":[7.0]}", &fields);
    assert_int_equal(fields.inputs[0].ids[0], 7);
    fields_release(&fields);
    decode_good(cohere_read_embed, "{\"texts\":[\"a\"],\"max_tokens\":0.5e1}", &fields);
    assert_int_equal(fields.max_tokens, 5);
    fields_release(&fields);
    CHECK_REFUSED(openai_read_embeddings, refused);
}

static void test_decode__takes_the_names_of_others(void **state)
{
    static const struct bad refused[] = {
        {"{\"input\":\"a\",\"dimensions\":3,\"output_dimension\":3}", PROBLEM_INVALID_VALUE,
         "output_dimension", "two names of one field"},
        {"{\"input\":\"a\",\"truncate\":true,\"truncation\":true}", PROBLEM_INVALID_VALUE,
         "truncation", "two names of one field"},
        {"{\"input\":\"a\",\"output_dimension\":9}", PROBLEM_INVALID_VALUE, "output_dimension",
         "1 to 8"},
        {"{\"input\":\"a\",\"truncation\":3}", PROBLEM_BAD_REQUEST, "truncation", "is a number"},
        {"{\"input\":\"a\",\"normalized\":false}", PROBLEM_INVALID_VALUE, "normalized",
         "'normalize'"},
        {"{\"input\":\"a\",\"endianness\":[1e999]}", PROBLEM_INVALID_VALUE, "endianness",
         "little-endian"},
    };
    struct fields fields;

    (void)state;
    decode_good(openai_read_embeddings,
                "{\"input\":\"a\",\"output_dimension\":3,\"truncation\":false,"
                "\"dimensions\":null,\"truncate\":\"\",\"embedding_type\":null,"
                "\"normalized\":\"\"}",
                &fields);
    assert_int_equal(fields.n_dims, 3);
    assert_int_equal(fields.truncate, TRUNCATE_NONE);
    fields_release(&fields);
    CHECK_REFUSED(openai_read_embeddings, refused);
    CHECK_REFUSED(similarity_read, refused);
}

static void test_decode__takes_an_empty_option_for_none(void **state)
{
    struct fields fields;

    (void)state;
    decode_good(openai_read_embeddings,
                "{\"input\":\"a\",\"model\":\"\",\"dimensions\":\"\",\"encoding_format\":\"\","
                "\"output_dtype\":\"\",\"truncate\":\"\",\"prompt_name\":\"\",\"input_type\":\"\","
                "\"normalize\":\"\"}",
                &fields);
    assert_null(fields.model.bytes);
    assert_int_equal(fields.n_dims, 6);
    assert_int_equal(fields.truncate, TRUNCATE_END);
    assert_true(fields.normalize);
    fields_release(&fields);
    decode_good(similarity_read, "{\"input\":\"a\",\"similarity\":\"\"}", &fields);
    assert_int_equal(fields.similarity, SIMILARITY_DOT);
    fields_release(&fields);
    decode_good(cohere_read_embed,
                "{\"texts\":[\"a\"],\"embedding_types\":\"\",\"max_tokens\":\"\",\"images\":\"\"}",
                &fields);
    assert_int_equal(fields.types, 1U << COHERE_FLOAT);
    fields_release(&fields);
    decode_good(tei_similarity_read,
                "{\"inputs\":{\"source_sentence\":\"a\",\"sentences\":[\"b\"]},"
                "\"parameters\":\"\"}",
                &fields);
    fields_release(&fields);
    decode_good(tei_read_tokenize, "{\"inputs\":\"a\",\"add_special_tokens\":\"\"}", &fields);
    assert_true(fields.add_special);
    fields_release(&fields);
}

static void test_decode__has_defaults(void **state)
{
    struct fields fields;

    (void)state;
    decode_good(openai_read_embeddings,
                "{\"input\":\"a\",\"model\":null,\"dimensions\":null,\"encoding_format\":null,"
                "\"output_dtype\":null,\"truncate\":null,\"prompt_name\":null,\"input_type\":null,"
                "\"normalize\":null,\"user\":7,\"unheard_of\":[{}]}",
                &fields);
    assert_null(fields.model.bytes);
    assert_int_equal(fields.n_inputs, 1);
    assert_int_equal(fields.n_rows, 1);
    assert_slice(fields.inputs[0].text, "a");
    assert_int_equal(fields.n_dims, 6);
    assert_false(fields.base64);
    assert_false(fields.packed);
    assert_int_equal(fields.truncate, TRUNCATE_END);
    assert_null(fields.prompt.bytes);
    assert_true(fields.normalize);
    assert_true(fields.add_special);
    assert_int_equal(fields.similarity, SIMILARITY_DOT);
    fields_release(&fields);
}

static void test_decode__takes_every_field(void **state)
{
    struct fields fields;

    (void)state;
    decode_good(
        openai_read_embeddings,
        "{\"input\":[\"a\",\"\\u0000\",\"\\ud83d\\ude00\"],\"model\":\"m\",\"dimensions\":8,"
        "\"encoding_format\":\"base64\",\"output_dtype\":\"ubinary\",\"truncate\":\"START\","
        "\"prompt_name\":\"passage\",\"normalize\":false}",
        &fields);
    assert_slice(fields.model, "m");
    assert_int_equal(fields.n_inputs, 3);
    assert_int_equal(fields.inputs[1].text.len_bytes, 1);
    assert_int_equal(fields.inputs[1].text.bytes[0], 0);
    assert_slice(fields.inputs[2].text, "\xf0\x9f\x98\x80");
    assert_int_equal(fields.n_dims, 8);
    assert_true(fields.base64);
    assert_true(fields.packed);
    assert_int_equal(fields.pack, PACK_UBINARY);
    assert_int_equal(fields.truncate, TRUNCATE_START);
    assert_slice(fields.prompt, "passage: ");
    assert_false(fields.normalize);
    fields_release(&fields);
}

static void test_decode__takes_token_ids(void **state)
{
    struct fields fields;

    (void)state;
    decode_good(openai_read_embeddings, "{\"input\":[5,99,0,7,8]}",
                &fields); /* one text, not five */
    assert_int_equal(fields.n_inputs, 1);
    assert_null(fields.inputs[0].text.bytes);
    assert_int_equal(fields.inputs[0].n_ids, 5);
    assert_int_equal(fields.inputs[0].ids[1], 99);
    fields_release(&fields);

    decode_good(openai_read_embeddings, "{\"input\":[[5,6],[7],[8,9,10]]}", &fields);
    assert_int_equal(fields.n_inputs, 3);
    assert_int_equal(fields.inputs[0].n_ids, 2);
    assert_int_equal(fields.inputs[1].ids[0], 7);
    assert_int_equal(fields.inputs[2].ids[2], 10);
    fields_release(&fields);
}

static void check_truncate(const char *value, enum truncate_side expected)
{
    char body[128];
    struct fields fields;

    snprintf(body, sizeof(body), "{\"input\":\"a\",\"truncate\":%s}", value);
    decode_good(openai_read_embeddings, body, &fields);
    assert_int_equal(fields.truncate, expected);
    fields_release(&fields);
}

static void test_decode__knows_the_words_of_truncate(void **state)
{
    struct limits strict = decoding_rules;
    struct fields fields;
    struct api_error error;

    (void)state;
    check_truncate("true", TRUNCATE_END);
    check_truncate("false", TRUNCATE_NONE);
    check_truncate("\"NONE\"", TRUNCATE_NONE);
    check_truncate("\"START\"", TRUNCATE_START);
    check_truncate("\"END\"", TRUNCATE_END);
    strict.auto_truncate = false;
    assert_true(decode_with(openai_read_embeddings, &strict, "{\"input\":\"a\"}", &fields, &error));
    assert_int_equal(fields.truncate, TRUNCATE_NONE);
    fields_release(&fields);
}

/* `expected` is the prompt's text; NULL: none. */
static void check_prompt(const struct limits *some_rules, const char *options, const char *expected)
{
    char body[256];
    struct fields fields;
    struct api_error error;

    snprintf(body, sizeof(body), "{\"input\":\"a\"%s}", options);
    assert_true(decode_with(openai_read_embeddings, some_rules, body, &fields, &error));
    if (expected)
        assert_slice(fields.prompt, expected);
    else
        assert_null(fields.prompt.bytes);
    fields_release(&fields);
}

static void test_decode__picks_the_prompt(void **state)
{
    struct limits with_default = decoding_rules;

    (void)state;
    check_prompt(&decoding_rules, ",\"prompt_name\":\"query\"", "query: ");
    check_prompt(&decoding_rules, ",\"prompt_name\":\"nothing\"", "");
    check_prompt(&decoding_rules, ",\"input_type\":\"query\"", "query: ");
    check_prompt(&decoding_rules, ",\"input_type\":\"search_query\"", "query: ");
    check_prompt(&decoding_rules, ",\"input_type\":\"document\"", "passage: ");
    check_prompt(&decoding_rules, ",\"input_type\":\"search_document\"", "passage: ");
    check_prompt(&decoding_rules, ",\"input_type\":\"passage\"", "passage: ");
    check_prompt(&decoding_rules, ",\"input_type\":\"passage\",\"prompt_name\":\"query\"",
                 "query: ");

    with_default.default_prompt = (struct slice){"default: ", 9};
    check_prompt(&with_default, "", "default: ");
    check_prompt(&with_default, ",\"prompt_name\":null", "default: ");
    check_prompt(&with_default, ",\"prompt_name\":\"nothing\"", "");
    check_prompt(&with_default, ",\"input_type\":\"document\"", "passage: ");
    with_default.n_prompts = 1; /* no prompt for documents: none, not the default */
    check_prompt(&with_default, ",\"input_type\":\"document\"", NULL);
}

static void test_decode__keeps_to_listed_dimensions(void **state)
{
    size_t dims[] = {2, 4};
    struct limits listed = decoding_rules;
    struct fields fields;
    struct api_error error;

    (void)state;
    listed.dims = dims;
    listed.n_dims_listed = 2;
    assert_false(decode_with(openai_read_embeddings, &listed, "{\"input\":\"a\",\"dimensions\":3}",
                             &fields, &error));
    assert_non_null(strstr(error.message, "2, 4, 8"));
    for (int n = 2; n <= 8; n *= 2) {
        char body[64];

        snprintf(body, sizeof(body), "{\"input\":\"a\",\"dimensions\":%d}", n);
        assert_true(decode_with(openai_read_embeddings, &listed, body, &fields, &error));
        assert_int_equal(fields.n_dims, n);
        fields_release(&fields);
    }
}

static void test_decode__joins_the_lists_of_a_similarity(void **state)
{
    struct fields fields;
    size_t index;

    (void)state;
    decode_good(similarity_read,
                "{\"input\":[\"a\",\"b\"],\"compare_with\":[\"c\",\"d\",\"e\"],"
                "\"similarity\":\"manhattan\",\"dimensions\":4}",
                &fields);
    assert_int_equal(fields.n_inputs, 5);
    assert_int_equal(fields.n_rows, 2);
    assert_slice(fields.inputs[4].text, "e");
    assert_string_equal(fields_locate(&fields, 1, &index), "input");
    assert_int_equal(index, 1);
    assert_string_equal(fields_locate(&fields, 4, &index), "compare_with");
    assert_int_equal(index, 2);
    assert_int_equal(fields.similarity, SIMILARITY_MANHATTAN);
    assert_int_equal(fields.n_dims, 4);
    fields_release(&fields);

    decode_good(similarity_read, "{\"input\":[\"a\",\"b\"],\"compare_with\":null}", &fields);
    assert_int_equal(fields.n_inputs, 2);
    assert_int_equal(fields.n_rows, 2);
    fields_release(&fields);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode__refuses_bodies_that_are_not_an_object),
        cmocka_unit_test(test_decode__refuses_bad_inputs),
        cmocka_unit_test(test_decode__refuses_bad_options),
        cmocka_unit_test(test_decode__refuses_bad_similarity),
        cmocka_unit_test(test_decode__refuses_what_is_nested_too_deep),
        cmocka_unit_test(test_decode__refuses_bodies_that_are_small_text_and_huge_trees),
        cmocka_unit_test(test_decode__ignores_unknown_fields_whatever_they_hold),
        cmocka_unit_test(test_decode__ignores_keys_that_hold_u0000),
        cmocka_unit_test(test_decode__skips_a_byte_order_mark),
        cmocka_unit_test(test_decode__refuses_what_fields_cannot_hold),
        cmocka_unit_test(test_decode__refuses_thousands_of_fields),
        cmocka_unit_test(test_decode__takes_texts_full_of_punctuation),
        cmocka_unit_test(test_decode__shows_no_more_than_an_excerpt),
        cmocka_unit_test(test_decode__refuses_when_memory_is_short),
        cmocka_unit_test(test_decode__takes_whole_numbers_however_they_are_written),
        cmocka_unit_test(test_decode__takes_the_names_of_others),
        cmocka_unit_test(test_decode__takes_an_empty_option_for_none),
        cmocka_unit_test(test_decode__has_defaults),
        cmocka_unit_test(test_decode__takes_every_field),
        cmocka_unit_test(test_decode__takes_token_ids),
        cmocka_unit_test(test_decode__knows_the_words_of_truncate),
        cmocka_unit_test(test_decode__picks_the_prompt),
        cmocka_unit_test(test_decode__keeps_to_listed_dimensions),
        cmocka_unit_test(test_decode__joins_the_lists_of_a_similarity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
