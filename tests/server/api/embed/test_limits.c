/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/api/embed/limits.h"

#include "config/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char query_name[] = "query";
static char query_text[] = "query: ";
static char passage_name[] = "passage";
static char passage_text[] = "passage: ";
static struct prompt prompts[] = {
    {query_name, query_text, 7},
    {passage_name, passage_text, 9},
};

static const char vocabulary[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n";
static struct tokenizer *tokenizer;

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *folder, const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(unlink(path), 0);
}

static int load_tokenizer(void **state)
{
    char folder[] = "/tmp/test_limits.XXXXXX";
    struct error error = {0};

    (void)state;
    assert_non_null(mkdtemp(folder));
    write_file(folder, "vocab.txt", vocabulary);
    write_file(folder, "tokenizer_config.json", "{}");
    if (tokenizer_load(&tokenizer, folder, false, &error))
        fail_msg("%s", error.text);
    remove_file(folder, "vocab.txt");
    remove_file(folder, "tokenizer_config.json");
    assert_int_equal(rmdir(folder), 0);
    return 0;
}

static int free_tokenizer(void **state)
{
    (void)state;
    tokenizer_free(tokenizer);
    return 0;
}

struct fixture {
    struct engine_info info;
    struct options options;
};

static void open_fixture(struct fixture *fixture)
{
    memset(fixture, 0, sizeof(*fixture));
    fixture->info.hidden_size = 512;
    fixture->info.n_dims = 1024;
    fixture->info.default_dims = 768;
    fixture->info.max_tokens = 512;
    fixture->info.prompts = prompts;
    fixture->info.n_prompts = 2;
    fixture->options.max_client_batch_size = 2048;
    fixture->options.max_request_tokens = 1000;
    fixture->options.max_queue_tokens = 5000;
    fixture->options.token_vectors_limit = 1 << 20;
}

static enum status make(struct fixture *fixture, struct limits **ret_limits, struct error *error)
{
    fixture->info.tokenizer = tokenizer;
    memset(error, 0, sizeof(*error));
    return limits_new(ret_limits, &fixture->options, &fixture->info, error);
}

/* 1 MiB of vectors of 512 float32 each. */
static void test_rules__bound_the_vectors_of_all_tokens(void **state)
{
    struct fixture fixture;
    struct limits *limits = NULL;
    struct error error;

    (void)state;
    open_fixture(&fixture);
    assert_int_equal(make(&fixture, &limits, &error), STATUS_OK);
    assert_int_equal(limits->hidden_size, 512);
    assert_int_equal(limits->max_unpooled_tokens, 512);
    limits_free(limits);
    fixture.options.max_request_tokens = 300;
    assert_int_equal(make(&fixture, &limits, &error), STATUS_OK);
    assert_int_equal(limits->max_unpooled_tokens, 300);
    limits_free(limits);
}

static void test_rules__take_every_size_where_none_is_listed(void **state)
{
    struct fixture fixture;
    struct limits *limits;
    struct error error;

    (void)state;
    open_fixture(&fixture);
    assert_int_equal(make(&fixture, &limits, &error), STATUS_OK);
    assert_false(limits_allow_dims(limits, 0));
    assert_true(limits_allow_dims(limits, 1));
    assert_true(limits_allow_dims(limits, 1024));
    assert_false(limits_allow_dims(limits, 1025));
    assert_string_equal(limits_list_dims(limits).text, "1 to 1024");
    limits_free(limits);
}

static void test_rules__keep_to_the_sizes_of_model_or_option(void **state)
{
    static const int64_t values[] = {512, 64};
    size_t model_dims[] = {256, 1024};
    struct fixture fixture;
    struct limits *limits;
    struct error error;

    (void)state;
    open_fixture(&fixture);
    fixture.info.matryoshka_dims = model_dims;
    fixture.info.n_matryoshka_dims = 2;
    assert_int_equal(make(&fixture, &limits, &error), STATUS_OK);
    assert_true(limits_allow_dims(limits, 256));
    assert_true(limits_allow_dims(limits, 1024));
    assert_false(limits_allow_dims(limits, 512));
    assert_string_equal(limits_list_dims(limits).text, "256, 1024");
    limits_free(limits);

    fixture.options.matryoshka_dims.values = values;
    fixture.options.matryoshka_dims.n_values = 2;
    assert_int_equal(make(&fixture, &limits, &error), STATUS_OK);
    assert_true(limits_allow_dims(limits, 64));
    assert_true(limits_allow_dims(limits, 512));
    assert_true(limits_allow_dims(limits, 1024)); /* the full size always */
    assert_false(limits_allow_dims(limits, 256));
    assert_string_equal(limits_list_dims(limits).text, "64, 512, 1024");
    limits_free(limits);
}

