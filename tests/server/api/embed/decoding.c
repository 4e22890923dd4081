/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/server/api/embed/decoding.h"

#include <string.h>

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
const struct limits decoding_rules = {
    .max_inputs = 3,
    .max_text_tokens = 16,
    .max_request_tokens = 64,
    .max_unpooled_tokens = 32,
    .hidden_size = 4,
    .vocabulary_size = 100,
    .n_dims = 8,
    .default_dims = 6,
    .prompts = prompts,
    .n_prompts = 3,
    .normalize = true,
    .truncate = TRUNCATE_END,
    .auto_truncate = true,
    .similarity = SIMILARITY_DOT,
};

bool decode_with(read_function *read, const struct limits *limits, const char *body,
                 struct fields *ret_fields, struct api_error *ret_error)
{
    return decode_body((struct slice){body, strlen(body)}, limits, NULL, read, ret_fields,
                       ret_error);
}

void decode_good(read_function *read, const char *body, struct fields *ret_fields)
{
    struct api_error error;

    if (!decode_with(read, &decoding_rules, body, ret_fields, &error))
        fail_msg("%s was refused: %s", body, error.message);
}

void assert_slice(struct slice slice, const char *expected)
{
    assert_non_null(slice.bytes);
    assert_int_equal(slice.len_bytes, strlen(expected));
    assert_memory_equal(slice.bytes, expected, slice.len_bytes);
}

void check_refused(read_function *read, const struct bad *cases, size_t n_cases)
{
    for (size_t i = 0; i < n_cases; i++) {
        struct fields fields;
        struct api_error error = {0};

        if (decode_with(read, &decoding_rules, cases[i].body, &fields, &error))
            fail_msg("%s was accepted", cases[i].body);
        if (error.problem != cases[i].problem || strcmp(error.param, cases[i].param) != 0 ||
            !strstr(error.message, cases[i].message))
            fail_msg("%s: problem %d, param \"%s\", message \"%s\"; expected %d, \"%s\", \"%s\"",
                     cases[i].body, error.problem, error.param, error.message, cases[i].problem,
                     cases[i].param, cases[i].message);
    }
}
