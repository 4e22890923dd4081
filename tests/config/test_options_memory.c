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

static void *failing_calloc(size_t n, size_t len_bytes)
{
    void *const block = failing_malloc(n * len_bytes);

    return block ? memset(block, 0, n * len_bytes) : NULL;
}

static void counting_free(void *block)
{
    n_blocks -= block != NULL;
    free(block);
}

#define malloc failing_malloc
#define calloc failing_calloc
#define free   counting_free
#include "config/option.c"
#include "config/option_value.c"
#include "config/options.c"
#include "config/options_file.c"
#include "config/reading.c"
#undef malloc
#undef calloc
#undef free

/* Of a file with that text, and of flags and variables beside it. */
static void try_every_failure(const char *text, const char *model_flag, size_t n_more)
{
    const int file = memfd_create("nestd-options", 0);
    char config[64];
    const char *const argv[] = {"nestd", config, "--model-alias", "b,c", model_flag, NULL};
    const char *const envp[] = {"NESTD_MATRYOSHKA_DIMS=1,2", "NESTD_HOSTNAME=::1", NULL};
    enum options_outcome outcome = OPTIONS_BAD;
    long n_allowed;

    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    snprintf(config, sizeof(config), "--config=/proc/self/fd/%d", file);
    json_set_alloc_funcs(failing_malloc, counting_free);

    for (n_allowed = 0; n_allowed < 1000 && outcome == OPTIONS_BAD; n_allowed++) {
        struct options options;
        struct options_report report;

        n_until_failure = n_allowed;
        outcome = options_read(model_flag ? 5 : 4, (char *const *)argv, (char *const *)envp,
                               &options, &report);
        if (outcome == OPTIONS_BAD) {
            assert_string_not_equal(report.problem, "");
        } else {
            assert_int_equal(options.model_alias.n_values, 2);
            assert_int_equal(options.n_more, n_more);
            options_release(&options);
        }
        assert_int_equal(n_blocks, 0);
    }
    assert_int_equal(outcome, OPTIONS_RUN);
    assert_true(n_allowed > 20);
    close(file);
}

static void test_options_memory__every_failure_is_told(void **state)
{
    (void)state;
    try_every_failure("{\"port\": 1, \"model_alias\": [\"a\", 5], \"drain_delay\": 0.5}",
                      "--model-id=m", 0);
    try_every_failure(
        "{\"port\": 1, \"models\": [{\"model_id\": \"a\", \"matryoshka_dims\": [4, 2]},"
        "{\"model_id\": \"b\"}, {\"model_id\": \"c\", \"pooling\": \"cls\"}]}",
        NULL, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_memory__every_failure_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
