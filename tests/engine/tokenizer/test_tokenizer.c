/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/engine/tokenizer/golden.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/* Ids of tests/data/tokenizer's vocabulary. */
enum { UNK = 1, CLS = 2, SEP = 3, MASK = 4, THE = 5 };

static const struct tokenize_options whole = {.add_special = true};

static void assert_ids(const struct tokens *tokens, const int32_t *ids, size_t n_ids)
{
    assert_int_equal(tokens->n_tokens, n_ids);
    if (n_ids > 0)
        assert_memory_equal(tokens->ids, ids, n_ids * sizeof *ids);
}

static void test_tokenizer__appends_to_what_is_there(void **state)
{
    struct tokenizer *tokenizer = golden_load("uncased");
    struct tokens tokens = {0};
    struct tokenize_result result;

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(tokenizer_encode(tokenizer, "The", 3, &whole, &tokens, &result), 0);
    assert_ids(&tokens, (const int32_t[]){CLS, THE, SEP, CLS, THE, SEP, CLS, THE, SEP}, 9);
    assert_int_equal(result.n_tokens, 3);
    assert_int_equal(result.n_tokens_whole, 3);
    assert_false(result.truncated);
    tokens_release(&tokens);
    tokenizer_free(tokenizer);
}

static void test_tokenizer__too_long_says_how_many(void **state)
{
    const struct tokenize_options options = {.max_tokens = 4, .add_special = true};
    struct tokenizer *tokenizer = golden_load("uncased");
    struct tokenize_result result;
    struct tokens tokens = {0};

    (void)state;
    golden_encode(tokenizer, "the the", 7, &options, &tokens);
    assert_int_equal(tokenizer_encode(tokenizer, "the the the", 11, &options, &tokens, &result),
                     STATUS_TOO_LONG);
    assert_int_equal(result.n_tokens_whole, 5);
    assert_ids(&tokens, (const int32_t[]){CLS, THE, THE, SEP}, 4);
    tokens_release(&tokens);
    tokenizer_free(tokenizer);
}

static void test_tokenizer__room_for_special_tokens_only(void **state)
{
    static const enum truncate_side sides[] = {TRUNCATE_END, TRUNCATE_START};
    struct tokenizer *tokenizer = golden_load("uncased");
    struct tokenize_result result;
    struct tokens tokens = {0};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct tokenize_options options = {
            .truncate = sides[i], .max_tokens = 2, .add_special = true, .want_spans = true};

        result = golden_encode(tokenizer, "the the", 7, &options, &tokens);
        assert_ids(&tokens, (const int32_t[]){CLS, SEP}, 2);
        assert_true(result.truncated);
        golden_encode(tokenizer, "", 0, &options, &tokens);
        assert_ids(&tokens, (const int32_t[]){CLS, SEP}, 2);
        options.max_tokens = 1;
        assert_int_equal(tokenizer_encode(tokenizer, "", 0, &options, &tokens, &result),
                         STATUS_TOO_LONG);
        assert_int_equal(tokens.n_tokens, 2);
    }
    tokens_release(&tokens);
    tokenizer_free(tokenizer);
}

