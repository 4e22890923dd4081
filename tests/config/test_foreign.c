/* SPDX-License-Identifier: Apache-2.0 */

/* The command lines and environments of Text Embeddings Inference, and short flags. */

#include "config/options.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

enum { MAX_WORDS = 32 };

struct start {
    const char *flags[MAX_WORDS];     /* to the first NULL */
    const char *variables[MAX_WORDS]; /* the same */
};

static enum options_outcome read_start(struct start start, struct options *ret_options,
                                       struct options_report *report)
{
    const char *argv[MAX_WORDS + 1] = {"nestd"};
    int argc = 1;

    for (size_t i = 0; start.flags[i]; i++)
        argv[argc++] = start.flags[i];
    return options_read(argc, (char *const *)argv, (char *const *)start.variables, ret_options,
                        report);
}

static struct options read_good(struct start start, struct options_report *report)
{
    struct options options;

    if (read_start(start, &options, report) != OPTIONS_RUN)
        fail_msg("refused: %s", report->problem);
    return options;
}

static void assert_refused(struct start start, const char *problem)
{
    struct options options;
    struct options_report report;

    assert_int_equal(read_start(start, &options, &report), OPTIONS_BAD);
    assert_string_equal(report.problem, problem);
}

static void test_foreign__teis_flags_are_taken(void **state)
{
    struct options_report report;
    struct options options = read_good(
        (struct start){.flags = {"--model-id", "BAAI/bge-large-en-v1.5", "--revision", "refs/pr/5",
                                 "-p", "3000", "--tokenization-workers", "4", "--hostname",
                                 "0.0.0.0", "--max-batch-tokens=16384", "--json-output",
                                 "--pooling", "last-token", "--hf-api-token", "hf_token"}},
        &report);

    (void)state;
    assert_string_equal(options.model_id, "BAAI/bge-large-en-v1.5");
    assert_string_equal(options.revision, "refs/pr/5");
    assert_int_equal(options.port, 3000);
    assert_int_equal(options.request_threads, 4);
    assert_string_equal(options.hostname, "0.0.0.0");
    assert_int_equal(options.max_batch_tokens, 16384);
    assert_true(options.json_output);
    assert_string_equal(options.pooling, "lasttoken");
    assert_string_equal(options.hf_token, "hf_token");
    assert_int_equal(report.n_warnings, 0);
    options_release(&options);
}

static void test_foreign__flags_without_effect_are_told_in_one_warning(void **state)
{
    struct options_report report;
    struct options options =
        read_good((struct start){.flags = {"--max-batch-requests", "8", "--disable-spans",
                                           "--dense-path=d", "--model-id", "m"},
                                 .variables = {"MAX_BATCH_REQUESTS=4"}},
                  &report);

    (void)state;
    assert_int_equal(report.n_warnings, 1);
    assert_string_equal(report.warnings[0],
                        "without effect here, unlike in Text Embeddings Inference (--help says "
                        "why): --max-batch-requests, --disable-spans, --dense-path, "
                        "MAX_BATCH_REQUESTS");
    options_release(&options);

    options =
        read_good((struct start){.flags = {"--disable-spans", "true", "--model-id=m"}}, &report);
    assert_string_equal(options.model_id, "m");
    options_release(&options);
}

static void test_foreign__float16_is_auto_and_that_is_told(void **state)
{
    struct options_report report;
    struct options options =
        read_good((struct start){.flags = {"--dtype", "float16", "--model-id=m"}}, &report);

    (void)state;
    assert_string_equal(options.dtype, "auto");
    assert_int_equal(report.n_warnings, 1);
    assert_memory_equal(report.warnings[0], "--dtype=float16 is taken as auto: ", 34);
    options_release(&options);
}

static void test_foreign__teis_variables_are_taken(void **state)
{
    struct options_report report;
    struct options options = read_good(
        (struct start){.variables = {"MODEL_ID=org/name", "REVISION=main", "PORT=80",
                                     "MAX_BATCH_TOKENS=1024", "MAX_CLIENT_BATCH_SIZE=64",
                                     "TOKENIZATION_WORKERS=3", "AUTO_TRUNCATE=false",
                                     "DTYPE=float32", "API_KEY=k", "PAYLOAD_LIMIT=2000000",
                                     "CORS_ALLOW_ORIGIN=*", "HUGGINGFACE_HUB_CACHE=/data",
                                     "JSON_OUTPUT=true", "DEFAULT_PROMPT=", "POOLING=cls"}},
        &report);

    (void)state;
    assert_string_equal(options.model_id, "org/name");
    assert_string_equal(options.revision, "main");
    assert_int_equal(options.port, 80);
    assert_int_equal(options.max_batch_tokens, 1024);
    assert_int_equal(options.max_client_batch_size, 64);
    assert_int_equal(options.request_threads, 3);
    assert_false(options.auto_truncate);
    assert_string_equal(options.dtype, "float32");
    assert_string_equal(options.api_key, "k");
    assert_int_equal(options.payload_limit, 2000000);
    assert_int_equal(options.cors_allow_origin.n_values, 1);
    assert_string_equal(options.huggingface_hub_cache, "/data");
    assert_true(options.json_output);
    assert_null(options.default_prompt);
    assert_string_equal(options.pooling, "cls");
    assert_int_equal(report.n_warnings, 0);
    options_release(&options);
}

