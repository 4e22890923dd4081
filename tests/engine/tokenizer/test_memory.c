/* SPDX-License-Identifier: Apache-2.0 */

/* Loading and encoding when the n-th allocation fails, for every n. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/base/memory.h"
#include "engine/files/file.h"
#include "tests/engine/tokenizer/golden.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utf8proc.h>

/* How many allocations still succeed; negative: all. */
static long n_left = -1;

static bool may_allocate(void)
{
    if (n_left == 0)
        return false;
    if (n_left > 0)
        n_left--;
    return true;
}

static void *failing_malloc(size_t n_bytes)
{
    return may_allocate() ? malloc(n_bytes) : NULL;
}

static void *failing_calloc(size_t n, size_t n_bytes)
{
    return may_allocate() ? calloc(n, n_bytes) : NULL;
}

static void *failing_realloc(void *old, size_t n_bytes)
{
    return may_allocate() ? realloc(old, n_bytes) : NULL;
}

static void *failing_reallocarray(void *old, size_t n, size_t n_bytes)
{
    return may_allocate() ? reallocarray(old, n, n_bytes) : NULL;
}

/* The tokenizer once more, with these in place of the allocator. */
#define malloc       failing_malloc
#define calloc       failing_calloc
#define realloc      failing_realloc
#define reallocarray failing_reallocarray
#include "engine/tokenizer/added.c"
#include "engine/tokenizer/chars.c"
#include "engine/tokenizer/decode/strings.c"
#include "engine/tokenizer/output.c"
#include "engine/tokenizer/trie.c"
#include "engine/tokenizer/vocab.c"
#define append append_entry
#define grow   grow_array
#include "engine/tokenizer/read/added_list.c"
#include "engine/tokenizer/word.c"
#undef append
#undef grow
#define split   split_word
#define release release_words
#include "engine/tokenizer/words/wordpiece.c"
#undef split
#undef release
#include "engine/tokenizer/read/load.c"
#include "engine/tokenizer/read/vocab_txt.c"
#undef malloc
#undef calloc
#undef realloc
#undef reallocarray

/* There and back. */
static enum status load_and_encode(const char *path, struct error *error)
{
    const struct tokenize_options options = {.add_special = true, .want_spans = true};
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
            tokenizer_decode(tokenizer, tokens.ids, tokens.n_tokens, false, &decoded, &len_bytes);
    free(decoded);
    tokens_release(&tokens);
    tokenizer_free(tokenizer);
    return status;
}

static void assert_survives(const char *folder)
{
    enum status status = STATUS_NO_MEMORY;
    const char *path = golden_path(folder);
    long n = 0;

    for (; status; n++) {
        struct error error = {{0}};

        n_left = n;
        status = load_and_encode(path, &error);
        n_left = -1;
        if (status)
            assert_int_equal(status, STATUS_NO_MEMORY);
        assert_in_range(n, 0, 100000);
    }
    assert_in_range(n, 10, 100000);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory__every_failure_is_told_from_tokenizer_json),
        cmocka_unit_test(test_memory__every_failure_is_told_from_vocab_txt),
        cmocka_unit_test(test_memory__every_failure_is_told_from_vocab_txt_with_all_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