static void test_tokenizer__truncation_at_the_end_reads_no_further(void **state)
{
    const struct tokenize_options options = {
        .truncate = TRUNCATE_END, .max_tokens = 256, .add_special = true};
    enum { READABLE_BYTES = 1 << 16 };
    const size_t claimed_bytes = (size_t)1 << 30;
    struct tokenizer *tokenizer = golden_load("uncased");
    struct tokenize_result result;
    struct tokens tokens = {0};
    char *text =
        mmap(NULL, claimed_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    (void)state;
    assert_ptr_not_equal(text, MAP_FAILED);
    assert_int_equal(mprotect(text, READABLE_BYTES, PROT_READ | PROT_WRITE), 0);
    for (size_t i = 0; i < READABLE_BYTES; i++)
        text[i] = "the \xc3\xa9! "[i % 8];
    result = golden_encode(tokenizer, text, claimed_bytes, &options, &tokens);
    assert_int_equal(result.n_tokens, 256);
    assert_true(result.n_tokens_whole > 256);
    assert_true(result.truncated);
    assert_int_equal(munmap(text, claimed_bytes), 0);
    tokens_release(&tokens);
    tokenizer_free(tokenizer);
}

static void test_tokenizer__truncation_at_the_start_keeps_little(void **state)
{
    const struct tokenize_options options = {
        .truncate = TRUNCATE_START, .max_tokens = 8, .add_special = true, .want_spans = true};
    enum { N_BYTES = 400001 };
    struct tokenizer *tokenizer = golden_load("uncased");
    struct tokens tokens = {0};
    struct tokenize_result result;
    char *text = malloc(N_BYTES);

    (void)state;
    assert_non_null(text);
    memset(text, '.', N_BYTES - 3);
    memcpy(text + N_BYTES - 3, "the", 3);
    result = golden_encode(tokenizer, text, N_BYTES, &options, &tokens);
    assert_int_equal(tokens.n_tokens, 8);
    assert_int_equal(tokens.ids[0], CLS);
    assert_int_equal(tokens.ids[6], THE);
    assert_int_equal(tokens.spans[6].start, N_BYTES - 3);
    assert_int_equal(tokens.spans[1].start, N_BYTES - 8);
    assert_int_equal(tokens.ids[7], SEP);
    assert_int_equal(result.n_tokens_whole, N_BYTES);
    assert_true(tokens.capacity < 1000);
    free(text);
    tokens_release(&tokens);
    tokenizer_free(tokenizer);
}

static void test_tokenizer__wraps_ids_under_the_same_rules(void **state)
{
    static const int32_t ids[] = {10, 11, 12, 13, 14};
    static const int32_t outside[] = {10, 100000};
    static const int32_t negative[] = {-1};
    struct tokenize_options options = {
        .truncate = TRUNCATE_END, .max_tokens = 5, .add_special = true, .want_spans = true};
    struct tokenizer *tokenizer = golden_load("uncased");
    struct tokenize_result result;
    struct tokens tokens = {0};

    (void)state;
    assert_int_equal(tokenizer_wrap(tokenizer, ids, 3, &options, &tokens, &result), 0);
    assert_ids(&tokens, (const int32_t[]){CLS, 10, 11, 12, SEP}, 5);
    assert_false(result.truncated);
    tokens.n_tokens = 0;
    assert_int_equal(tokenizer_wrap(tokenizer, ids, 5, &options, &tokens, &result), 0);
    assert_ids(&tokens, (const int32_t[]){CLS, 10, 11, 12, SEP}, 5);
    assert_true(result.truncated);
    assert_int_equal(result.n_tokens_whole, 7);
    assert_int_equal(tokens.spans[1].start, SIZE_MAX);
    tokens.n_tokens = 0;
    options.truncate = TRUNCATE_START;
    assert_int_equal(tokenizer_wrap(tokenizer, ids, 5, &options, &tokens, &result), 0);
    assert_ids(&tokens, (const int32_t[]){CLS, 12, 13, 14, SEP}, 5);
    options.truncate = TRUNCATE_NONE;
    assert_int_equal(tokenizer_wrap(tokenizer, ids, 5, &options, &tokens, &result),
                     STATUS_TOO_LONG);
    assert_int_equal(result.n_tokens_whole, 7);
    assert_int_equal(tokenizer_wrap(tokenizer, outside, 2, &options, &tokens, &result),
                     STATUS_INVALID);
    assert_int_equal(tokenizer_wrap(tokenizer, negative, 1, &options, &tokens, &result),
                     STATUS_INVALID);
    assert_int_equal(tokens.n_tokens, 5);
    tokens_release(&tokens);
    tokenizer_free(tokenizer);
}

/* As Hugging Face's tokenizers give ids: they stay as they are, and what is cut is the text. */
static void test_tokenizer__adds_no_second_pair_of_special_tokens(void **state)
{
    static const struct {
        int32_t ids[6];
        size_t n_ids;
        int32_t expected[6];
        size_t n_expected;
    } cases[] = {
        {{CLS, 10, 11, SEP}, 4, {CLS, 10, 11, SEP}, 4},
        {{CLS, SEP}, 2, {CLS, SEP}, 2},
        {{CLS}, 1, {CLS, CLS, SEP}, 3}, /* half of a pair is none */
        {{CLS, 10}, 2, {CLS, CLS, 10, SEP}, 4},
        {{10, SEP}, 2, {CLS, 10, SEP, SEP}, 4},
        {{SEP, CLS}, 2, {CLS, SEP, CLS, SEP}, 4},
        {{CLS, 10, 11, 12, 13, SEP}, 6, {CLS, 10, 11, 12, SEP}, 5},
    };
    struct tokenize_options options = {
        .truncate = TRUNCATE_END, .max_tokens = 5, .add_special = true};
    struct tokenizer *tokenizer = golden_load("uncased");
    struct tokenize_result result;
    struct tokens tokens = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tokens.n_tokens = 0;
        assert_int_equal(
            tokenizer_wrap(tokenizer, cases[i].ids, cases[i].n_ids, &options, &tokens, &result), 0);
        assert_ids(&tokens, cases[i].expected, cases[i].n_expected);
        assert_int_equal(result.truncated, cases[i].n_ids == 6);
    }
    assert_int_equal(result.n_tokens_whole, 6);
    options.truncate = TRUNCATE_START;
    tokens.n_tokens = 0;
    assert_int_equal(tokenizer_wrap(tokenizer, cases[6].ids, 6, &options, &tokens, &result), 0);
    assert_ids(&tokens, (const int32_t[]){CLS, 11, 12, 13, SEP}, 5);
    options.add_special = false; /* then they are ids as any others */
    options.truncate = TRUNCATE_END;
    tokens.n_tokens = 0;
    assert_int_equal(tokenizer_wrap(tokenizer, cases[0].ids, 4, &options, &tokens, &result), 0);
    assert_ids(&tokens, cases[0].ids, 4);
    tokens_release(&tokens);
    tokenizer_free(tokenizer);
}