static void test_rules__refuse_a_size_that_the_model_has_not(void **state)
{
    static const int64_t values[] = {64, 1025};
    struct fixture fixture;
    struct limits *limits;
    struct error error;

    (void)state;
    open_fixture(&fixture);
    fixture.options.matryoshka_dims.values = values;
    fixture.options.matryoshka_dims.n_values = 2;
    assert_int_equal(make(&fixture, &limits, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "--matryoshka-dims=1025: expected"));
    assert_non_null(strstr(error.text, "1 to 1024"));
}

static void test_rules__choose_the_default_prompt(void **state)
{
    struct fixture fixture;
    struct limits *limits;
    struct error error;

    (void)state;
    open_fixture(&fixture);
    assert_int_equal(make(&fixture, &limits, &error), STATUS_OK);
    assert_null(limits->default_prompt.bytes);
    limits_free(limits);

    fixture.info.default_prompt = &prompts[1];
    assert_int_equal(make(&fixture, &limits, &error), STATUS_OK);
    assert_true(slice_is(limits->default_prompt, "passage: "));
    limits_free(limits);

    fixture.options.default_prompt_name = "query";
    assert_int_equal(make(&fixture, &limits, &error), STATUS_OK);
    assert_true(slice_is(limits->default_prompt, "query: "));
    limits_free(limits);

    fixture.options.default_prompt = "title: ";
    fixture.options.default_prompt_name = NULL;
    assert_int_equal(make(&fixture, &limits, &error), STATUS_OK);
    assert_true(slice_is(limits->default_prompt, "title: "));
    limits_free(limits);

    fixture.options.default_prompt = NULL;
    fixture.options.default_prompt_name = "Query";
    assert_int_equal(make(&fixture, &limits, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "--default-prompt-name"));
    assert_non_null(strstr(error.text, "query, passage"));
}

/* A request that the queue could never hold is too large, not early. */
static void test_rules__let_no_request_outgrow_the_queue(void **state)
{
    struct fixture fixture;
    struct limits *limits;
    struct error error;

    (void)state;
    open_fixture(&fixture);
    assert_int_equal(make(&fixture, &limits, &error), STATUS_OK);
    assert_int_equal(limits->max_request_tokens, 1000);
    assert_int_equal(limits->max_inputs, 2048);
    assert_int_equal(limits->max_text_tokens, 512);
    assert_int_equal(limits->vocabulary_size, 6);
    limits_free(limits);
    fixture.options.max_queue_tokens = 600;
    assert_int_equal(make(&fixture, &limits, &error), STATUS_OK);
    assert_int_equal(limits->max_request_tokens, 600);
    limits_free(limits);
}

static void test_rules__lists_are_cut_between_names(void **state)
{
    enum { N = 60 };
    static char names[N][16];
    struct prompt many[N] = {{0}};
    struct limits limits = {.prompts = many, .n_prompts = N};
    struct choices choices;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        snprintf(names[i], sizeof(names[i]), "prompt%zu", i);
        many[i].name = names[i];
    }
    choices = limits_list_prompts(&limits);
    assert_true(strlen(choices.text) < sizeof(choices.text));
    assert_memory_equal(choices.text, "prompt0, prompt1, ", 18);
    assert_string_equal(choices.text + strlen(choices.text) - 5, ", ...");
    limits.n_prompts = 0;
    assert_string_equal(limits_list_prompts(&limits).text, "query, document");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules__bound_the_vectors_of_all_tokens),
        cmocka_unit_test(test_rules__take_every_size_where_none_is_listed),
        cmocka_unit_test(test_rules__keep_to_the_sizes_of_model_or_option),
        cmocka_unit_test(test_rules__refuse_a_size_that_the_model_has_not),
        cmocka_unit_test(test_rules__choose_the_default_prompt),
        cmocka_unit_test(test_rules__let_no_request_outgrow_the_queue),
        cmocka_unit_test(test_rules__lists_are_cut_between_names),
    };

    return cmocka_run_group_tests(tests, load_tokenizer, free_tokenizer);
}
