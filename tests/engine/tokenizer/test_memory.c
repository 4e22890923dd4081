/* SPDX-License-Identifier: Apache-2.0 */

/* Loading and encoding when the n-th allocation fails, for every n. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/engine/tokenizer/golden.h"
#include "tests/torture/calls.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* There and back. */
static enum status load_and_encode(const char *path, struct error *error)
{
    const struct tokenize_options options = {
        .add_special = true, .want_spans = true, .want_types = true};
    struct tokenizer *tokenizer = NULL;
    struct tokenize_result result;
    struct tokens tokens = {0};
    char text[1000];
    char *decoded = NULL;
    size_t len_bytes;
    enum status status = tokenizer_load(&tokenizer, path, false, error);

    memset(text, '.', sizeof text);
    if (!status)
        status = tokenizer_encode(tokenizer, text, sizeof text, &options, &tokens, &result);
    if (status)
        assert_int_equal(tokens.n_tokens, 0);
    else
        status =
            tokenizer_encode_pair(tokenizer, text, sizeof text, "a", 1, &options, &tokens, &result);
    if (!status)
        status =
            tokenizer_decode(tokenizer, tokens.ids, tokens.n_tokens, false, &decoded, &len_bytes);
    free(decoded);
    tokens_release(&tokens);
    tokenizer_free(tokenizer);
    return status;
}

/* A failure that does no harm, such as that of a file's buffer, may go unnoticed. */
static void assert_survives(const char *folder)
{
    struct calls *allocations = calls_get(CALL_ALLOCATE);
    const char *path = golden_path(folder);
    size_t n_told = 0;

    for (int64_t n = 1;; n++) {
        struct error error = {{0}};
        enum status status;

        allocations->n_failed = 0;
        allocations->n_left = n;
        status = load_and_encode(path, &error);
        allocations->n_left = 0;
        if (allocations->n_failed == 0)
            break;
        if (status && status != STATUS_NO_MEMORY)
            fail_msg("%s: status %d, \"%s\" when allocation %d failed", folder, (int)status,
                     error.text, (int)n);
        n_told += status == STATUS_NO_MEMORY;
    }
    assert_in_range(n_told, calls_can_fail() ? 10 : 0, 100000);
}

static void test_memory__every_failure_is_told_from_tokenizer_json(void **state)
{
    (void)state;
    assert_survives("added");
}

static void test_memory__every_failure_is_told_from_vocab_txt(void **state)
{
    (void)state;
    assert_survives("vocab");
}

static void test_memory__every_failure_is_told_from_vocab_txt_with_all_files(void **state)
{
    (void)state;
    assert_survives("vocab_added");
}

static void test_memory__every_failure_is_told_from_other_parts(void **state)
{
    (void)state;
    assert_survives("part_xlmr");
    assert_survives("part_unigram_bytes");
    assert_survives("part_modernbert");
    assert_survives("part_gemma");
}

static void test_memory__every_failure_is_told_from_converted_folders(void **state)
{
    (void)state;
    assert_survives("convert_xlmr_named");
    assert_survives("convert_albert");
    assert_survives("convert_deberta_split");
    assert_survives("convert_t5_few");
    assert_survives("convert_gemma");
    assert_survives("convert_roberta");
    assert_survives("convert_qwen2");
}

/* Jansson 2.14 leaves a corrupt heap when memory runs out while it reads. */
static void *malloc_for_jansson(size_t n_bytes)
{
    struct calls *allocations = calls_get(CALL_ALLOCATE);
    int64_t n_left = allocations->n_left;
    void *memory;

    allocations->n_left = 0;
    memory = malloc(n_bytes);
    allocations->n_left = n_left;
    return memory;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory__every_failure_is_told_from_tokenizer_json),
        cmocka_unit_test(test_memory__every_failure_is_told_from_vocab_txt),
        cmocka_unit_test(test_memory__every_failure_is_told_from_vocab_txt_with_all_files),
        cmocka_unit_test(test_memory__every_failure_is_told_from_other_parts),
        cmocka_unit_test(test_memory__every_failure_is_told_from_converted_folders),
    };

    json_set_alloc_funcs(malloc_for_jansson, free);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
