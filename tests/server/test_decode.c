/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/decode.h"
#include "server/text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A model of 8 dimensions, 100 tokens and three prompts; at most 3 inputs. */
static char query_name[] = "query";
static char query_text[] = "query: ";
static char passage_name[] = "passage";
static char passage_text[] = "passage: ";
static char empty_name[] = "nothing";
static char empty_text[] = "";
static const struct prompt prompts[] = {
    {query_name, query_text, 7},
    {passage_name, passage_text, 9},
    {empty_name, empty_text, 0},
};
static const struct rules rules = {
    .most_inputs = 3,
    .most_text_tokens = 16,
    .most_request_tokens = 64,
    .most_unpooled_tokens = 32,
    .hidden_size = 4,
    .vocabulary_size = 100,
    .n_dims = 8,
    .default_dims = 6,
    .prompts = prompts,
    .n_prompts = 3,
    .normalize = true,
    .auto_truncate = true,
    .similarity = SIMILARITY_DOT,
};

typedef bool decode_function(struct slice body, const struct rules *rules,
                             struct fields *ret_fields, struct fault *ret_fault);

static bool decode_with(decode_function *decode, const struct rules *some_rules, const char *body,
                        struct fields *ret_fields, struct fault *ret_fault)
{
    return decode((struct slice){body, strlen(body)}, some_rules, ret_fields, ret_fault);
}

static void decode_good(decode_function *decode, const char *body, struct fields *ret_fields)
{
    struct fault fault;

    if (!decode_with(decode, &rules, body, ret_fields, &fault))
        fail_msg("%s was refused: %s", body, fault.message);
}

static void assert_slice(struct slice slice, const char *expected)
{
    assert_non_null(slice.bytes);
    assert_int_equal(slice.len_bytes, strlen(expected));
    assert_memory_equal(slice.bytes, expected, slice.len_bytes);
}

/* ---- what is refused ---- */

struct bad {
    const char *body;
    enum problem problem;
    const char *param;   /* "" for none */
    const char *message; /* a part of it */
};

static void check_refused(decode_function *decode, const struct bad *cases, size_t n_cases)
{
    for (size_t i = 0; i < n_cases; i++) {
        struct fields fields;
        struct fault fault = {0};

        if (decode_with(decode, &rules, cases[i].body, &fields, &fault))
            fail_msg("%s was accepted", cases[i].body);
        if (fault.problem != cases[i].problem || strcmp(fault.param, cases[i].param) != 0 ||
            !strstr(fault.message, cases[i].message))
            fail_msg("%s: problem %d, param \"%s\", message \"%s\"; expected %d, \"%s\", \"%s\"",
                     cases[i].body, fault.problem, fault.param, fault.message, cases[i].problem,
                     cases[i].param, cases[i].message);
    }
}

#define CHECK_REFUSED(decode, cases) check_refused(decode, cases, sizeof(cases) / sizeof(cases[0]))

