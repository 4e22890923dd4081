/* SPDX-License-Identifier: Apache-2.0 */

#include "config/options.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_WORDS = 16 };

/* One start of the program: lists end with NULL; `file` is the text of the file that --config or
 * NESTD_CONFIG name as @. */
struct start {
    const char *flags[MAX_WORDS];
    const char *variables[MAX_WORDS];
    const char *file;
};

#define MODEL "--model-id=m"

static char file_path[] = "/tmp/nestd-options-XXXXXX";

static int make_file(void **state)
{
    const int file = mkstemp(file_path);

    (void)state;
    return file < 0 ? -1 : close(file);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(file_path);
}

/* `from`, with the file's path in place of the first two @. */
static char *copy_word(const char *from)
{
    const size_t size = strlen(from) + 2 * sizeof(file_path);
    char *const to = calloc(size, 1);

    assert_non_null(to);
    for (size_t n = 0; *from; from++)
        n += (size_t)snprintf(to + n, size - n, *from == '@' ? "%s" : "%.1s",
                              *from == '@' ? file_path : from);
    return to;
}

static enum options_outcome read_start(const struct start *start, struct options *options,
                                       struct options_report *report)
{
    char *argv[MAX_WORDS + 2] = {copy_word("nestd")}, *envp[MAX_WORDS + 1] = {NULL};
    enum options_outcome outcome;
    int argc = 1;

    if (start->file) {
        FILE *const file = fopen(file_path, "w");

        assert_non_null(file);
        fputs(start->file, file);
        assert_int_equal(fclose(file), 0);
    }
    for (size_t i = 0; i < MAX_WORDS && start->flags[i]; i++)
        argv[argc++] = copy_word(start->flags[i]);
    for (size_t i = 0; i < MAX_WORDS && start->variables[i]; i++)
        envp[i] = copy_word(start->variables[i]);

    outcome = options_read(argc, argv, envp, options, report);

    /* What was read must not point into them. */
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    for (size_t i = 0; envp[i]; i++)
        free(envp[i]);
    return outcome;
}

static struct options read_good(struct start start)
{
    struct options options;
    struct options_report report;

    if (read_start(&start, &options, &report) != OPTIONS_RUN)
        fail_msg("refused: %s", report.problem);
    assert_string_equal(report.problem, "");
    assert_int_equal(report.n_warnings, 0);
    return options;
}

/* `problem` may hold @ for the file's path. */
static void assert_refused(const struct start *start, const char *problem)
{
    struct options options;
    struct options_report report;
    char *const expected = copy_word(problem);

    memset(&options, 0x5a, sizeof(options));
    if (read_start(start, &options, &report) != OPTIONS_BAD)
        fail_msg("not refused: %s", problem);
    assert_string_equal(report.problem, expected);
    for (size_t i = 0; i < sizeof(options); i++)
        assert_int_equal(((unsigned char *)&options)[i], 0x5a);
    free(expected);
}

static void test_options__defaults(void **state)
{
    struct options options = read_good((struct start){.flags = {MODEL}});

    (void)state;
    assert_string_equal(options.model_id, "m");
    assert_null(options.served_model_name);
    assert_int_equal(options.model_alias.n_values, 0);
    assert_string_equal(options.dtype, "auto");
    assert_null(options.pooling);
    assert_true(options.auto_truncate);
    assert_string_equal(options.hostname, "127.0.0.1");
    assert_int_equal(options.port, 8080);
    assert_int_equal(options.max_queue_tokens, 2097152);
    assert_int_equal(options.payload_limit, 32 * 1024 * 1024);
    assert_true(options.request_timeout == 30.0);
    assert_true(options.drain_delay == 0.0);
    options_release(&options);
    assert_null(options.model_id);
    options_release(&options);
    options_release(NULL);
}

static void test_options__every_type_as_flag(void **state)
{
    struct options options = read_good((struct start){
        .flags = {"--model-id", "a folder", "--port=0", "--payload-limit", "64KiB",
                  "--drain-delay=2.25", "--auto-truncate=false", "--dtype", "float32",
                  "--matryoshka-dims", "64,128", "--default-prompt", "query: "},
    });

    (void)state;
    assert_string_equal(options.model_id, "a folder");
    assert_int_equal(options.port, 0);
    assert_int_equal(options.payload_limit, 65536);
    assert_true(options.drain_delay == 2.25);
    assert_false(options.auto_truncate);
    assert_string_equal(options.dtype, "float32");
    assert_int_equal(options.matryoshka_dims.n_values, 2);
    assert_int_equal(options.matryoshka_dims.values[0], 64);
    assert_int_equal(options.matryoshka_dims.values[1], 128);
    assert_string_equal(options.default_prompt, "query: ");
    options_release(&options);
}

static void test_options__switch_alone_means_true(void **state)
{
    struct options options = read_good((struct start){
        .flags = {"--auto-truncate", "--port", "1", MODEL},
        .variables = {"NESTD_AUTO_TRUNCATE=false"},
    });

    (void)state;
    assert_true(options.auto_truncate);
    assert_int_equal(options.port, 1);
    options_release(&options);

    options = read_good((struct start){.flags = {MODEL, "--auto-truncate", "false"}});
    assert_false(options.auto_truncate);
    options_release(&options);
}

static void test_options__every_type_in_file(void **state)
{
    struct options options = read_good((struct start){
        .flags = {"--config=@"},
        .file = "{\"model_id\": \"m\", \"port\": 1, \"payload_limit\": \"1GiB\", "
                "\"request_timeout\": 2, \"drain_timeout\": 0.3, \"auto_truncate\": false, "
                "\"pooling\": \"cls\", \"model_alias\": [\"a\", \"b\"], "
                "\"matryoshka_dims\": [64, 128], \"max_queue_tokens\": \"3000000000\"}",
    });

    (void)state;
    assert_string_equal(options.model_id, "m");
    assert_int_equal(options.port, 1);
    assert_int_equal(options.payload_limit, 1 << 30);
    assert_true(options.request_timeout == 2.0);
    assert_true(options.drain_timeout == 0.3);
    assert_false(options.auto_truncate);
    assert_string_equal(options.pooling, "cls");
    assert_int_equal(options.model_alias.n_values, 2);
    assert_string_equal(options.model_alias.values[1], "b");
    assert_int_equal(options.matryoshka_dims.n_values, 2);
    assert_int_equal(options.matryoshka_dims.values[1], 128);
    assert_int_equal(options.max_queue_tokens, 3000000000);
    options_release(&options);
}