/* One that is not needed need not make sense either. */
static void test_foreign__our_variables_and_flags_win(void **state)
{
    struct options_report report;
    struct options options =
        read_good((struct start){.flags = {"--model-id", "flag", "--port=1"},
                                 .variables = {"MODEL_ID=tei", "PORT=ftp", "DTYPE=int4",
                                               "NESTD_DTYPE=float32", "REVISION=tei",
                                               "NESTD_REVISION=ours", "CORS_ALLOW_ORIGIN=*",
                                               "NESTD_CORS_ALLOW_ORIGIN=https://a.example"}},
                  &report);

    (void)state;
    assert_string_equal(options.model_id, "flag");
    assert_int_equal(options.port, 1);
    assert_string_equal(options.dtype, "float32");
    assert_string_equal(options.revision, "ours");
    assert_int_equal(options.cors_allow_origin.n_values, 1);
    assert_string_equal(options.cors_allow_origin.values[0], "https://a.example");
    options_release(&options);
}

/* What Kubernetes writes for a Service called nestd leaves the option unset. */
static void test_foreign__variables_of_kubernetes_hide_none_of_teis(void **state)
{
    struct options_report report;
    struct options options = read_good(
        (struct start){.variables = {"NESTD_PORT=tcp://10.0.0.1:8080", "PORT=80", "MODEL_ID=m"}},
        &report);

    (void)state;
    assert_int_equal(options.port, 80);
    options_release(&options);
}

static void test_foreign__hostname_counts_only_as_an_address(void **state)
{
    static const struct {
        const char *variable;
        const char *hostname;
    } cases[] = {
        {"HOSTNAME=6f2a9c1d3b7e", "127.0.0.1"},
        {"HOSTNAME=web.example", "127.0.0.1"},
        {"HOSTNAME=0.0.0.0", "0.0.0.0"},
        {"HOSTNAME=::", "::"},
        {"HOSTNAME=", "127.0.0.1"},
        {"HOSTNAME=1.2.3", "127.0.0.1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct options_report report;
        struct options options = read_good(
            (struct start){.flags = {"--model-id=m"}, .variables = {cases[i].variable}}, &report);

        assert_string_equal(options.hostname, cases[i].hostname);
        assert_int_equal(report.n_warnings, 0);
        options_release(&options);
    }
}

/* A stray API_KEY must not be sent to a server of --url. The image's model is for all commands. */
static void test_foreign__variables_but_the_models_are_for_serve_alone(void **state)
{
    struct options_report report;
    struct options options = read_good((struct start){.flags = {"embed", "--url=http://a"},
                                                      .variables = {"API_KEY=k", "MODEL_ID=m"}},
                                       &report);

    (void)state;
    assert_null(options.api_key);
    assert_null(options.model_id);
    options_release(&options);

    options = read_good(
        (struct start){.flags = {"embed"},
                       .variables = {"MODEL_ID=m", "DTYPE=float32", "MAX_BATCH_REQUESTS=4"}},
        &report);
    assert_string_equal(options.model_id, "m");
    assert_string_equal(options.dtype, "auto");
    assert_int_equal(report.n_warnings, 0);
    options_release(&options);
}

static void test_foreign__bad_ones_are_refused_by_their_name(void **state)
{
    (void)state;
    assert_refused((struct start){.flags = {"--model-id=m"}, .variables = {"PORT=http"}},
                   "PORT=http: expected a whole number from 0 to 65535");
    assert_refused(
        (struct start){.flags = {"--model-id=m"}, .variables = {"TOKENIZATION_WORKERS=0"}},
        "TOKENIZATION_WORKERS=0: expected a whole number from 1 to 256");
    assert_refused((struct start){.flags = {"--model-id=m", "--max-batch-requests"}},
                   "--max-batch-requests: expected N after it");
    assert_refused((struct start){.flags = {"embed", "--max-batch-requests=1"}},
                   "flag --max-batch-requests is unknown; --help lists every option");
    assert_refused((struct start){.flags = {"-p"}},
                   "-p: expected a whole number from 0 to 65535 after it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_foreign__teis_flags_are_taken),
        cmocka_unit_test(test_foreign__flags_without_effect_are_told_in_one_warning),
        cmocka_unit_test(test_foreign__float16_is_auto_and_that_is_told),
        cmocka_unit_test(test_foreign__teis_variables_are_taken),
        cmocka_unit_test(test_foreign__our_variables_and_flags_win),
        cmocka_unit_test(test_foreign__variables_of_kubernetes_hide_none_of_teis),
        cmocka_unit_test(test_foreign__hostname_counts_only_as_an_address),
        cmocka_unit_test(test_foreign__variables_but_the_models_are_for_serve_alone),
        cmocka_unit_test(test_foreign__bad_ones_are_refused_by_their_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
