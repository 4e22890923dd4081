/* SPDX-License-Identifier: Apache-2.0 */

#include "server/text/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_progress__words(void **state)
{
    static const struct {
        size_t n_first;
        double first_share;
        double seconds;
        size_t n_texts;
        double share;
        const char *words;
    } cases[] = {
        {0, 0, 0, 0, 0, "0 texts, 0 %"},
        {0, 0, 10, 1000, 0.25, "1000 texts, 25 %, 100 texts/s, 0:30 left"},
        {0, 0, 10, 1000, -1, "1000 texts, 100 texts/s"},
        {0, 0, 10, 1000, 1, "1000 texts, 100 %, 100 texts/s"},
        {500, 0.5, 10, 600, 0.6, "600 texts, 60 %, 10 texts/s, 0:40 left"},
        {0, 0, 100, 1000, 0.01, "1000 texts, 1 %, 10 texts/s, 2:45:00 left"},
        {500, 0.5, 10, 500, 0.5, "500 texts, 50 %, 0 texts/s"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct progress progress;

        progress_begin(&progress, false, 1000, cases[i].n_first, cases[i].first_share);
        assert_string_equal(progress_describe(&progress, 1000 + (int64_t)(cases[i].seconds * 1e6),
                                              cases[i].n_texts, cases[i].share)
                                .text,
                            cases[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_progress__words)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