static void test_tokenizer__knows_its_vocabulary(void **state)
{
    struct tokenizer *tokenizer = golden_load("added");
    size_t size = tokenizer_vocabulary_size(tokenizer);
    size_t len_bytes;

    (void)state;
    assert_int_equal(tokenizer_special_count(tokenizer), 4);
    assert_string_equal(tokenizer_token_text(tokenizer, THE, &len_bytes), "the");
    assert_int_equal(len_bytes, 3);
    assert_string_equal(tokenizer_token_text(tokenizer, (int32_t)size - 1, &len_bytes), "newt");
    assert_null(tokenizer_token_text(tokenizer, (int32_t)size, &len_bytes));
    assert_null(tokenizer_token_text(tokenizer, -1, &len_bytes));
    assert_true(tokenizer_is_special(tokenizer, MASK));
    assert_false(tokenizer_is_special(tokenizer, THE));
    assert_false(tokenizer_is_special(tokenizer, (int32_t)size - 1));
    assert_false(tokenizer_is_special(tokenizer, INT32_MAX));
    tokenizer_free(tokenizer);
}

/* A text of at least n_bytes: `first`, then `unit` again and again. */
static char *repeat(const char *first, const char *unit, size_t n_bytes, size_t *ret_len_bytes)
{
    size_t unit_bytes = strlen(unit);
    size_t len_bytes = strlen(first);
    char *text = malloc(n_bytes + len_bytes + unit_bytes);

    assert_non_null(text);
    memcpy(text, first, len_bytes);
    for (; len_bytes < n_bytes; len_bytes += unit_bytes)
        memcpy(text + len_bytes, unit, unit_bytes);
    *ret_len_bytes = len_bytes;
    return text;
}

/* Processor time of encoding such a text, the least of three. */
static double measure(const struct tokenizer *tokenizer, const char *first, const char *unit,
                      size_t n_bytes, const struct tokenize_options *options)
{
    struct tokens tokens = {0};
    size_t len_bytes;
    char *text = repeat(first, unit, n_bytes, &len_bytes);
    double min = 0;

    for (int i = 0; i < 3; i++) {
        clock_t start = clock();
        double seconds;

        golden_encode(tokenizer, text, len_bytes, options, &tokens);
        seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        min = i == 0 || seconds < min ? seconds : min;
    }
    free(text);
    tokens_release(&tokens);
    return min;
}

