/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/api/cohere.h"
#include "server/api/tei.h"
#include "server/exchange/route_family.h"
#include "server/exchange/routes.h"

#include <string.h>

static void test_routes__find_path_and_method(void **state)
{
    const struct route *route;
    unsigned allowed = 77;

    (void)state;
    route = routes_find("/v1/embeddings", METHOD_POST, &allowed);
    assert_non_null(route);
    assert_string_equal(route->path, "/v1/embeddings");
    assert_int_equal(allowed, 0);
    assert_true(routes_find("/embeddings", METHOD_POST, &allowed)->start == route->start);
    assert_ptr_equal(routes_find("/similarity", METHOD_POST, &allowed)->family, &tei_family);
    assert_ptr_equal(routes_find("/v1/similarity", METHOD_POST, &allowed)->family, &openai_family);
    assert_ptr_equal(routes_find("/v2/embed", METHOD_POST, &allowed)->family, &cohere_family);
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
        assert_null(routes_find(unknown[i], METHOD_GET, &allowed));
        assert_null(routes_find(unknown[i], METHOD_POST, &allowed));
    }
}

static void test_routes__tell_what_is_allowed(void **state)
{
    unsigned allowed;

    (void)state;
    assert_non_null(routes_find("/livez", METHOD_POST, &allowed));
    assert_int_equal(allowed, METHOD_GET);
    assert_non_null(routes_find("/tokenize", METHOD_GET, &allowed));
    assert_int_equal(allowed, METHOD_POST);
    assert_non_null(routes_find("/", 0, &allowed));
    assert_int_equal(allowed, METHOD_GET | METHOD_POST);
    assert_ptr_equal(routes_find("/", METHOD_GET, &allowed)->family, &openai_family);
    assert_true(routes_find("/", METHOD_POST, &allowed)->start ==
                routes_find("/embed", METHOD_POST, &allowed)->start);
    assert_non_null(routes_find("/tokenize", 0, &allowed)); /* PUT, DELETE ... */
    assert_int_equal(allowed, METHOD_POST);
}

static void test_routes__take_every_path_below_a_slash(void **state)
{
    unsigned allowed;

    (void)state;
    assert_string_equal(routes_find("/v1/models", METHOD_GET, &allowed)->path, "/v1/models");
    assert_string_equal(routes_find("/v1/models/", METHOD_GET, &allowed)->path, "/v1/models/");
    assert_string_equal(routes_find("/v1/models/a/b", METHOD_GET, &allowed)->path, "/v1/models/");
}

/* What http.c counts on: GET routes answer at once, and routes that submit have a finish. */
static void test_routes__table_is_sound(void **state)
{
    (void)state;
    assert_true(n_routes > 0);
    for (size_t i = 0; i < n_routes; i++) {
        assert_int_equal(routes[i].path[0], '/');
        assert_non_null(routes[i].start);
        if (routes[i].method == METHOD_GET)
            assert_null(routes[i].finish);
        else
            assert_true(routes[i].needs_model);
        for (size_t j = 0; j < i; j++)
            assert_false(strcmp(routes[i].path, routes[j].path) == 0 &&
                         (routes[i].method & routes[j].method));
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