static void test_options__later_source_wins(void **state)
{
    struct options options = read_good((struct start){
        .flags = {"--port=3"},
        .variables = {"NESTD_CONFIG=@", "NESTD_PORT=2", "NESTD_THREADS=2", "OTHER=1", "NESTD"},
        .file = "{\"port\": 1, \"threads\": 1, \"http_threads\": 9, \"model_id\": \"m\"}",
    });

    (void)state;
    assert_int_equal(options.port, 3);
    assert_int_equal(options.threads, 2);
    assert_int_equal(options.http_threads, 9);
    assert_int_equal(options.request_threads, 2);
    options_release(&options);
}

static void test_options__flag_names_the_file_before_the_environment_does(void **state)
{
    struct options options = read_good((struct start){
        .flags = {"--config", "@", MODEL},
        .variables = {"NESTD_CONFIG=/nowhere"},
        .file = "{\"port\": 1}",
    });

    (void)state;
    assert_int_equal(options.port, 1);
    options_release(&options);
}

static void test_options__repeated_list_appends_and_later_source_replaces(void **state)
{
    struct options options = read_good((struct start){
        .flags = {"--model-alias", "a,b", MODEL, "--model-alias=c"},
        .variables = {"NESTD_MODEL_ALIAS=x,y", "NESTD_CONFIG=@", "NESTD_MATRYOSHKA_DIMS=1,2"},
        .file = "{\"model_alias\": [\"z\"], \"matryoshka_dims\": []}",
    });

    (void)state;
    assert_int_equal(options.model_alias.n_values, 3);
    assert_string_equal(options.model_alias.values[0], "a");
    assert_string_equal(options.model_alias.values[1], "b");
    assert_string_equal(options.model_alias.values[2], "c");
    assert_int_equal(options.matryoshka_dims.n_values, 2);
    options_release(&options);

    options = read_good((struct start){
        .flags = {MODEL, "--config=@"},
        .file = "{\"matryoshka_dims\": [3, \"4,5\"]}",
    });
    assert_int_equal(options.matryoshka_dims.n_values, 3);
    assert_int_equal(options.matryoshka_dims.values[2], 5);
    options_release(&options);
}

static void test_options__help_and_version(void **state)
{
    static const struct {
        struct start start;
        enum options_outcome outcome;
    } cases[] = {
        {{.flags = {"--help"}}, OPTIONS_HELP},
        {{.flags = {"-h"}}, OPTIONS_HELP},
        {{.flags = {"--version"}}, OPTIONS_VERSION},
        {{.flags = {"--port", "99999", "--help"}, .variables = {"NESTD_WRONG=1"}}, OPTIONS_HELP},
        {{.flags = {"--config", "/nowhere", "--version"}}, OPTIONS_VERSION},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct options options;
        struct options_report report;

        assert_int_equal(read_start(&cases[i].start, &options, &report), cases[i].outcome);
    }
}

static void test_options__first_argument_is_the_command(void **state)
{
    static const struct {
        const char *word;
        enum options_command command;
    } cases[] = {
        {"serve", OPTIONS_SERVE}, {"embed", OPTIONS_EMBED}, {"evaluate", OPTIONS_EVALUATE}};
    struct options options = read_good((struct start){.flags = {MODEL}});

    (void)state;
    assert_int_equal(options.command, OPTIONS_SERVE);
    options_release(&options);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        options = read_good((struct start){.flags = {cases[i].word, MODEL, "--threads=1"}});
        assert_int_equal(options.command, cases[i].command);
        assert_string_equal(options.model_id, "m");
        assert_int_equal(options.threads, 1);
        assert_string_equal(options_command_name(options.command), cases[i].word);
        options_release(&options);
    }
}

/* The environment and the file may be there for every command; a flag is meant for this one. */
static void test_options__options_of_other_commands(void **state)
{
    struct options options = read_good((struct start){
        .flags = {"embed", "--config=@", "--url=http://a"},
        .variables = {"NESTD_PORT=x", "NESTD_TLS_CERT=c", "NESTD_THREADS=3"},
        .file = "{\"drain_delay\": \"never\", \"dtype\": \"float32\"}",
    });

    (void)state;
    assert_int_equal(options.port, 8080);
    assert_null(options.tls_cert);
    assert_int_equal(options.threads, 3);
    assert_string_equal(options.dtype, "float32");
    assert_string_equal(options.url, "http://a");
    assert_null(options.model_id);
    options_release(&options);

    options = read_good((struct start){.flags = {MODEL}, .variables = {"NESTD_URL_BATCH=0"}});
    options_release(&options);
}