/* 32 times the text takes 32 times the time, and not 1,024 times. */
static void assert_linear(const struct tokenizer *tokenizer, const char *first, const char *unit,
                          enum truncate_side side)
{
    const struct tokenize_options options = {.truncate = side,
                                             .max_tokens = side == TRUNCATE_NONE ? 0 : 512,
                                             .add_special = true,
                                             .want_spans = true};
    enum { FEW_BYTES = 1 << 12, TIMES = 32 };
    double few = measure(tokenizer, first, unit, FEW_BYTES, &options);
    double many = measure(tokenizer, first, unit, FEW_BYTES * TIMES, &options);

    if (many > (few + 0.002) * TIMES * 6)
        fail_msg("\"%s\" and \"%s\" again and again: %.4f s and %.4f s for %d times as much", first,
                 unit, few, many, TIMES);
}

static void test_tokenizer__is_linear_in_the_length(void **state)
{
    static const char *const folders[] = {"uncased",   "added",      "accents",        "lower",
                                          "part_xlmr", "part_gemma", "part_modernbert"};
    static const char *const units[] = {
        ".",
        "x",
        " ",
        "the ",
        "a\xcc\x81",
        "\xcc\x81",
        "\xcc\x81\xcc\x96",
        "\xe3\x80\xae\xcc\x96",
        "\xc3\xa9",
        "[",
        "[MASK",
        "[MASK]",
        "<left> ",
        " <b",
        "<right>  ",
        "new ",
        "new york",
        "\xe5\x8c\x97",
        "\xe6\x9d\xb1",
        "\xed\x95\x9c",
        "\xce\xa3'",
        "\xce\xa3",
        "\xc4\xb0",
        "\xe2\x80\x8b",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        "xxxxxxxxy ",
    };

    (void)state;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        struct tokenizer *tokenizer = golden_load(folders[i]);

        for (size_t k = 0; k < sizeof units / sizeof *units; k++) {
            assert_linear(tokenizer, "", units[k], TRUNCATE_NONE);
            assert_linear(tokenizer, "\xc3\xa9", units[k], TRUNCATE_START);
        }
        tokenizer_free(tokenizer);
    }
}

static void test_tokenizer__white_space_of_a_token_is_linear_too(void **state)
{
    struct tokenizer *tokenizer = golden_load("spaces");

    (void)state;
    assert_linear(tokenizer, "right", " ", TRUNCATE_NONE);
    assert_linear(tokenizer, "both", " ", TRUNCATE_START);
    tokenizer_free(tokenizer);
}

/* What a thread does of test_tokenizer__serves_many_threads. */
static void *encode_often(void *user)
{
    const struct tokenizer *tokenizer = user;
    struct tokens tokens = {0};
    bool same = true;

    for (int i = 0; i < 2000; i++) {
        struct tokenize_result result;

        tokens.n_tokens = 0;
        same = same &&
               !tokenizer_encode(tokenizer, "The [MASK] \xc3\xa9", 13, &whole, &tokens, &result);
        same = same && tokens.n_tokens == 5 && tokens.ids[1] == THE && tokens.ids[2] == MASK;
    }
    tokens_release(&tokens);
    return same ? user : NULL;
}

static void test_tokenizer__serves_many_threads(void **state)
{
    struct tokenizer *tokenizer = golden_load("uncased");
    pthread_t threads[4];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, encode_often, tokenizer), 0);
    for (size_t i = 0; i < 4; i++) {
        void *ret = NULL;

        assert_int_equal(pthread_join(threads[i], &ret), 0);
        assert_ptr_equal(ret, tokenizer);
    }
    tokenizer_free(tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokenizer__appends_to_what_is_there),
        cmocka_unit_test(test_tokenizer__too_long_says_how_many),
        cmocka_unit_test(test_tokenizer__room_for_special_tokens_only),
        cmocka_unit_test(test_tokenizer__truncation_at_the_end_reads_no_further),
        cmocka_unit_test(test_tokenizer__truncation_at_the_start_keeps_little),
        cmocka_unit_test(test_tokenizer__wraps_ids_under_the_same_rules),
        cmocka_unit_test(test_tokenizer__adds_no_second_pair_of_special_tokens),
        cmocka_unit_test(test_tokenizer__knows_its_vocabulary),
        cmocka_unit_test(test_tokenizer__is_linear_in_the_length),
        cmocka_unit_test(test_tokenizer__white_space_of_a_token_is_linear_too),
        cmocka_unit_test(test_tokenizer__serves_many_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
