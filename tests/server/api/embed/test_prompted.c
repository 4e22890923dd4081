/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/api/embed/prompted.h"
#include "tests/engine/model/folder.h"

#include <string.h>

/* As sentence-transformers 6.2 counts them. */
static void test_prompted__the_last_token_counts_unless_it_is_special(void **state)
{
    static const struct {
        const char *folder;
        const char *prompt;
        size_t n_tokens;
    } cases[] = {
        {"../tokenizer/uncased", "the the", 3},    /* [CLS] the the [SEP] */
        {"../tokenizer/part_words", "the the", 2}, /* the the */
        {"../tokenizer/part_words", "the </s>", 1},
        {"../tokenizer/part_words", "", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct slice prompt = {cases[i].prompt, strlen(cases[i].prompt)};
        struct tokenizer *tokenizer = NULL;
        struct tokens scratch = {0};
        struct error error = {{0}};
        struct folder folder;
        size_t n_tokens = 99;

        folder_init_copy(&folder, cases[i].folder);
        if (tokenizer_load(&tokenizer, folder.path, false, &error))
            fail_msg("%s", error.text);
        assert_int_equal(prompted_count_tokens(tokenizer, prompt, 100, &scratch, &n_tokens),
                         STATUS_OK);
        assert_int_equal(n_tokens, cases[i].n_tokens);
        assert_int_equal(scratch.n_tokens, 0);
        tokens_release(&scratch);
        tokenizer_free(tokenizer);
        folder_release(&folder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prompted__the_last_token_counts_unless_it_is_special),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
