/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/api/cohere.h"
#include "server/api/routes.h"
#include "server/api/tei.h"
#include "server/exchange/route_family.h"

#include <string.h>

static void test_routes__find_path_and_method(void **state)
{
    const struct route *route;
    unsigned allowed = 77;

    (void)state;
    route = routes_find(&api_routes, "/v1/embeddings", METHOD_POST, &allowed);
    assert_non_null(route);
    assert_string_equal(route->path, "/v1/embeddings");
    assert_int_equal(allowed, 0);
    assert_true(routes_find(&api_routes, "/embeddings", METHOD_POST, &allowed)->start ==
                route->start);
    assert_ptr_equal(routes_find(&api_routes, "/similarity", METHOD_POST, &allowed)->family,
                     &tei_family);
    assert_ptr_equal(routes_find(&api_routes, "/v1/similarity", METHOD_POST, &allowed)->family,
                     &openai_family);
    assert_ptr_equal(routes_find(&api_routes, "/v2/embed", METHOD_POST, &allowed)->family,
                     &cohere_family);
}

static void test_routes__know_no_other_paths(void **state)
{
    static const char *const unknown[] = {
        "",        "/index.html", "/v1",     "/v1/embeddings/", "/v1/embeddingsx",
        "/embedx", "/V1/MODELS",  "//livez", "/livez/",         "/v1/modelsx",
    };
    unsigned allowed;

    (void)state;
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        assert_null(routes_find(&api_routes, unknown[i], METHOD_GET, &allowed));
        assert_null(routes_find(&api_routes, unknown[i], METHOD_POST, &allowed));
    }
}

static void test_routes__tell_what_is_allowed(void **state)
{
    unsigned allowed;

    (void)state;
    assert_non_null(routes_find(&api_routes, "/livez", METHOD_POST, &allowed));
    assert_int_equal(allowed, METHOD_GET);
    assert_non_null(routes_find(&api_routes, "/tokenize", METHOD_GET, &allowed));
    assert_int_equal(allowed, METHOD_POST);
    assert_non_null(routes_find(&api_routes, "/", 0, &allowed));
    assert_int_equal(allowed, METHOD_GET | METHOD_POST);
    assert_ptr_equal(routes_find(&api_routes, "/", METHOD_GET, &allowed)->family, &openai_family);
    assert_true(routes_find(&api_routes, "/", METHOD_POST, &allowed)->start ==
                routes_find(&api_routes, "/invocations", METHOD_POST, &allowed)->start);
    assert_non_null(routes_find(&api_routes, "/tokenize", 0, &allowed)); /* PUT, DELETE ... */
    assert_int_equal(allowed, METHOD_POST);
}

static void test_routes__take_every_path_below_a_slash(void **state)
{
    unsigned allowed;

    (void)state;
    assert_string_equal(routes_find(&api_routes, "/v1/models", METHOD_GET, &allowed)->path,
                        "/v1/models");
    assert_string_equal(routes_find(&api_routes, "/v1/models/", METHOD_GET, &allowed)->path,
                        "/v1/models/");
    assert_string_equal(routes_find(&api_routes, "/v1/models/a/b", METHOD_GET, &allowed)->path,
                        "/v1/models/");
}

/* What http.c counts on: GET routes answer at once, and routes that submit have a finish. */
static void test_routes__table_is_sound(void **state)
{
    (void)state;
    assert_true(api_routes.n > 0);
    for (size_t i = 0; i < api_routes.n; i++) {
        assert_int_equal(api_routes.rows[i].path[0], '/');
        assert_non_null(api_routes.rows[i].start);
        if (api_routes.rows[i].method == METHOD_GET)
            assert_null(api_routes.rows[i].finish);
        else
            assert_true(api_routes.rows[i].needs_model);
        for (size_t j = 0; j < i; j++)
            assert_false(strcmp(api_routes.rows[i].path, api_routes.rows[j].path) == 0 &&
                         (api_routes.rows[i].method & api_routes.rows[j].method));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes__find_path_and_method),
        cmocka_unit_test(test_routes__know_no_other_paths),
        cmocka_unit_test(test_routes__tell_what_is_allowed),
        cmocka_unit_test(test_routes__take_every_path_below_a_slash),
        cmocka_unit_test(test_routes__table_is_sound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
