/* SPDX-License-Identifier: Apache-2.0 */

/* Texts against those that the official tokenizer made of the same ids. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/engine/tokenizer/golden.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_IDS = 1024 };

static size_t read_ids(const json_t *list, int32_t ids[MAX_IDS])
{
    size_t n = json_array_size(list);

    assert_in_range(n, 1, MAX_IDS);
    for (size_t i = 0; i < n; i++)
        ids[i] = (int32_t)json_integer_value(json_array_get(list, i));
    return n;
}

/* A row of decoded.jsonl. */
static void check_row(const struct tokenizer *tokenizer, const json_t *row)
{
    const json_t *expected = json_object_get(row, "text");
    bool skip_special = json_is_true(json_object_get(row, "skip"));
    int32_t ids[MAX_IDS];
    size_t n_ids = read_ids(json_object_get(row, "ids"), ids);
    size_t len_bytes = 0;
    char *text = NULL;

    assert_int_equal(tokenizer_decode(tokenizer, ids, n_ids, skip_special, &text, &len_bytes), 0);
    if (len_bytes != json_string_length(expected) ||
        memcmp(text, json_string_value(expected), len_bytes) != 0)
        fail_msg("%zu ids from %d on are \"%.*s\" instead of \"%s\"", n_ids, ids[0], (int)len_bytes,
                 text, json_string_value(expected));
    free(text);
}

static void check_folder(const char *folder)
{
    struct tokenizer *tokenizer = golden_load(folder);
    FILE *file = fopen(golden_path("decoded.jsonl"), "r");
    size_t n_rows = 0;
    char *line = NULL;
    size_t room = 0;

    assert_non_null(file);
    while (getline(&line, &room, file) > 0) {
        json_t *row = json_loads(line, JSON_ALLOW_NUL, NULL);

        assert_non_null(row);
        if (strcmp(json_string_value(json_object_get(row, "folder")), folder) == 0) {
            check_row(tokenizer, row);
            n_rows++;
        }
        json_decref(row);
    }
    assert_in_range(n_rows, 150, 200);
    free(line);
    fclose(file);
    tokenizer_free(tokenizer);
}

static void test_decode_text__agrees_with_the_official_one(void **state)
{
    static const char *const folders[] = {"decoder",      "decoder_at", "decoder_glued",
                                          "decoder_none", "vocab",      "added"};

    (void)state;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        check_folder(folders[i]);
}

static void test_decode_text__id_outside_the_vocabulary_is_invalid(void **state)
{
    struct tokenizer *tokenizer = golden_load("decoder");
    int32_t wrong[] = {-1, INT32_MIN, (int32_t)tokenizer_vocabulary_size(tokenizer), INT32_MAX};
    size_t len_bytes = 77;
    char *text = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int32_t ids[] = {5, wrong[i]};

        assert_int_equal(tokenizer_decode(tokenizer, ids, 2, false, &text, &len_bytes),
                         STATUS_INVALID);
        assert_null(text);
        assert_int_equal(len_bytes, 77);
    }
    tokenizer_free(tokenizer);
}

static void test_decode_text__nothing_to_say_is_an_empty_text(void **state)
{
    struct tokenizer *tokenizer = golden_load("decoder");
    int32_t special[] = {2, 3};

    (void)state;
    for (size_t n_ids = 0; n_ids <= 2; n_ids += 2) {
        size_t len_bytes = 77;
        char *text = NULL;

        assert_int_equal(tokenizer_decode(tokenizer, special, n_ids, true, &text, &len_bytes), 0);
        assert_non_null(text);
        assert_int_equal(len_bytes, 0);
        free(text);
    }
    tokenizer_free(tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode_text__agrees_with_the_official_one),
        cmocka_unit_test(test_decode_text__id_outside_the_vocabulary_is_invalid),
        cmocka_unit_test(test_decode_text__nothing_to_say_is_an_empty_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
