/* SPDX-License-Identifier: Apache-2.0 */

/* Reads the same options again and again, the first allocation failing, then the second, and so on:
 * each failure must be told, and leak nothing. The sources are built in here, so that their malloc
 * can be another. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <jansson.h>

static long n_until_failure;
static long n_blocks;

static void *failing_malloc(size_t len_bytes)
{
    void *block;

    if (n_until_failure-- == 0)
        return NULL;
    block = malloc(len_bytes);
    n_blocks += block != NULL;
    return block;
}

static void counting_free(void *block)
{
    n_blocks -= block != NULL;
    free(block);
}

#define malloc failing_malloc
#define free   counting_free
#include "config/option.c"
#include "config/option_value.c"
#include "config/options.c"
#include "config/options_file.c"
#include "config/reading.c"
#undef malloc
#undef free

static void test_options_memory__every_failure_is_told(void **state)
{
    static const char text[] = "{\"port\": 1, \"model_alias\": [\"a\", 5], \"drain_delay\": 0.5}";
    const int file = memfd_create("nestd-options", 0);
    char config[64];
    const char *const argv[] = {"nestd", config, "--model-id=m", "--model-alias", "b,c", NULL};
    const char *const envp[] = {"NESTD_MATRYOSHKA_DIMS=1,2", "NESTD_HOSTNAME=::1", NULL};
    enum options_outcome outcome = OPTIONS_BAD;
    long n_allowed;

    (void)state;
    assert_true(file >= 0);
    assert_int_equal(write(file, text, sizeof(text) - 1), sizeof(text) - 1);
    snprintf(config, sizeof(config), "--config=/proc/self/fd/%d", file);
    json_set_alloc_funcs(failing_malloc, counting_free);

    for (n_allowed = 0; n_allowed < 1000 && outcome == OPTIONS_BAD; n_allowed++) {
        struct options options;
        struct options_report report;

        n_until_failure = n_allowed;
        outcome = options_read(5, (char *const *)argv, (char *const *)envp, &options, &report);
        if (outcome == OPTIONS_BAD) {
            assert_string_not_equal(report.problem, "");
        } else {
            assert_int_equal(options.model_alias.n_values, 2);
            options_release(&options);
        }
        assert_int_equal(n_blocks, 0);
    }
    assert_int_equal(outcome, OPTIONS_RUN);
    assert_true(n_allowed > 20);
    close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_memory__every_failure_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