static void test_decode__refuses_bodies_that_are_not_an_object(void **state)
{
    static const struct bad cases[] = {
        {"", PROBLEM_BAD_REQUEST, "", "empty"},
        {"{", PROBLEM_BAD_REQUEST, "", "not valid JSON"},
        {"{\"input\":\"a\"} x", PROBLEM_BAD_REQUEST, "", "not valid JSON"},
        {"{\"input\":'a'}", PROBLEM_BAD_REQUEST, "", "not valid JSON"},
        {"{\"input\":NaN}", PROBLEM_BAD_REQUEST, "", "not valid JSON"},
        {"{\"input\":\"a\tb\"}", PROBLEM_BAD_REQUEST, "", "not valid JSON"},
        {"[\"a\"]", PROBLEM_BAD_REQUEST, "", "is a list"},
        {"\"a\"", PROBLEM_BAD_REQUEST, "", "is a text"},
        {"null", PROBLEM_BAD_REQUEST, "", "is null"},
        {"{\"input\":\"a\",\"input\":\"b\"}", PROBLEM_BAD_REQUEST, "input", "stands twice"},
        {"{\"input\":\"a\",\"user\":{\"x\":1,\"x\":2}}", PROBLEM_BAD_REQUEST, "x", "stands twice"},
        {"{\"input\":\"\xff\"}", PROBLEM_BAD_REQUEST, "", "not valid UTF-8"},
        {"{\"input\":\"\xed\xa0\x80\"}", PROBLEM_BAD_REQUEST, "", "not valid UTF-8"},
        {"{\"input\":\"\xc0\xaf\"}", PROBLEM_BAD_REQUEST, "", "not valid UTF-8"},
        {"{\"input\":\"\\ud800\"}", PROBLEM_BAD_REQUEST, "", "lone surrogate"},
        {"{\"input\":\"\\udc00\\ud800\"}", PROBLEM_BAD_REQUEST, "", "lone surrogate"},
        {"{\"input\":99999999999999999999}", PROBLEM_BAD_REQUEST, "", "out of range"},
    };

    (void)state;
    CHECK_REFUSED(decode_embeddings, cases);
    CHECK_REFUSED(decode_cohere_embed, cases);
    CHECK_REFUSED(decode_similarity, cases);
    CHECK_REFUSED(decode_tei_similarity, cases);
    CHECK_REFUSED(decode_tokenize, cases);
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
        {"{\"input\":[1,2.0]}", PROBLEM_BAD_REQUEST, "input[1]", "not whole"},
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
    CHECK_REFUSED(decode_embeddings, cases);
}

static void test_decode__refuses_bad_options(void **state)
{
    static const struct bad cases[] = {
        {"{\"input\":\"a\",\"model\":1}", PROBLEM_BAD_REQUEST, "model", "is a number"},
        {"{\"input\":\"a\",\"dimensions\":\"8\"}", PROBLEM_BAD_REQUEST, "dimensions", "is a text"},
        {"{\"input\":\"a\",\"dimensions\":4.0}", PROBLEM_BAD_REQUEST, "dimensions", "not whole"},
        {"{\"input\":\"a\",\"dimensions\":0}", PROBLEM_INVALID_VALUE, "dimensions", "1 to 8"},
        {"{\"input\":\"a\",\"dimensions\":-4}", PROBLEM_INVALID_VALUE, "dimensions", "1 to 8"},
        {"{\"input\":\"a\",\"dimensions\":9}", PROBLEM_INVALID_VALUE, "dimensions", "1 to 8"},
        {"{\"input\":\"a\",\"dimensions\":4294967300}", PROBLEM_INVALID_VALUE, "dimensions", "8"},
        {"{\"input\":\"a\",\"encoding_format\":\"hex\"}", PROBLEM_INVALID_VALUE, "encoding_format",
         "'hex', but allowed is: float, base64"},
        {"{\"input\":\"a\",\"encoding_format\":[\"float\"]}", PROBLEM_BAD_REQUEST,
         "encoding_format", "is a list"},
        {"{\"input\":\"a\",\"encoding_format\":\"float\\u0000\"}", PROBLEM_INVALID_VALUE,
         "encoding_format", "allowed"},
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
    CHECK_REFUSED(decode_embeddings, cases);
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
    CHECK_REFUSED(decode_similarity, cases);
}

static void test_decode__refuses_bad_tei_bodies(void **state)
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
    CHECK_REFUSED(decode_tei_similarity, similarity_cases);
    CHECK_REFUSED(decode_tokenize, tokenize_cases);
}

/* "before", `n` times "repeated", "after" */
static void append_repeated(struct text *text, const char *before, size_t n, const char *repeated,
                            const char *after)
{
    text_append_string(text, before);
    for (size_t i = 0; i < n; i++)
        text_append_string(text, repeated);
    text_append_string(text, after);
    assert_false(text_failed(text));
}

static void check_text_refused(struct text *body, const char *message)
{
    struct fields fields;
    struct fault fault = {0};

    assert_false(
        decode_embeddings((struct slice){body->bytes, body->len_bytes}, &rules, &fields, &fault));
    assert_int_equal(fault.problem, PROBLEM_BAD_REQUEST);
    assert_string_equal(fault.param, "");
    assert_non_null(strstr(fault.message, message));
    text_release(body);
}