static void test_options__bad_commands_are_refused(void **state)
{
    static const struct {
        struct start start;
        const char *problem;
    } cases[] = {
        {{.flags = {"embd", MODEL}},
         "embd: neither a flag nor a command, which would be serve, embed or evaluate"},
        {{.flags = {""}},
         ": neither a flag nor a command, which would be serve, embed or evaluate"},
        {{.flags = {"embed", "embed"}},
         "embed: an argument without a flag; --help lists every option"},
        {{.flags = {"embed", MODEL, "--port=1"}}, "--port is for nestd serve, not for nestd embed"},
        {{.flags = {MODEL, "--url", "http://a"}},
         "--url is for nestd embed and nestd evaluate, not for nestd serve"},
        {{.flags = {"serve", "--url=http://a"}},
         "--url is for nestd embed and nestd evaluate, not for nestd serve"},
        {{.flags = {"evaluate"}},
         "no model: give its folder or its name on the hub, --model-id MODEL, or the address of a "
         "server that has it, "
         "--url URL"},
        {{.flags = {"embed", MODEL}, .variables = {"NESTD_NONSENSE=1"}},
         "environment variable NESTD_NONSENSE is unknown; --help lists every option"},
        {{.flags = {"embed", MODEL}, .variables = {"NESTD_URL_BATCH=0"}},
         "NESTD_URL_BATCH=0: expected a whole number from 1 to 65536"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_refused(&cases[i].start, cases[i].problem);
}

static void test_options__bad_flags_are_refused_by_name(void **state)
{
    static const struct {
        struct start start;
        const char *problem;
    } cases[] = {
        {{.flags = {NULL}}, "no model: give its folder or its name on the hub, --model-id MODEL"},
        {{.flags = {MODEL, "--nonsense", "1"}},
         "flag --nonsense is unknown; --help lists every option"},
        {{.flags = {MODEL, "--prt=1"}}, "flag --prt is unknown; did you mean --port?"},
        {{.flags = {MODEL, "--max_batch-tokens=1"}},
         "flag --max_batch-tokens is unknown; did you mean --max-batch-tokens?"},
        {{.flags = {MODEL, "-q", "1"}}, "flag -q is unknown; --help lists every option"},
        {{.flags = {MODEL, "--"}}, "flag -- is unknown; --help lists every option"},
        {{.flags = {MODEL, "stray"}},
         "stray: an argument without a flag; --help lists every option"},
        {{.flags = {MODEL, ""}}, ": an argument without a flag; --help lists every option"},
        {{.flags = {MODEL, "--port"}}, "--port: expected a whole number from 0 to 65535 after it"},
        {{.flags = {"--port", "--threads", "2"}},
         "--port: expected a whole number from 0 to 65535 after it"},
        {{.flags = {MODEL, "--config"}}, "--config: expected the path of a JSON file after it"},
        {{.flags = {MODEL, "--port=1", "--port", "1"}}, "--port is given twice"},
        {{.flags = {MODEL, "--auto-truncate", "--auto-truncate"}},
         "--auto-truncate is given twice"},
        {{.flags = {"--config=a", "--config=b"}}, "--config is given twice"},
        /* a secret is not shown */
        {{.flags = {MODEL, "--api-key=sk-1", "--api-key=sk-2"}}, "--api-key is given twice"},
        {{.flags = {MODEL, "--api-key=sk-\xff"}}, "--api-key: expected text in UTF-8, not empty"},
        {{.flags = {MODEL, "--auto-truncate=yes"}}, "--auto-truncate=yes: expected true or false"},
        {{.flags = {MODEL, "--dtype=float"}},
         "--dtype=float: expected one of auto|float32|bfloat16|int8"},
        {{.flags = {MODEL, "--dtype=auto|float32"}},
         "--dtype=auto|float32: expected one of auto|float32|bfloat16|int8"},
        {{.flags = {MODEL, "--dtype="}}, "--dtype=: expected one of auto|float32|bfloat16|int8"},
        {{.flags = {"--model-id="}}, "--model-id=: expected text in UTF-8, not empty"},
        {{.flags = {MODEL, "--default-prompt=\xff"}},
         "--default-prompt=\xff: expected text in UTF-8, not empty"},
        {{.flags = {MODEL, "--hostname=a\nb\x7f", "--port=x"}},
         "--port=x: expected a whole number from 0 to 65535"},
        {{.flags = {MODEL, "--port=a\nb\x7f"}},
         "--port=a?b?: expected a whole number from 0 to 65535"},
        {{.flags = {MODEL, "--model-alias=a,,b"}},
         "--model-alias=a,,b: expected at most 1024 values in UTF-8, none empty, split by commas"},
        {{.flags = {MODEL, "--model-alias=a,"}},
         "--model-alias=a,: expected at most 1024 values in UTF-8, none empty, split by commas"},
        {{.flags = {MODEL, "--default-prompt=a", "--default-prompt-name=b"}},
         "--default-prompt and --default-prompt-name exclude each other"},
        {{.flags = {MODEL, "--max-request-tokens=11", "--max-queue-tokens=10"}},
         "--max-request-tokens=11: expected at most --max-queue-tokens=10, or a request that large "
         "could "
         "never be queued"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_refused(&cases[i].start, cases[i].problem);
}

static void test_options__numbers_are_read_strictly(void **state)
{
    static const char *const bad_ports[] = {
        "",         " 1",
        "1 ",       "+1",
        "-1",       "0x10",
        "1e3",      "1.0",
        "1,000",    "65536",
        "99999",    "1KiB",
        "eighty",   "99999999999999999999",
        "\xd9\xa1", "9223372036854775808",
    };
    static const char *const bad_bytes[] = {
        "",           "KiB",   "1 KiB",  "1kib", "1KB",
        "1K",         "1023",  "1.5MiB", "5GiB", "9999999999999999GiB",
        "4294967297", "-1MiB",
    };
    static const char *const bad_seconds[] = {
        "",    ".5",  "1.", "1..5", "1e1", "0.999", "86400.000000001",
        "nan", "inf", "-1", "1s",   "1,5", " 1",    "99999999999999999999",
    };
    static const char *const bad_lists[] = {
        "",   "abc", "64,",   ",64", "64,,128", "64,abc",  "64;128",
        " 8", "8 ",  "8, 16", "0",   "64,0",    "1048577", "99999999999999999999999",
        "-1", "+8",  "8x",    "0x8", "1e3",     "8.0",     "8KiB",
    };
    char flag[64], problem[200];

    (void)state;
    for (size_t i = 0; i < sizeof(bad_ports) / sizeof(bad_ports[0]); i++) {
        snprintf(flag, sizeof(flag), "--port=%s", bad_ports[i]);
        snprintf(problem, sizeof(problem), "%s: expected a whole number from 0 to 65535", flag);
        assert_refused(&(struct start){.flags = {MODEL, flag}}, problem);
    }
    for (size_t i = 0; i < sizeof(bad_lists) / sizeof(bad_lists[0]); i++) {
        snprintf(flag, sizeof(flag), "--matryoshka-dims=%s", bad_lists[i]);
        snprintf(problem, sizeof(problem),
                 "%s: expected at most 1024 whole numbers from 1 to 1048576, split by commas",
                 flag);
        assert_refused(&(struct start){.flags = {MODEL, flag}}, problem);
    }
    for (size_t i = 0; i < sizeof(bad_bytes) / sizeof(bad_bytes[0]); i++) {
        snprintf(flag, sizeof(flag), "--payload-limit=%s", bad_bytes[i]);
        snprintf(problem, sizeof(problem),
                 "%s: expected bytes from 1KiB to 4GiB, such as 65536, 64KiB or 1MiB", flag);
        assert_refused(&(struct start){.flags = {MODEL, flag}}, problem);
    }
    for (size_t i = 0; i < sizeof(bad_seconds) / sizeof(bad_seconds[0]); i++) {
        snprintf(flag, sizeof(flag), "--request-timeout=%s", bad_seconds[i]);
        snprintf(problem, sizeof(problem), "%s: expected seconds from 1 to 86400, such as 2 or 2.5",
                 flag);
        assert_refused(&(struct start){.flags = {MODEL, flag}}, problem);
    }
}

static void test_options__limits_themselves_are_allowed(void **state)
{
    struct options options = read_good((struct start){
        .flags = {MODEL, "--port=65535", "--payload-limit=4GiB", "--request-timeout=86400.0",
                  "--keep-alive-timeout=1", "--request-threads=1", "--matryoshka-dims=1,1048576"},
    });

    (void)state;
    assert_int_equal(options.port, 65535);
    assert_int_equal(options.payload_limit, INT64_C(4294967296));
    assert_true(options.request_timeout == 86400.0);
    assert_true(options.keep_alive_timeout == 1.0);
    assert_int_equal(options.request_threads, 1);
    assert_int_equal(options.matryoshka_dims.values[1], 1048576);
    options_release(&options);
}

static void test_options__bad_variables_are_refused_by_name(void **state)
{
    static const struct {
        struct start start;
        const char *problem;
    } cases[] = {
        {{.flags = {MODEL}, .variables = {"NESTD_NONSENSE=1"}},
         "environment variable NESTD_NONSENSE is unknown; --help lists every option"},
        {{.flags = {MODEL}, .variables = {"NESTD_THREAD=1"}},
         "environment variable NESTD_THREAD is unknown; did you mean NESTD_THREADS?"},
        {{.flags = {MODEL}, .variables = {"NESTD_port=1"}},
         "environment variable NESTD_port is unknown; --help lists every option"},
        {{.flags = {MODEL}, .variables = {"NESTD_=1"}},
         "environment variable NESTD_ is unknown; --help lists every option"},
        {{.flags = {MODEL}, .variables = {"NESTD_PORT=1", "NESTD_PORT=1"}},
         "NESTD_PORT is given twice"},
        {{.flags = {MODEL, "--port=1"}, .variables = {"NESTD_PORT="}},
         "NESTD_PORT=: expected a whole number from 0 to 65535"},
        {{.flags = {MODEL}, .variables = {"NESTD_CONFIG=/nowhere/at.json"}},
         "--config=/nowhere/at.json: unable to open /nowhere/at.json: No such file or directory"},
        {{.flags = {MODEL, "--default-prompt=a"}, .variables = {"NESTD_DEFAULT_PROMPT_NAME=b"}},
         "--default-prompt and NESTD_DEFAULT_PROMPT_NAME exclude each other"},
        {{.flags = {MODEL}, .variables = {"NESTD_HOSTNAME=tcp://1", "NESTD_DTYPE=tcp://1"}},
         "NESTD_DTYPE=tcp://1: expected one of auto|float32|bfloat16|int8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_refused(&cases[i].start, cases[i].problem);
}

static void test_options__bad_files_are_refused_by_file_and_key(void **state)
{
    static const struct {
        const char *file;
        const char *problem;
    } cases[] = {
        {"{\"port\": 99999}", "@: port=99999: expected a whole number from 0 to 65535"},
        {"{\"port\": 80.0}", "@: port=80.0: expected a whole number from 0 to 65535"},
        {"{\"port\": true}", "@: port=true: expected a whole number from 0 to 65535"},
        {"{\"port\": null}", "@: port=null: expected a whole number from 0 to 65535"},
        {"{\"port\": [1]}", "@: port=[1]: expected a whole number from 0 to 65535"},
        {"{\"hostname\": 1}", "@: hostname=1: expected text in UTF-8, not empty"},
        {"{\"api_key\": 1234}", "@: api_key: expected text in UTF-8, not empty"},
        {"{\"auto_truncate\": 1}", "@: auto_truncate=1: expected true or false"},
        {"{\"request_timeout\": 1e300}",
         "@: request_timeout=1e300: expected seconds from 1 to 86400, such as 2 or 2.5"},
        {"{\"model_alias\": [[1]]}", "@: model_alias=[1]: expected at most 1024 values in UTF-8, "
                                     "none empty, split by commas"},
        {"{\"matryoshka_dims\": [64, \"abc\"]}",
         "@: matryoshka_dims=abc: expected at most 1024 whole numbers from 1 to 1048576, split by "
         "commas"},
        {"{\"matryoshka_dims\": [64.0]}", "@: matryoshka_dims=64.0: expected at most 1024 whole "
                                          "numbers from 1 to 1048576, split by commas"},
        {"{\"matryoshka_dims\": 0}", "@: matryoshka_dims=0: expected at most 1024 whole numbers "
                                     "from 1 to 1048576, split by commas"},
        {"{\"prot\": 1}", "@: key prot is unknown; did you mean port?"},
        {"{\"max-batch-tokens\": 1}",
         "@: key max-batch-tokens is unknown; did you mean max_batch_tokens?"},
        {"{\"config\": \"x\"}", "@: key config is unknown; --help lists every option"},
        {"{\"\": 1}", "@: key  is unknown; --help lists every option"},
        {"[]", "@: expected a JSON object of options"},
        {"{\n\"port\": }", "@:2: unexpected token near '}'"},
        {"", "@:1: '[' or '{' expected near end of file"},
        {"{\"port\": 1,\n \"port\": 2}", "@:2: duplicate object key near '\"port\"'"},
        {"{\"default_prompt\": \"a\", \"default_prompt_name\": \"b\"}",
         "@: default_prompt and @: default_prompt_name exclude each other"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct start start = {.flags = {MODEL, "--config=@"}, .file = cases[i].file};

        assert_refused(&start, cases[i].problem);
    }
}

static void test_options__long_values_are_cut_between_characters(void **state)
{
    char flag[1000] = "--port=";
    struct options options;
    struct options_report report;

    (void)state;
    for (size_t i = 7; i + 4 < sizeof(flag); i += 3)
        memcpy(flag + i, "\xe2\x82\xac", 4);
    assert_int_equal(read_start(&(struct start){.flags = {MODEL, flag}}, &options, &report),
                     OPTIONS_BAD);
    assert_memory_equal(report.problem, "--port=\xe2\x82\xac\xe2\x82\xac", 13);
    assert_non_null(strstr(report.problem, "\xe2\x82\xac...: expected a whole number from 0"));
    assert_true(strlen(report.problem) < 200);
}

static void test_options__request_tokens_follow_a_smaller_queue(void **state)
{
    struct options options = read_good((struct start){.flags = {MODEL, "--max-queue-tokens=1000"}});

    (void)state;
    assert_int_equal(options.max_request_tokens, 1000);
    options_release(&options);
}

/* Less would refuse what other options allow. */
static void test_options__memory_limit_has_room_for_a_body(void **state)
{
    static const struct {
        const char *flags[4];
        const char *problem;
    } bad[] = {
        {{MODEL, "--memory-limit=8MiB"}, "--memory-limit=8388608: expected at least 16777216"},
        {{MODEL, "--memory-limit=127MiB"},
         "--memory-limit=133169152: expected at least 4 times --payload-limit=33554432, or a body "
         "that "
         "large "
         "could not be decoded"},
        {{MODEL, "--memory-limit=20MiB", "--payload-limit=1MiB"},
         "--memory-limit=20971520: expected at least --token-vectors-limit=33554432, or so many "
         "vectors "
         "could "
         "not be held"},
    };
    struct options options;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct start start = {0};

        memcpy(start.flags, bad[i].flags, sizeof(bad[i].flags));
        assert_refused(&start, bad[i].problem);
    }
    options = read_good((struct start){.flags = {MODEL, "--memory-limit=128MiB"}});
    assert_int_equal(options.memory_limit, 128 << 20);
    options_release(&options);
}

static void test_options__variables_of_kubernetes_are_ignored_with_a_warning(void **state)
{
    const struct start start = {
        .flags = {MODEL},
        .variables = {"NESTD_PORT=tcp://10.0.0.1:8080", "NESTD_SERVICE_HOST=10.0.0.1",
                      "NESTD_SERVICE_PORT=8080", "NESTD_SERVICE_PORT_HTTP=8080",
                      "NESTD_PORT_8080_TCP=tcp://10.0.0.1:8080", "NESTD_PORT_8080_TCP_PROTO=tcp",
                      "NESTD_PORT_8080_TCP_PORT=8080", "NESTD_PORT_8080_TCP_ADDR=10.0.0.1",
                      "NESTD_PORT_53_UDP=udp://10.0.0.1:53", "NESTD_GPU_SERVICE_HOST=10.0.0.2",
                      "NESTD_GPU_PORT=tcp://10.0.0.2:80", "NESTD_THREADS=3"},
    };
    struct options options;
    struct options_report report;

    (void)state;
    assert_int_equal(read_start(&start, &options, &report), OPTIONS_RUN);
    assert_int_equal(options.port, 8080);
    assert_int_equal(options.threads, 3);
    assert_int_equal(report.n_warnings, 1);
    assert_string_equal(report.warnings[0],
                        "ignored NESTD_PORT and 10 more variables that Kubernetes sets for a "
                        "Service of this name");
    options_release(&options);
}

/* What precedes the first --model-id is of all models, what follows one, of that alone. */
static void test_options__several_models_have_their_own(void **state)
{
    struct options options = read_good((struct start){
        .flags = {"--dtype=float32", "--model-alias=common", "--model-id=a", "--port=81",
                  "--model-id=b", "--dtype=int8", "--model-alias=x", "--model-alias=y",
                  "--max-queue-tokens=100", "--model-id=c", "--hostname=::1"},
        .variables = {"NESTD_POOLING=cls", "NESTD_DTYPE=bfloat16", "DTYPE=auto"},
    });
    const struct options *b = options_of_model(&options, 1);
    const struct options *c = options_of_model(&options, 2);

    (void)state;
    assert_int_equal(options.n_more, 2);
    assert_ptr_equal(options_of_model(&options, 0), &options);
    assert_string_equal(options.model_id, "a");
    assert_string_equal(options.dtype, "float32");
    assert_int_equal(options.model_alias.n_values, 1);
    assert_string_equal(b->model_id, "b");
    assert_string_equal(b->dtype, "int8");
    assert_int_equal(b->model_alias.n_values, 2);
    assert_string_equal(b->model_alias.values[0], "x");
    assert_int_equal(b->max_request_tokens, 100);
    assert_string_equal(b->pooling, "cls");
    assert_string_equal(c->model_id, "c");
    assert_string_equal(c->dtype, "float32");
    assert_int_equal(c->max_request_tokens, options.max_request_tokens);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(options_of_model(&options, i)->port, 81);
        assert_string_equal(options_of_model(&options, i)->hostname, "::1");
    }
    options_release(&options);
}

static void test_options__a_variable_lists_models(void **state)
{
    static const char *const variables[] = {"NESTD_MODEL_ID=a,b/c", "MODEL_ID=a,b/c"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct options options =
            read_good((struct start){.variables = {variables[i], "NESTD_DTYPE=int8"}});

        assert_int_equal(options.n_more, 1);
        assert_string_equal(options.model_id, "a");
        assert_string_equal(options_of_model(&options, 1)->model_id, "b/c");
        assert_string_equal(options_of_model(&options, 1)->dtype, "int8");
        options_release(&options);

        options = read_good((struct start){.flags = {"--model-id=x"}, .variables = {variables[i]}});
        assert_int_equal(options.n_more, 0);
        assert_string_equal(options.model_id, "x");
        options_release(&options);
    }
}

/* What stands beside `models` is of all of them, and each may say it anew. */
static void test_options__a_file_lists_models(void **state)
{
    struct options options = read_good((struct start){
        .flags = {"--config=@", "--max-batch-tokens=64"},
        .variables = {"NESTD_POOLING=cls", "MODEL_ID=tei", "DTYPE=float32"},
        .file = "{\"models\": [{\"model_id\": \"a\", \"default_prompt\": \"q: \"},"
                "{\"model_id\": \"b/c\", \"served_model_name\": \"b\", \"dtype\": \"int8\","
                "\"model_alias\": [\"x\", \"y\"], \"max_queue_tokens\": 100,"
                "\"max_batch_tokens\": 7, \"pooling\": \"mean\", \"matryoshka_dims\": []}],"
                "\"model_alias\": \"common\", \"matryoshka_dims\": [8, 4], \"port\": 81}",
    });
    const struct options *const b = options_of_model(&options, 1);

    (void)state;
    assert_int_equal(options.n_more, 1);
    assert_string_equal(options.model_id, "a");
    assert_null(options.served_model_name);
    assert_string_equal(options.dtype, "float32");
    assert_string_equal(options.default_prompt, "q: ");
    assert_int_equal(options.model_alias.n_values, 1);
    assert_string_equal(options.model_alias.values[0], "common");
    assert_int_equal(options.matryoshka_dims.n_values, 2);
    assert_int_equal(options.max_queue_tokens, 2097152);
    assert_string_equal(b->model_id, "b/c");
    assert_string_equal(b->served_model_name, "b");
    assert_string_equal(b->dtype, "int8");
    assert_null(b->default_prompt);
    assert_int_equal(b->model_alias.n_values, 2);
    assert_string_equal(b->model_alias.values[0], "x");
    assert_int_equal(b->matryoshka_dims.n_values, 0);
    assert_int_equal(b->max_queue_tokens, 100);
    assert_int_equal(b->max_request_tokens, 100);
    for (size_t i = 0; i < 2; i++) { /* variables of ours and flags win over the file */
        assert_int_equal(options_of_model(&options, i)->port, 81);
        assert_int_equal(options_of_model(&options, i)->max_batch_tokens, 64);
        assert_string_equal(options_of_model(&options, i)->pooling, "cls");
    }
    options_release(&options);
}

static void test_options__models_that_win_over_a_files_have_nothing_of_them(void **state)
{
    static const struct start starts[] = {
        {.flags = {"--config=@", "--model-id=x"}, .variables = {"NESTD_MODEL_ID=y,z"}},
        {.flags = {"--config=@"}, .variables = {"NESTD_MODEL_ID=x", "MODEL_ID=y"}},
    };
    static const char *const names[] = {"--model-id", "NESTD_MODEL_ID"};

    (void)state;
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        struct start start = starts[i];
        struct options options;
        struct options_report report;
        char expected[128];

        start.file =
            "{\"models\": [{\"model_id\": \"a\", \"dtype\": \"int8\"}, {\"model_id\": \"b\"}],"
            "\"cache_size\": 0}";
        assert_int_equal(read_start(&start, &options, &report), OPTIONS_RUN);
        assert_int_equal(options.n_more, 0);
        assert_string_equal(options.model_id, "x");
        assert_string_equal(options.dtype, "auto");
        assert_int_equal(options.cache_size, 0);
        assert_int_equal(report.n_warnings, 1);
        snprintf(expected, sizeof(expected), "%s: its models are not used, since %s names others",
                 file_path, names[i]);
        assert_string_equal(report.warnings[0], expected);
        options_release(&options);
    }
}

static void assert_one_model(const struct start *start, const char *model, const char *dtype,
                             size_t n_warnings)
{
    struct options options;
    struct options_report report;

    if (read_start(start, &options, &report) != OPTIONS_RUN)
        fail_msg("refused: %s", report.problem);
    assert_int_equal(options.n_more, 0);
    assert_string_equal(options.model_id, model);
    assert_string_equal(options.dtype, dtype);
    assert_int_equal(report.n_warnings, n_warnings);
    options_release(&options);
}

/* The only one, or that which a stronger source names; its own options come with it. */
static void test_options__a_command_on_files_takes_one_model_of_a_file(void **state)
{
    static const char one[] = "{\"models\": [{\"model_id\": \"a\", \"dtype\": \"int8\"}]}";
    static const char several[] =
        "{\"dtype\": \"float32\", \"models\": [{\"model_id\": \"a\"},"
        "{\"model_id\": \"b\", \"dtype\": \"int8\", \"max_queue_tokens\": 9}]}";

    (void)state;
    assert_one_model(&(struct start){{"embed", "--config=@"}, {NULL}, one}, "a", "int8", 0);
    assert_one_model(&(struct start){{"embed", "--config=@"}, {"MODEL_ID=b"}, one}, "a", "int8", 0);
    assert_one_model(&(struct start){{"embed", "--config=@", "--dtype=bfloat16"}, {NULL}, one}, "a",
                     "bfloat16", 0);
    assert_one_model(&(struct start){{"embed", "--config=@", "--model-id=c"}, {NULL}, one}, "c",
                     "auto", 1);
    assert_one_model(&(struct start){{"evaluate", "--config=@", "--model-id=b"}, {NULL}, several},
                     "b", "int8", 0);
    assert_one_model(&(struct start){{"embed", "--config=@"}, {"NESTD_MODEL_ID=a"}, several}, "a",
                     "float32", 0);
    assert_one_model(
        &(struct start){{"embed", "--config=@", "--model-id=a"}, {"NESTD_MODEL_ID=b"}, several},
        "a", "float32", 0);
}

static void test_options__a_command_on_files_does_not_choose_among_models(void **state)
{
    static const char several[] = "{\"models\": [{\"model_id\": \"a\"}, {\"model_id\": \"b\"},"
                                  "{\"model_id\": \"b\", \"dtype\": \"int8\"}]}";
    struct options options;

    (void)state;
    assert_refused(&(struct start){{"embed", "--config=@"}, {NULL}, several},
                   "@: of the 3 models in it nestd embed takes one: name it, --model-id MODEL");
    assert_refused(&(struct start){{"evaluate", "--config=@"}, {"MODEL_ID=a"}, several},
                   "@: of the 3 models in it nestd evaluate takes one: name it, --model-id MODEL");
    assert_refused(&(struct start){{"embed", "--config=@", "--model-id=b"}, {NULL}, several},
                   "@: of the 2 models in it nestd embed takes one: leave the others of this "
                   "model_id out");
    options = read_good((struct start){{"embed", "--config=@", "--url=http://a"}, {NULL}, several});
    assert_null(options.model_id);
    options_release(&options);
}

/* What is said of several models is said once, what is said of one, too. */
static void test_options__warnings_of_each_model_are_told(void **state)
{
    const struct start start = {.flags = {"--config=@", "--disable-spans"},
                                .file = "{\"models\": [{\"model_id\": \"a\"},"
                                        "{\"model_id\": \"b\", \"dtype\": \"float16\"}]}"};
    struct options options;
    struct options_report report;

    (void)state;
    assert_int_equal(read_start(&start, &options, &report), OPTIONS_RUN);
    assert_int_equal(report.n_warnings, 2);
    assert_non_null(strstr(report.warnings[0], "--disable-spans"));
    assert_non_null(strstr(report.warnings[1], ": models[1].dtype=float16 is taken as auto: "));
    options_release(&options);
}

static void test_options__bad_models_of_files_are_refused_by_their_place(void **state)
{
    static const struct {
        const char *file;
        const char *problem;
    } cases[] = {
        {"{\"models\": []}", "@: models=[]: expected an array of objects, one for each model"},
        {"{\"models\": {\"model_id\": \"a\"}}",
         "@: models={\"model_id\":\"a\"}: expected an array of objects, one for each model"},
        {"{\"models\": null}", "@: models=null: expected an array of objects, one for each model"},
        {"{\"models\": [{\"model_id\": \"a\"}, \"b\"]}",
         "@: models[1]=\"b\": expected an object of the model's options"},
        {"{\"models\": [[]]}", "@: models[0]=[]: expected an object of the model's options"},
        {"{\"models\": [{\"model_id\": \"a\"}, {\"dtype\": \"int8\"}]}",
         "@: models[1]: expected a model_id in it"},
        {"{\"models\": [{\"model_id\": \"a\"}], \"model_id\": \"b\"}",
         "@: model_id and models exclude each other"},
        {"{\"models\": [{\"model_id\": 7}]}",
         "@: models[0].model_id=7: expected text in UTF-8, not empty"},
        {"{\"models\": [{\"model_id\": \"a\"}, {\"model_id\": \"b\", \"dtype\": \"int4\"}]}",
         "@: models[1].dtype=int4: expected one of auto|float32|bfloat16|int8"},
        {"{\"models\": [{\"model_id\": \"a\", \"max_queue_tokens\": -1}]}",
         "@: models[0].max_queue_tokens=-1: expected a whole number from 1 to 4000000000"},
        {"{\"models\": [{\"model_id\": \"a\", \"matryoshka_dims\": [4, {}]}]}",
         "@: models[0].matryoshka_dims={}: expected at most 1024 whole numbers from 1 to 1048576, "
         "split by commas"},
        {"{\"models\": [{\"model_id\": \"a\", \"port\": 1}]}",
         "@: models[0].port: expected beside models: it is the whole server's"},
        {"{\"models\": [{\"model_id\": \"a\", \"dtyp\": \"int8\"}]}",
         "@: models[0]: key dtyp is unknown; did you mean dtype?"},
        {"{\"models\": [{\"model_id\": \"a\", \"models\": []}]}",
         "@: models[0]: key models is unknown; --help lists every option"},
        {"{\"models\": [{\"model_id\": \"a\", \"model_id\": \"b\"}]}",
         "@:1: duplicate object key near '\"model_id\"'"},
        {"{\"models\": [{\"model_id\": \"a\"}, {\"model_id\": \"b\", \"default_prompt\": \"x\","
         "\"default_prompt_name\": \"y\"}]}",
         "@: models[1].default_prompt and @: models[1].default_prompt_name exclude each other"},
        {"{\"models\": [{\"model_id\": \"a\", \"max_queue_tokens\": 9, \"max_request_tokens\": "
         "10}]}",
         "@: models[0].max_request_tokens=10: expected at most @: models[0].max_queue_tokens=9, or "
         "a "
         "request that large could never be queued"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct start start = {.flags = {"--config=@"}, .file = cases[i].file};

        assert_refused(&start, cases[i].problem);
    }
}

static void test_options__models_of_a_file_are_bounded(void **state)
{
    static const char model[] = "{\"model_id\": \"a\"},";
    char file[(OPTIONS_MAX_MODELS + 1) * sizeof(model) + 16] = "{\"models\": [";
    const struct start start = {.flags = {"--config=@"}, .file = file};
    struct options options;
    size_t n = strlen(file);

    (void)state;
    for (size_t i = 0; i < OPTIONS_MAX_MODELS; i++)
        n += (size_t)sprintf(file + n, "%s", model);
    strcpy(file + n - 1, "]}"); /* in place of the last comma */
    options = read_good(start);
    assert_int_equal(options.n_more, OPTIONS_MAX_MODELS - 1);
    options_release(&options);
    sprintf(file + n - 1, ",{\"model_id\": \"a\"}]}");
    assert_refused(&start, "@: models: 65 models are more than one server takes, which is 64");
}

static void test_options__bad_models_are_refused(void **state)
{
    const struct start twice = {
        .flags = {MODEL, "--dtype=int8", "--model-id=b", "--dtype=auto", "--dtype=int8"}};
    const struct start of_server = {.flags = {MODEL, "--port=1", "--model-id=b", "--port=2"}};
    const struct start second = {
        .flags = {MODEL, "--model-id=b", "--default-prompt=x", "--default-prompt-name=y"}};
    const struct start embeds = {.flags = {"embed", MODEL, "--output=x", "--model-id=b"}};
    const struct start empty = {.variables = {"NESTD_MODEL_ID=a,"}};

    (void)state;
    assert_refused(&twice, "--dtype is given twice");
    assert_refused(&of_server, "--port is given twice");
    assert_refused(&second, "--default-prompt and --default-prompt-name exclude each other");
    assert_refused(&embeds, "--model-id is given twice");
    assert_refused(&empty, "NESTD_MODEL_ID=: expected text in UTF-8, not empty");
}

static void test_options__list_is_bounded(void **state)
{
    static char flag[20 + 2 * (OPTIONS_MAX_VALUES + 1)];
    struct options options;
    struct options_report report;
    size_t n = (size_t)snprintf(flag, sizeof(flag), "--model-alias=a");

    (void)state;
    for (size_t i = 1; i < OPTIONS_MAX_VALUES; i++, n += 2)
        memcpy(flag + n, ",a", 3);
    options = read_good((struct start){.flags = {MODEL, flag}});
    assert_int_equal(options.model_alias.n_values, OPTIONS_MAX_VALUES);
    assert_string_equal(options.model_alias.values[OPTIONS_MAX_VALUES - 1], "a");
    options_release(&options);
    assert_int_equal(
        read_start(&(struct start){.flags = {MODEL, flag, "--model-alias=b"}}, &options, &report),
        OPTIONS_BAD);
}

static char *print_help(enum options_command command, int n_columns)
{
    char *text = NULL;
    size_t len_bytes;
    FILE *const file = open_memstream(&text, &len_bytes);

    assert_non_null(file);
    options_print_help(file, command, n_columns);
    assert_int_equal(fclose(file), 0);
    return text;
}

static void test_options__help_names_every_option(void **state)
{
    static const char *const flags[] = {
#define OPTION(commands, field, type, default_text, min, max, argument, ...) #field "\0" argument,
#include "config/options.def"
    };
    char *const text = print_help(OPTIONS_SERVE, 100);
    char *const embed = print_help(OPTIONS_EMBED, 100);
    char *const evaluate = print_help(OPTIONS_EVALUATE, 100);

    (void)state;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        char row[128];
        const int n =
            snprintf(row, sizeof(row), "\n  --%s %s", flags[i], flags[i] + strlen(flags[i]) + 1);

        assert_in_range(n, 1, sizeof(row) - 1);
        for (char *c = row + 5; *c && *c != ' '; c++)
            *c = *c == '_' ? '-' : *c;
        if (!strstr(text, row) && !strstr(embed, row) && !strstr(evaluate, row))
            fail_msg("--help lacks%s", row);
    }
    assert_null(strstr(text, "\n  --url "));
    assert_null(strstr(embed, "\n  --port "));
    assert_non_null(strstr(embed, "\n  --url "));
    assert_non_null(strstr(evaluate, "\n  --dtype "));
    assert_non_null(strstr(text, "[default 8080; 0 to 65535] [also -p]\n"));
    assert_non_null(strstr(text, "[default 32MiB; 1KiB to 4GiB]\n"));
    assert_non_null(strstr(text, "\n  --config FILE "));
    assert_non_null(strstr(text, "\n  --help, -h "));
    assert_non_null(strstr(text, "\n  --version "));
    free(text);
    free(embed);
    free(evaluate);
}

/* "Model:" */
static bool is_heading(const char *line)
{
    const size_t n = strcspn(line, "\n");

    return line[0] != ' ' && n > 0 && line[n - 1] == ':' && strncmp(line + n, "\n  --", 5) == 0;
}

/* The headings of the groups that have an option of the command, and no other. */
static void test_options__help_lists_options_in_groups(void **state)
{
    static const char *const headings[N_OPTIONS_COMMANDS] = {
        [OPTIONS_SERVE] = "Model: Hub: Network: Security: Threads, batches, cache: Limits: "
                          "Start and stop: Logs, metrics, traces: Besides: "
                          "Of Text Embeddings Inference nestd also takes, without effect: ",
        [OPTIONS_EMBED] = "Model: Hub: Security: Threads, batches, cache: Logs, metrics, traces: "
                          "A running server: Vectors: Files of texts and vectors: Besides: ",
        [OPTIONS_EVALUATE] = "Model: Hub: Security: Threads, batches, cache: "
                             "Logs, metrics, traces: A running server: Vectors: "
                             "Data to evaluate on: Report: Besides: ",
    };

    (void)state;
    for (enum options_command command = 0; command < N_OPTIONS_COMMANDS; command++) {
        char *const text = print_help(command, 80);
        char found[512] = "";

        for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
            const size_t len = strlen(found);

            if (is_heading(line))
                snprintf(found + len, sizeof(found) - len, "%.*s ", (int)strcspn(line, "\n"), line);
        }
        assert_string_equal(found, headings[command]);
        free(text);
    }
}

static void check_lines(const char *text, size_t max_columns)
{
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
        const size_t n = strcspn(line, "\n");

        /* "  --flag a|b|c" cannot be broken */
        if (n > max_columns && strncmp(line, "  --", 4) != 0)
            fail_msg("%zu columns: %.*s", n, (int)n, line);
        assert_true(n == 0 || line[n - 1] != ' ');
    }
}

static void test_options__help_fits_the_terminal(void **state)
{
    static const struct {
        int asked;
        size_t expected;
    } widths[] = {{0, 72}, {71, 72}, {72, 72}, {80, 80}, {99, 99}, {100, 100}, {200, 100}};

    (void)state;
    for (enum options_command command = 0; command < N_OPTIONS_COMMANDS; command++) {
        for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
            char *const text = print_help(command, widths[i].asked);

            check_lines(text, widths[i].expected);
            free(text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options__defaults),
        cmocka_unit_test(test_options__every_type_as_flag),
        cmocka_unit_test(test_options__switch_alone_means_true),
        cmocka_unit_test(test_options__every_type_in_file),
        cmocka_unit_test(test_options__later_source_wins),
        cmocka_unit_test(test_options__flag_names_the_file_before_the_environment_does),
        cmocka_unit_test(test_options__repeated_list_appends_and_later_source_replaces),
        cmocka_unit_test(test_options__help_and_version),
        cmocka_unit_test(test_options__first_argument_is_the_command),
        cmocka_unit_test(test_options__options_of_other_commands),
        cmocka_unit_test(test_options__bad_commands_are_refused),
        cmocka_unit_test(test_options__bad_flags_are_refused_by_name),
        cmocka_unit_test(test_options__numbers_are_read_strictly),
        cmocka_unit_test(test_options__limits_themselves_are_allowed),
        cmocka_unit_test(test_options__bad_variables_are_refused_by_name),
        cmocka_unit_test(test_options__bad_files_are_refused_by_file_and_key),
        cmocka_unit_test(test_options__long_values_are_cut_between_characters),
        cmocka_unit_test(test_options__request_tokens_follow_a_smaller_queue),
        cmocka_unit_test(test_options__memory_limit_has_room_for_a_body),
        cmocka_unit_test(test_options__variables_of_kubernetes_are_ignored_with_a_warning),
        cmocka_unit_test(test_options__several_models_have_their_own),
        cmocka_unit_test(test_options__a_variable_lists_models),
        cmocka_unit_test(test_options__a_file_lists_models),
        cmocka_unit_test(test_options__models_that_win_over_a_files_have_nothing_of_them),
        cmocka_unit_test(test_options__a_command_on_files_takes_one_model_of_a_file),
        cmocka_unit_test(test_options__a_command_on_files_does_not_choose_among_models),
        cmocka_unit_test(test_options__warnings_of_each_model_are_told),
        cmocka_unit_test(test_options__bad_models_of_files_are_refused_by_their_place),
        cmocka_unit_test(test_options__models_of_a_file_are_bounded),
        cmocka_unit_test(test_options__bad_models_are_refused),
        cmocka_unit_test(test_options__list_is_bounded),
        cmocka_unit_test(test_options__help_names_every_option),
        cmocka_unit_test(test_options__help_lists_options_in_groups),
        cmocka_unit_test(test_options__help_fits_the_terminal),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
