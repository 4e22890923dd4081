/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/options.h"
#include "server/server.h"

#include <string.h>

static const char *name_of(const char *model_id)
{
    struct options options = {.model_id = model_id};
    struct server server = {.options = &options};

    return server_model_name(&server);
}

static bool knows(const struct server *server, const char *name)
{
    return server_knows_model(server, name, strlen(name));
}

static void test_server__model_is_named_after_its_folder(void **state)
{
    (void)state;
    assert_string_equal(name_of("all-MiniLM-L6-v2"), "all-MiniLM-L6-v2");
    assert_string_equal(name_of("/models/bge"), "bge");
    assert_string_equal(name_of("models/"), "models/");
    assert_string_equal(name_of("."), ".");
    assert_string_equal(name_of("../.."), "../..");
}

static void test_server__knows_path_name_and_aliases(void **state)
{
    const char *aliases[] = {"text-embedding-3-small", "default"};
    struct options options = {.model_id = "/models/bge", .model_alias = {aliases, 2}};
    struct server server = {.options = &options};

    (void)state;
    assert_true(knows(&server, "/models/bge"));
    assert_true(knows(&server, "bge"));
    assert_true(knows(&server, "default"));
    assert_false(knows(&server, "BGE"));
    assert_false(knows(&server, ""));
    assert_false(knows(&server, "bge-large"));
    assert_false(server_knows_model(&server, "bge\0x", 5));
}

static void test_server__served_name_takes_the_others_place(void **state)
{
    struct options options = {.model_id = "/models/bge", .served_model_name = "mine"};
    struct server server = {.options = &options};

    (void)state;
    assert_string_equal(server_model_name(&server), "mine");
    assert_true(knows(&server, "mine"));
    assert_false(knows(&server, "bge"));
    assert_false(knows(&server, "/models/bge"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server__model_is_named_after_its_folder),
        cmocka_unit_test(test_server__knows_path_name_and_aliases),
        cmocka_unit_test(test_server__served_name_takes_the_others_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
