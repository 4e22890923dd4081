/* SPDX-License-Identifier: Apache-2.0 */

/* Two texts as one sequence, against what the official tokenizer made of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/model/head/chat_template.h"
#include "tests/engine/tokenizer/golden.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum truncate_side parse_side(const char *name)
{
    if (strcmp(name, "end") == 0)
        return TRUNCATE_END;
    return strcmp(name, "start") == 0 ? TRUNCATE_START : TRUNCATE_NONE;
}

/* Encodes a row's two texts. */
static enum status encode(const struct tokenizer *tokenizer, const json_t *row,
                          const struct tokenize_options *options, struct tokens *tokens,
                          struct tokenize_result *ret_result)
{
    const json_t *first = json_object_get(row, "first");
    const json_t *second = json_object_get(row, "second");

    tokens->n_tokens = 0;
    return tokenizer_encode_pair(tokenizer, json_string_value(first), json_string_length(first),
                                 json_string_value(second), json_string_length(second), options,
                                 tokens, ret_result);
}

static void check_case(const struct tokenizer *tokenizer, const json_t *row, const json_t *golden)
{
    const json_t *ids = json_object_get(golden, "ids");
    const json_t *types = json_object_get(golden, "types");
    const struct tokenize_options options = {
        .truncate = parse_side(json_string_value(json_object_get(golden, "truncate"))),
        .max_tokens = (size_t)json_integer_value(json_object_get(golden, "most")),
        .add_special = json_is_true(json_object_get(golden, "special")),
        .want_types = true,
    };
    struct tokenize_result result;
    struct tokens tokens = {0};

    assert_int_equal(encode(tokenizer, row, &options, &tokens, &result), 0);
    assert_int_equal(result.n_tokens, tokens.n_tokens);
    assert_int_equal(result.truncated, result.n_tokens < result.n_tokens_whole);
    if (tokens.n_tokens != json_array_size(ids))
        fail_msg("%s: %zu tokens instead of %zu of \"%s\" and \"%s\", at most %zu",
                 json_string_value(json_object_get(row, "folder")), tokens.n_tokens,
                 json_array_size(ids), json_string_value(json_object_get(row, "first")),
                 json_string_value(json_object_get(row, "second")), options.max_tokens);
    for (size_t i = 0; i < tokens.n_tokens; i++) {
        assert_int_equal(tokens.ids[i], json_integer_value(json_array_get(ids, i)));
        assert_int_equal(tokens.types[i], json_integer_value(json_array_get(types, i)));
    }
    tokens_release(&tokens);
}

/* How many rows the file has. */
static size_t check_file(const char *name)
{
    FILE *file = fopen(golden_path(name), "r");
    size_t n_rows = 0;
    char *line = NULL;
    size_t room = 0;

    assert_non_null(file);
    while (getline(&line, &room, file) > 0) {
        json_t *row = json_loads(line, 0, NULL);
        struct tokenizer *tokenizer;
        json_t *golden;
        size_t i;

        assert_non_null(row);
        tokenizer = golden_load(json_string_value(json_object_get(row, "folder")));
        json_array_foreach(json_object_get(row, "cases"), i, golden)
            check_case(tokenizer, row, golden);
        tokenizer_free(tokenizer);
        json_decref(row);
        n_rows++;
    }
    free(line);
    fclose(file);
    return n_rows;
}

static void test_pair__agrees_with_the_official_one(void **state)
{
    (void)state;
    assert_int_equal(check_file("pairs.jsonl"), 60);
}

/* Folders without tokenizer.json, of which one is MPNet's. */
static void test_pair__agrees_with_transformers(void **state)
{
    (void)state;
    assert_int_equal(check_file("converted_pairs.jsonl"), 180);
}

