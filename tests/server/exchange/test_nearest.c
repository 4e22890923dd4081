/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/api/routes.h"
#include "server/exchange/nearest.h"

#include <string.h>

static void test_nearest__is_what_was_meant(void **state)
{
    static const struct {
        const char *path;
        const char *expected; /* NULL: none */
    } cases[] = {
        {"//v1/embeddings", "/v1/embeddings"},
        {"/v1/embeddings/", "/v1/embeddings"},
        {"/v1//embeddings//", "/v1/embeddings"},
        {"/v1/v1/embeddings", "/v1/embeddings"},
        {"/proxy/v1/embeddings", "/v1/embeddings"},
        {"/V1/Embeddings", "/v1/embeddings"},
        {"/v1/embedding", "/v1/embeddings"},
        {"/v3/embeddings", "/embeddings"},
        {"/v1/modls", "/v1/models"},
        {"/v1/rerankk", "/v1/rerank"},
        {"/tokenise", "/tokenize"},
        {"/ollama/api/embed", "/api/embed"},
        {"/api/tag", "/api/tags"},
        {"/heath", "/health"},
        {"/nowhere", NULL},
        {"/v1/chat/completions", NULL},
        {"/favicon.ico", NULL},
        {"/x", NULL},
        {"", NULL},
        {"*", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *found = nearest_path(&api_routes, cases[i].path);

        if (found != cases[i].expected &&
            (!found || !cases[i].expected || strcmp(found, cases[i].expected) != 0))
            fail_msg("%s: %s", cases[i].path, found ? found : "none");
    }
}

static void test_nearest__takes_a_path_of_any_length(void **state)
{
    char path[100000];

    (void)state;
    memset(path, 'a', sizeof(path));
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    assert_null(nearest_path(&api_routes, path));
    path[64] = '\0'; /* the longest that is looked at */
    assert_null(nearest_path(&api_routes, path));
    memset(path, '/', sizeof(path));
    strcpy(path + sizeof(path) - sizeof("v1/models"), "v1/models");
    assert_string_equal(nearest_path(&api_routes, path), "/v1/models");
}

/* No route is nearer to another one than to itself. */
static void test_nearest__knows_every_route(void **state)
{
    (void)state;
    for (size_t i = 0; i < api_routes.n; i++) {
        size_t len_bytes = strlen(api_routes.rows[i].path);

        if (len_bytes > 1 && api_routes.rows[i].path[len_bytes - 1] != '/')
            assert_string_equal(nearest_path(&api_routes, api_routes.rows[i].path),
                                api_routes.rows[i].path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nearest__is_what_was_meant),
        cmocka_unit_test(test_nearest__takes_a_path_of_any_length),
        cmocka_unit_test(test_nearest__knows_every_route),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
