/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/options.h"
#include "server/exchange/server.h"

#include <string.h>
#include <unistd.h>

static void check_name(const char *model_id, const char *expected)
{
    struct options options = {.model_id = model_id};
    struct served_model model;

    served_model_init(&model, &options);
    assert_string_equal(served_model_name(&model), expected);
}

static bool knows(const struct server *server, const char *name)
{
    return server_find_model(server, name, strlen(name));
}

static void test_server__model_is_named_after_its_folder(void **state)
{
    (void)state;
    check_name("all-MiniLM-L6-v2", "all-MiniLM-L6-v2");
    check_name("/models/bge", "bge");
    check_name("/models/bge//", "bge");
    check_name("models/", "models");
    check_name("/", "model");
    check_name("/nobody/knows/..", "model");
    check_name("BAAI/bge-small-en-v1.5", "bge-small-en-v1.5");
    check_name("/hub/models--BAAI--bge-small-en-v1.5/snapshots/5617a9f6", "bge-small-en-v1.5");
    check_name("models--gpt2/snapshots/5617a9f6", "gpt2");
    check_name("/models/snapshots/5617a9f6", "5617a9f6");
    check_name("/mymodels--a--b/snapshots/5617a9f6", "5617a9f6");
    assert_int_equal(chdir("/usr/bin"), 0);
    check_name(".", "bin");
    check_name("..", "usr");
    check_name("../.", "usr");
}

static void test_server__knows_path_name_and_aliases(void **state)
{
    const char *aliases[] = {"text-embedding-3-small", "default"};
    struct options options = {.model_id = "/models/bge", .model_alias = {aliases, 2}};
    struct served_model model;
    struct server server = {.options = &options, .models = &model, .n_models = 1};

    (void)state;
    served_model_init(&model, &options);
    assert_true(knows(&server, "/models/bge"));
    assert_true(knows(&server, "bge"));
    assert_true(knows(&server, "BAAI/bge"));
    assert_true(knows(&server, "openai/default"));
    assert_false(knows(&server, "/bge"));
    assert_false(knows(&server, "BAAI/bge/"));
    assert_false(knows(&server, "a/b/bge"));
    assert_false(knows(&server, "models/BGE"));
    assert_string_equal(served_model_list_name(&model, 0), "bge"); /* not where it is */
    assert_string_equal(served_model_list_name(&model, 2), "default");
    assert_null(served_model_list_name(&model, 3));
    assert_true(knows(&server, "default"));
    assert_false(knows(&server, "BGE"));
    assert_false(knows(&server, ""));
    assert_false(knows(&server, "bge-large"));
    assert_false(server_find_model(&server, "bge\0x", 5));
}

static void test_server__served_name_takes_the_others_place(void **state)
{
    struct options options = {.model_id = "/models/bge", .served_model_name = "mine"};
    struct served_model model;
    struct server server = {.options = &options, .models = &model, .n_models = 1};

    (void)state;
    served_model_init(&model, &options);
    assert_string_equal(served_model_name(&model), "mine");
    assert_true(knows(&server, "mine"));
    assert_true(knows(&server, "me/mine"));
    assert_false(knows(&server, "bge"));
    assert_false(knows(&server, "/models/bge"));
}

static void test_server__several_models_are_found_by_name(void **state)
{
    const char *aliases[] = {"small", "*"};
    struct options options[3] = {
        {.model_id = "/models/bge", .model_alias = {aliases, 2}},
        {.model_id = "/models/e5", .served_model_name = "mine"},
        {.model_id = "/other/bge"},
    };
    struct served_model models[3];
    struct server server = {.options = &options[0], .models = models, .n_models = 2};
    const struct served_model *whose = NULL;
    struct error error = {0};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        served_model_init(&models[i], &options[i]);
    assert_ptr_equal(server_find_model(&server, "mine", 4), &models[1]);
    assert_ptr_equal(server_find_model(&server, "me/mine:latest", 14), &models[1]);
    assert_ptr_equal(server_find_model(&server, "small", 5), &models[0]);
    assert_ptr_equal(server_find_model(&server, "anything", 8), &models[0]); /* by its "*" */
    assert_string_equal(server_list_name(&server, 0, &whose), "bge");
    assert_string_equal(server_list_name(&server, 1, &whose), "small");
    assert_ptr_equal(whose, &models[0]);
    assert_string_equal(server_list_name(&server, 2, &whose), "mine");
    assert_ptr_equal(whose, &models[1]);
    assert_null(server_list_name(&server, 3, &whose));
    assert_string_equal(server_describe_offer(&server).text,
                        "This server's models are 'bge', 'mine'");
    assert_int_equal(server_check_names(&server, &error), STATUS_OK);
    server.n_models = 3;
    assert_int_equal(server_check_names(&server, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "two models are called bge"));
    options[0].model_alias.n_values = 1;
    assert_null(server_find_model(&server, "anything", 8));
}

/* A looser way to mean the first model does not hide the name of another. */
static void test_server__listed_name_comes_before_all_other_ways(void **state)
{
    const char *aliases[] = {"a/small"};
    struct options options[3] = {
        {.model_id = "/models/bge"},
        {.model_id = "a/e5", .served_model_name = "BAAI/bge"},
        {.model_id = "b/small", .model_alias = {aliases, 1}},
    };
    struct served_model models[3];
    struct server server = {.options = &options[0], .models = models, .n_models = 3};
    struct error error = {0};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        served_model_init(&models[i], &options[i]);
    assert_int_equal(server_check_names(&server, &error), STATUS_OK);
    assert_ptr_equal(server_find_model(&server, "BAAI/bge", 8), &models[1]);
    assert_ptr_equal(server_find_model(&server, "BAAI/bge:latest", 15), &models[1]);
    assert_ptr_equal(server_find_model(&server, "other/bge", 9), &models[0]);
    assert_ptr_equal(server_find_model(&server, "a/small", 7), &models[2]);
    assert_ptr_equal(server_find_model(&server, "b/small", 7), &models[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server__model_is_named_after_its_folder),
        cmocka_unit_test(test_server__knows_path_name_and_aliases),
        cmocka_unit_test(test_server__served_name_takes_the_others_place),
        cmocka_unit_test(test_server__several_models_are_found_by_name),
        cmocka_unit_test(test_server__listed_name_comes_before_all_other_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