static void test_pair__too_long_says_how_many(void **state)
{
    struct tokenize_options options = {.max_tokens = 6, .add_special = true};
    struct tokenizer *tokenizer = golden_load("cased");
    struct tokenize_result result;
    struct tokens tokens = {0};

    (void)state;
    assert_int_equal(
        tokenizer_encode_pair(tokenizer, "the the", 7, "the", 3, &options, &tokens, &result), 0);
    assert_int_equal(tokens.n_tokens, 6);
    assert_int_equal(
        tokenizer_encode_pair(tokenizer, "the the", 7, "the the", 7, &options, &tokens, &result),
        STATUS_TOO_LONG);
    assert_int_equal(result.n_tokens_whole, 7);
    /* One text alone is too long. */
    assert_int_equal(tokenizer_encode_pair(tokenizer, "the the the the the", 19, "the", 3, &options,
                                           &tokens, &result),
                     STATUS_TOO_LONG);
    assert_int_equal(result.n_tokens_whole, 9);
    options.max_tokens = 3; /* no room for a token of either */
    assert_int_equal(
        tokenizer_encode_pair(tokenizer, "the the", 7, "the", 3, &options, &tokens, &result),
        STATUS_TOO_LONG);
    assert_int_equal(result.n_tokens_whole, 6);
    options.max_tokens = 2; /* no room for three special tokens */
    options.truncate = TRUNCATE_END;
    assert_int_equal(
        tokenizer_encode_pair(tokenizer, "the", 3, "the", 3, &options, &tokens, &result),
        STATUS_TOO_LONG);
    assert_int_equal(tokens.n_tokens, 6);
    tokens_release(&tokens);
    tokenizer_free(tokenizer);
}

static void test_pair__first_text_serves_many_pairs(void **state)
{
    static const char query[] = "the the the the the";
    static const char *const texts[] = {"the", "", "the the the", "the the the the the the"};
    static const enum truncate_side sides[] = {TRUNCATE_END, TRUNCATE_START};
    struct tokenizer *tokenizer = golden_load("cased");
    struct first_text first = {.n = 0};
    struct tokens whole = {0}, parts = {0};
    struct tokenize_result expected, result;

    (void)state;
    for (size_t side = 0; side < 2; side++) {
        const struct tokenize_options options = {
            .truncate = sides[side], .max_tokens = 8, .add_special = true, .want_types = true};

        assert_int_equal(
            tokenizer_encode_first(tokenizer, query, strlen(query), &options, &first, &result), 0);
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
            size_t len_bytes = strlen(texts[i]);

            whole.n_tokens = parts.n_tokens = 0;
            assert_int_equal(tokenizer_encode_pair(tokenizer, query, strlen(query), texts[i],
                                                   len_bytes, &options, &whole, &expected),
                             0);
            assert_int_equal(tokenizer_encode_second(tokenizer, &first, texts[i], len_bytes,
                                                     &options, &parts, &result),
                             0);
            assert_int_equal(parts.n_tokens, whole.n_tokens);
            assert_memory_equal(parts.ids, whole.ids, whole.n_tokens * sizeof *whole.ids);
            assert_memory_equal(parts.types, whole.types, whole.n_tokens);
            assert_int_equal(result.truncated, expected.truncated);
            assert_int_equal(result.n_tokens_whole, expected.n_tokens_whole);
        }
    }
    first_text_release(&first);
    tokens_release(&whole);
    tokens_release(&parts);
    tokenizer_free(tokenizer);
}

static void encode_templated(const struct tokenizer *tokenizer, const char *query, const char *text,
                             const struct tokenize_options *options, struct tokens *tokens,
                             struct tokenize_result *ret_result, enum status expected)
{
    tokens->n_tokens = 0;
    assert_int_equal(tokenizer_encode_pair(tokenizer, query, strlen(query), text, strlen(text),
                                           options, tokens, ret_result),
                     expected);
}

static const struct {
    const char *query;
    const char *text;
} templated[] = {{"the the", "the"}, {"", ""}, {"the!", "!the"}};