static void test_decode__refuses_what_is_nested_too_deep(void **state)
{
    struct text body = {0};

    (void)state;
    append_repeated(&body, "{\"user\":", 20000, "[", "");
    append_repeated(&body, "", 20000, "]", "}");
    check_text_refused(&body, "nested too deep");
}

static void test_decode__refuses_bodies_that_are_small_text_and_huge_trees(void **state)
{
    struct text body = {0};

    (void)state;
    append_repeated(&body, "{\"user\":[", 200000, "[],", "1]}");
    check_text_refused(&body, "JSON values");
}

/* Commas and brackets inside of a text are no values. */
static void test_decode__takes_texts_full_of_punctuation(void **state)
{
    struct text body = {0};
    struct fields fields;
    struct fault fault;

    (void)state;
    append_repeated(&body, "{\"input\":\"\\\"", 100000, ",[{", "\"}");
    assert_true(
        decode_embeddings((struct slice){body.bytes, body.len_bytes}, &rules, &fields, &fault));
    assert_int_equal(fields.inputs[0].text.len_bytes, 300001);
    fields_release(&fields);
    text_release(&body);
}

static void test_decode__shows_no_more_than_an_excerpt(void **state)
{
    struct fields fields;
    struct fault fault = {0};

    (void)state;
    assert_false(decode_with(
        decode_embeddings, &rules,
        "{\"input\":\"a\",\"truncate\":\"0123456789012345678901234567890123456789secret\"}",
        &fields, &fault));
    assert_non_null(strstr(fault.message, "'0123456789012345678901234567890123456789...'"));
    assert_null(strstr(fault.message, "secret"));
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

/* Whichever allocation of the parser fails, the request is refused and nothing leaks (as the
 * sanitizers tell). jansson takes some of these failures for bad syntax, so the problem may be
 * either. */
static void test_decode__refuses_when_memory_is_short(void **state)
{
    static const char body[] = "{\"input\":[\"a\",\"\\u00e9\"],\"compare_with\":\"b\","
                               "\"dimensions\":4,\"x\":[[1.5],{\"y\":null}]}";
    struct fields fields;
    struct fault fault = {0};
    bool fault_fits = true;
    size_t n_failures = 0;

    (void)state;
    json_set_alloc_funcs(failing_malloc, free);
    mallocs_left = 0;
    while (!decode_with(decode_similarity, &rules, body, &fields, &fault)) {
        fault_fits = fault_fits && (fault.problem == PROBLEM_INTERNAL_ERROR ||
                                    fault.problem == PROBLEM_BAD_REQUEST);
        mallocs_left = ++n_failures;
    }
    fields_release(&fields);
    json_set_alloc_funcs(malloc, free);
    assert_true(fault_fits);
    assert_true(n_failures > 20);
}

/* ---- what is accepted ---- */

static void test_decode__has_defaults(void **state)
{
    struct fields fields;

    (void)state;
    decode_good(decode_embeddings,
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
        decode_embeddings,
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
    decode_good(decode_embeddings, "{\"input\":[5,99,0,7,8]}", &fields); /* one text, not five */
    assert_int_equal(fields.n_inputs, 1);
    assert_null(fields.inputs[0].text.bytes);
    assert_int_equal(fields.inputs[0].n_ids, 5);
    assert_int_equal(fields.inputs[0].ids[1], 99);
    fields_release(&fields);

    decode_good(decode_embeddings, "{\"input\":[[5,6],[7],[8,9,10]]}", &fields);
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
    decode_good(decode_embeddings, body, &fields);
    assert_int_equal(fields.truncate, expected);
    fields_release(&fields);
}

static void test_decode__knows_the_words_of_truncate(void **state)
{
    struct rules strict = rules;
    struct fields fields;
    struct fault fault;

    (void)state;
    check_truncate("true", TRUNCATE_END);
    check_truncate("false", TRUNCATE_NONE);
    check_truncate("\"NONE\"", TRUNCATE_NONE);
    check_truncate("\"START\"", TRUNCATE_START);
    check_truncate("\"END\"", TRUNCATE_END);
    strict.auto_truncate = false;
    assert_true(decode_with(decode_embeddings, &strict, "{\"input\":\"a\"}", &fields, &fault));
    assert_int_equal(fields.truncate, TRUNCATE_NONE);
    fields_release(&fields);
}

/* `expected` is the prompt's text; NULL: none. */
static void check_prompt(const struct rules *some_rules, const char *options, const char *expected)
{
    char body[256];
    struct fields fields;
    struct fault fault;

    snprintf(body, sizeof(body), "{\"input\":\"a\"%s}", options);
    assert_true(decode_with(decode_embeddings, some_rules, body, &fields, &fault));
    if (expected)
        assert_slice(fields.prompt, expected);
    else
        assert_null(fields.prompt.bytes);
    fields_release(&fields);
}

static void test_decode__picks_the_prompt(void **state)
{
    struct rules with_default = rules;

    (void)state;
    check_prompt(&rules, ",\"prompt_name\":\"query\"", "query: ");
    check_prompt(&rules, ",\"prompt_name\":\"nothing\"", "");
    check_prompt(&rules, ",\"input_type\":\"query\"", "query: ");
    check_prompt(&rules, ",\"input_type\":\"search_query\"", "query: ");
    check_prompt(&rules, ",\"input_type\":\"document\"", "passage: ");
    check_prompt(&rules, ",\"input_type\":\"search_document\"", "passage: ");
    check_prompt(&rules, ",\"input_type\":\"passage\"", "passage: ");
    check_prompt(&rules, ",\"input_type\":\"passage\",\"prompt_name\":\"query\"", "query: ");

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
    struct rules listed = rules;
    struct fields fields;
    struct fault fault;

    (void)state;
    listed.dims = dims;
    listed.n_dims_listed = 2;
    assert_false(decode_with(decode_embeddings, &listed, "{\"input\":\"a\",\"dimensions\":3}",
                             &fields, &fault));
    assert_non_null(strstr(fault.message, "2, 4, 8"));
    for (int n = 2; n <= 8; n *= 2) {
        char body[64];

        snprintf(body, sizeof(body), "{\"input\":\"a\",\"dimensions\":%d}", n);
        assert_true(decode_with(decode_embeddings, &listed, body, &fields, &fault));
        assert_int_equal(fields.n_dims, n);
        fields_release(&fields);
    }
}

static void test_decode__joins_the_lists_of_a_similarity(void **state)
{
    struct fields fields;
    size_t index;

    (void)state;
    decode_good(decode_similarity,
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

    decode_good(decode_similarity, "{\"input\":[\"a\",\"b\"],\"compare_with\":null}", &fields);
    assert_int_equal(fields.n_inputs, 2);
    assert_int_equal(fields.n_rows, 2);
    fields_release(&fields);
}

static void test_decode__takes_tei_bodies(void **state)
{
    struct fields fields;

    (void)state;
    decode_good(decode_tei_similarity,
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

    decode_good(decode_tei_similarity,
                "{\"inputs\":{\"source_sentence\":\"a\",\"sentences\":[\"b\"]},"
                "\"parameters\":{\"truncate\":false,\"truncation_direction\":\"left\"}}",
                &fields);
    assert_int_equal(fields.truncate, TRUNCATE_NONE);
    fields_release(&fields);

    decode_good(decode_tokenize, "{\"inputs\":[\"a\",\"b\"],\"add_special_tokens\":false}",
                &fields);
    assert_int_equal(fields.n_inputs, 2);
    assert_false(fields.add_special);
    fields_release(&fields);
}

static void test_decode__takes_what_is_not_to_be_pooled(void **state)
{
    static const struct bad cases[] = {
        {"{}", PROBLEM_BAD_REQUEST, "inputs", "missing"},
        {"{\"inputs\":[true]}", PROBLEM_BAD_REQUEST, "inputs[0]", "'inputs[0]' must be"},
        {"{\"inputs\":[100]}", PROBLEM_INVALID_TOKEN, "inputs", "inputs[0]"},
        {"{\"inputs\":[\"a\",\"\"]}", PROBLEM_EMPTY_INPUT, "inputs", "inputs[1]"},
        {"{\"inputs\":\"a\",\"truncation_direction\":\"up\"}", PROBLEM_INVALID_VALUE,
         "truncation_direction", "Left"},
    };
    struct fields fields;

    (void)state;
    decode_good(decode_tei_embed_all,
                "{\"inputs\":[\"a\",\"b\"],\"truncation_direction\":\"Left\","
                "\"prompt_name\":\"query\"}",
                &fields);
    assert_false(fields.pooled);
    assert_int_equal(fields.n_inputs, 2);
    assert_int_equal(fields.n_dims, 4);
    assert_int_equal(fields.most_request_tokens, 32);
    assert_int_equal(fields.truncate, TRUNCATE_START);
    assert_slice(fields.prompt, "query: ");
    assert_string_equal(fields.row_field, "inputs");
    fields_release(&fields);
    decode_good(decode_tei_embed_all, "{\"inputs\":[7,8]}", &fields);
    assert_int_equal(fields.n_inputs, 1);
    assert_int_equal(fields.inputs[0].n_ids, 2);
    fields_release(&fields);
    CHECK_REFUSED(decode_tei_embed_all, cases);
}

static void test_decode__takes_ids_alone(void **state)
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
    struct fault fault;
    char many[256] = "{\"ids\":[[1],[1";

    (void)state;
    decode_good(decode_token_ids, "{\"ids\":[7,99,0]}", &fields);
    assert_int_equal(fields.n_inputs, 1);
    assert_int_equal(fields.inputs[0].n_ids, 3);
    assert_int_equal(fields.inputs[0].ids[1], 99);
    assert_true(fields.skip_special);
    fields_release(&fields);
    decode_good(decode_token_ids, "{\"ids\":[[7],[8,9]],\"skip_special_tokens\":false}", &fields);
    assert_int_equal(fields.n_inputs, 2);
    assert_int_equal(fields.inputs[1].ids[1], 9);
    assert_false(fields.skip_special);
    fields_release(&fields);
    CHECK_REFUSED(decode_token_ids, cases);

    for (int i = 0; i < 63; i++)
        strcat(many, ",1");
    strcat(many, "]]}");
    assert_false(decode_with(decode_token_ids, &rules, many, &fields, &fault));
    assert_int_equal(fault.problem, PROBLEM_TOO_MANY_TOKENS);
    assert_non_null(strstr(fault.message, "65 token ids"));
    assert_non_null(strstr(fault.message, "64"));
}

/* ---- /v2/embed ---- */

static void test_decode__reads_cohere_fields(void **state)
{
    struct fields fields;

    (void)state;
    decode_good(decode_cohere_embed, "{\"texts\":[\"a\",\"b\"]}", &fields);
    assert_int_equal(fields.n_inputs, 2);
    assert_slice(fields.inputs[1].text, "b");
    assert_int_equal(fields.types, 1U << EMBEDDING_FLOAT);
    assert_int_equal(fields.most_tokens, 16);
    assert_int_equal(fields.n_dims, 6);
    fields_release(&fields);

    decode_good(decode_cohere_embed,
                "{\"inputs\":[{\"content\":[{\"type\":\"text\",\"text\":\"c\"}]}],"
                "\"embedding_types\":[\"ubinary\",\"base64\",\"ubinary\"],"
                "\"output_dimension\":3,\"max_tokens\":5,\"truncate\":\"START\","
                "\"input_type\":\"search_document\"}",
                &fields);
    assert_int_equal(fields.n_inputs, 1);
    assert_slice(fields.inputs[0].text, "c");
    assert_int_equal(fields.types,
                     1U << EMBEDDING_BASE64 | 1U << (EMBEDDING_PACKED + PACK_UBINARY));
    assert_int_equal(fields.n_dims, 3);
    assert_int_equal(fields.most_tokens, 5);
    assert_int_equal(fields.truncate, TRUNCATE_START);
    assert_slice(fields.prompt, "passage: ");
    assert_string_equal(fields.row_field, "inputs");
    fields_release(&fields);

    /* More than the model takes is what it takes. */
    decode_good(decode_cohere_embed, "{\"texts\":[\"a\"],\"max_tokens\":999}", &fields);
    assert_int_equal(fields.most_tokens, 16);
    fields_release(&fields);
}

static void test_decode__refuses_bad_cohere_fields(void **state)
{
    static const struct bad cases[] = {
        {"{}", PROBLEM_BAD_REQUEST, "texts", "missing"},
        {"{\"texts\":[],\"x\":1}", PROBLEM_EMPTY_INPUT, "texts", "empty list"},
        {"{\"texts\":[1]}", PROBLEM_BAD_REQUEST, "texts[0]", "must be a text"},
        {"{\"texts\":[\"a\"],\"inputs\":[]}", PROBLEM_BAD_REQUEST, "inputs", "exclude each"},
        {"{\"texts\":[\"a\"],\"images\":[]}", PROBLEM_INVALID_VALUE, "images", "texts alone"},
        {"{\"inputs\":\"a\"}", PROBLEM_BAD_REQUEST, "inputs", "is a text"},
        {"{\"inputs\":[]}", PROBLEM_EMPTY_INPUT, "inputs", "empty list"},
        {"{\"inputs\":[{},{},{},{}]}", PROBLEM_TOO_MANY_INPUTS, "inputs", "4 items"},
        {"{\"inputs\":[1,2]}", PROBLEM_BAD_REQUEST, "inputs[0].content", "a list of one text"},
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
        {"{\"texts\":[\"a\"],\"max_tokens\":2}", PROBLEM_INVALID_VALUE, "max_tokens", "least is 3"},
        {"{\"texts\":[\"a\"],\"max_tokens\":\"4\"}", PROBLEM_BAD_REQUEST, "max_tokens",
         "is a text"},
        {"{\"texts\":[\"a\"],\"output_dimension\":9}", PROBLEM_INVALID_VALUE, "output_dimension",
         "1 to 8"},
        {"{\"texts\":[\"a\"],\"input_type\":\"image\"}", PROBLEM_INVALID_VALUE, "input_type",
         "clustering"},
    };

    (void)state;
    CHECK_REFUSED(decode_cohere_embed, cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode__refuses_bodies_that_are_not_an_object),
        cmocka_unit_test(test_decode__refuses_bad_inputs),
        cmocka_unit_test(test_decode__refuses_bad_options),
        cmocka_unit_test(test_decode__refuses_bad_similarity),
        cmocka_unit_test(test_decode__refuses_bad_tei_bodies),
        cmocka_unit_test(test_decode__refuses_what_is_nested_too_deep),
        cmocka_unit_test(test_decode__refuses_bodies_that_are_small_text_and_huge_trees),
        cmocka_unit_test(test_decode__takes_texts_full_of_punctuation),
        cmocka_unit_test(test_decode__shows_no_more_than_an_excerpt),
        cmocka_unit_test(test_decode__refuses_when_memory_is_short),
        cmocka_unit_test(test_decode__has_defaults),
        cmocka_unit_test(test_decode__takes_every_field),
        cmocka_unit_test(test_decode__takes_token_ids),
        cmocka_unit_test(test_decode__knows_the_words_of_truncate),
        cmocka_unit_test(test_decode__picks_the_prompt),
        cmocka_unit_test(test_decode__keeps_to_listed_dimensions),
        cmocka_unit_test(test_decode__joins_the_lists_of_a_similarity),
        cmocka_unit_test(test_decode__takes_tei_bodies),
        cmocka_unit_test(test_decode__takes_what_is_not_to_be_pooled),
        cmocka_unit_test(test_decode__takes_ids_alone),
        cmocka_unit_test(test_decode__reads_cohere_fields),
        cmocka_unit_test(test_decode__refuses_bad_cohere_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