static void test_pair__template_makes_one_text(void **state)
{
    struct chat_template chat = {
        .before = (char[]){"the: "}, .between = (char[]){" the!"}, .after = (char[]){" the!"}};
    const struct tokenize_options options = {.add_special = true, .want_spans = true};
    const struct tokenize_options plain = {.add_special = false};
    struct tokenizer *tokenizer = golden_load("cased");
    struct tokens found = {0}, expected = {0};
    struct tokenize_result result;

    (void)state;
    assert_int_equal(tokenizer_use_template(tokenizer, &chat), 0);
    for (size_t i = 0; i < sizeof templated / sizeof *templated; i++) {
        const char *query = templated[i].query;
        char whole[64];

        snprintf(whole, sizeof whole, "the: %s the!%s the!", query, templated[i].text);
        encode_templated(tokenizer, query, templated[i].text, &options, &found, &result, 0);
        expected.n_tokens = 0;
        golden_encode(tokenizer, whole, strlen(whole), &plain, &expected);
        assert_int_equal(found.n_tokens, expected.n_tokens);
        assert_memory_equal(found.ids, expected.ids, found.n_tokens * sizeof *found.ids);
        assert_int_equal(result.n_tokens_whole, expected.n_tokens);
        assert_int_equal(found.spans[0].start, SIZE_MAX);
        if (i == 0) { /* "the the" begins after the colon; the text after the first "!" */
            assert_int_equal(found.spans[3].start, 4);
            assert_int_equal(found.spans[3].stop, 7);
            assert_int_equal(found.spans[6].start, 0);
            assert_int_equal(found.spans[6].stop, 3);
        }
    }
    tokens_release(&found);
    tokens_release(&expected);
    tokenizer_free(tokenizer);
}

/* The template's end stays whatever is cut, as in sentence-transformers: the last tokens of what is
 * left are written over. */
static void test_pair__template_keeps_its_end(void **state)
{
    struct chat_template chat = {
        .before = (char[]){"the: "}, .between = (char[]){" the!"}, .after = (char[]){" the?"}};
    struct tokenizer *tokenizer = golden_load("cased");
    const struct tokenize_options plain = {.add_special = false};
    struct tokens found = {0}, whole = {0};
    struct tokenize_result result;
    char text[2000] = "";
    size_t n;

    (void)state;
    assert_int_equal(tokenizer_use_template(tokenizer, &chat), 0);
    for (size_t i = 0; i < 400; i++)
        strcat(text, "the ");
    n = golden_encode(tokenizer, "the: the the! the?", 18, &plain, &whole).n_tokens;
    assert_int_equal(n, 7);
    for (size_t long_first = 0; long_first < 2; long_first++) {
        struct tokenize_options options = {.truncate = TRUNCATE_END, .max_tokens = 9};
        const char *query = long_first ? text : "the";
        const char *document = long_first ? "the" : text;

        encode_templated(tokenizer, query, document, &options, &found, &result, 0);
        assert_true(result.truncated);
        assert_int_equal(found.n_tokens, 9);
        assert_memory_equal(found.ids + 7, whole.ids + 5, 2 * sizeof *found.ids);
        assert_int_equal(found.ids[6], whole.ids[0]);
        options.truncate = TRUNCATE_START;
        encode_templated(tokenizer, query, document, &options, &found, &result, 0);
        assert_true(result.truncated);
        assert_int_equal(found.n_tokens, 9);
        assert_memory_equal(found.ids + 7, whole.ids + 5, 2 * sizeof *found.ids);
        options.truncate = TRUNCATE_NONE;
        encode_templated(tokenizer, query, document, &options, &found, &result, STATUS_TOO_LONG);
        assert_true(result.n_tokens_whole > 400);
        options.truncate = TRUNCATE_END;
        options.max_tokens = 1;
        encode_templated(tokenizer, query, document, &options, &found, &result, 0);
        assert_int_equal(found.n_tokens, 1);
        assert_int_equal(found.ids[0], whole.ids[6]);
    }
    tokens_release(&found);
    tokens_release(&whole);
    tokenizer_free(tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pair__agrees_with_the_official_one),
        cmocka_unit_test(test_pair__agrees_with_transformers),
        cmocka_unit_test(test_pair__too_long_says_how_many),
        cmocka_unit_test(test_pair__first_text_serves_many_pairs),
        cmocka_unit_test(test_pair__template_makes_one_text),
        cmocka_unit_test(test_pair__template_keeps_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
