/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "config/options.h"
#include "server/api/cohere.h"
#include "server/api/local/llama.h"
#include "server/api/local/ollama.h"
#include "server/api/embed/limits.h"
#include "server/api/openapi.h"
#include "server/api/routes.h"
#include "server/api/tei.h"
#include "server/exchange/route_family.h"
#include "server/exchange/server.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* A server as far as it is described; of a model with 8 numbers a vector. */
struct fixture {
    const char *aliases[2];
    struct prompt prompts[1];
    size_t dims[4];
    struct options options;
    struct limits limits;
    struct served_model model;
    struct server server;
};

static char query_name[] = "query \"x\"";
static char query_text[] = "query: ";

static int open_server(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){
        .aliases = {"other", "models/tiny"},
        .prompts = {{query_name, query_text, 7}},
        .dims = {2, 4, 4, 8},
    };
    fixture.options = (struct options){
        .model_id = "models/tiny",
        .model_alias = {fixture.aliases, 2},
        .max_client_batch_size = 17,
        .payload_limit = 12345,
        .request_timeout = 2.5,
        .auto_truncate = true,
    };
    fixture.limits = (struct limits){
        .max_text_tokens = 24,
        .vocabulary_size = 100,
        .n_dims = 8,
        .default_dims = 4,
        .prompts = fixture.prompts,
        .n_prompts = 1,
        .similarity = SIMILARITY_DOT,
    };
    fixture.server.options = &fixture.options;
    served_model_init(&fixture.model, &fixture.options);
    fixture.model.limits = &fixture.limits;
    fixture.server.models = &fixture.model;
    fixture.server.n_models = 1;
    *state = &fixture;
    return 0;
}

static json_t *describe(const struct fixture *fixture)
{
    struct buffer buffer = {0};
    json_error_t error;
    json_t *document;

    openapi_write(&fixture->server, &buffer);
    assert_false(buffer_failed(&buffer));
    document = json_loadb(buffer.bytes, buffer.len_bytes, JSON_REJECT_DUPLICATES, &error);
    if (!document)
        print_error("line %d: %s\n", error.line, error.text);
    assert_non_null(document);
    assert_null(memmem(buffer.bytes, buffer.len_bytes, "${", 2));
    buffer_release(&buffer);
    return document;
}

/* The schema of a field of a request. */
static json_t *find_schema(json_t *document, const char *name)
{
    json_t *schema = NULL;

    json_unpack(document, "{s:{s:{s:o}}}", "components", "schemas", name, &schema);
    assert_non_null(schema);
    return schema;
}

static json_t *find_list_of_texts(json_t *document)
{
    return json_array_get(json_object_get(find_schema(document, "Texts"), "anyOf"), 1);
}

static void assert_json(json_t *found, const char *expected)
{
    json_t *json = json_loads(expected, JSON_DECODE_ANY, NULL);

    assert_non_null(json);
    if (!json_equal(found, json))
        print_error("%s\n", json_dumps(found, JSON_ENCODE_ANY));
    assert_true(json_equal(found, json));
    json_decref(json);
}

/* "/v1/models/{model}" stands for the route "/v1/models/". */
static const struct route *find_described(const char *path, const char *method)
{
    char begin[128];
    unsigned allowed;
    unsigned bit = strcmp(method, "get") == 0 ? METHOD_GET : METHOD_POST;
    const struct route *route;

    snprintf(begin, sizeof(begin), "%.*s", (int)strcspn(path, "{"), path);
    route = routes_find(&api_routes, begin, bit, &allowed);
    if (!route || allowed || strcmp(route->path, begin) != 0)
        fail_msg("%s %s is described, but is no route", method, path);
    return route;
}

static void test_openapi__describes_every_route_and_no_other(void **state)
{
    json_t *document = describe(*state);
    bool described[256] = {false};
    const char *path;
    json_t *methods;

    assert_true(api_routes.n <= sizeof(described) / sizeof(described[0]));
    json_object_foreach(json_object_get(document, "paths"), path, methods)
    {
        const char *method;
        json_t *operation;

        json_object_foreach(methods, method, operation)
        {
            assert_true(strcmp(method, "get") == 0 || strcmp(method, "post") == 0);
            described[find_described(path, method) - api_routes.rows] = true;
        }
    }
    for (size_t i = 0; i < api_routes.n; i++) {
        if (!described[i])
            fail_msg("%s is not described in openapi.json", api_routes.rows[i].path);
    }
    json_decref(document);
}

/* "#/components/responses/TeiInvalid" -> tei_family */
static const struct route_family *find_family(const char *reference)
{
    if (strstr(reference, "/responses/Tei"))
        return &tei_family;
    if (strstr(reference, "/responses/Ollama"))
        return &ollama_family;
    if (strstr(reference, "/responses/Llama"))
        return &llama_family;
    return strstr(reference, "/responses/Cohere") ? &cohere_family : &openai_family;
}

/* Whose errors a route speaks, the document says too. */
static void test_openapi__gives_each_route_the_errors_of_its_family(void **state)
{
    json_t *document = describe(*state);
    const char *path;
    json_t *methods;

    json_object_foreach(json_object_get(document, "paths"), path, methods)
    {
        const char *method;
        json_t *operation;

        json_object_foreach(methods, method, operation)
        {
            const struct route_family *family = find_described(path, method)->family;
            json_t *responses = json_object_get(operation, "responses");
            const char *status;
            json_t *response;

            json_object_foreach(responses, status, response)
            {
                const char *reference = json_string_value(json_object_get(response, "$ref"));

                if (status[0] == '2')
                    continue;
                if (!reference || find_family(reference) != family)
                    fail_msg("%s %s: %s", method, path, status);
            }
            assert_non_null(json_object_get(responses, "503"));
        }
    }
    json_decref(document);
}

/* Where a key is asked for, the operation says so, and what comes without one. */
static void test_openapi__tells_where_a_key_is_asked_for(void **state)
{
    struct fixture *fixture = *state;
    json_t *document = describe(fixture);
    const char *path;
    json_t *methods;

    assert_json(json_object_get(document, "security"), "[]");
    json_object_foreach(json_object_get(document, "paths"), path, methods)
    {
        const char *method;
        json_t *operation;

        json_object_foreach(methods, method, operation)
        {
            bool needs_key = find_described(path, method)->needs_key;
            json_t *responses = json_object_get(operation, "responses");

            if (!!json_object_get(responses, "401") != needs_key ||
                !json_object_get(operation, "security") != needs_key)
                fail_msg("%s %s", method, path);
        }
    }
    json_decref(document);

    fixture->server.api_keys = (struct api_keys *)fixture; /* only looked for */
    document = describe(fixture);
    assert_json(json_object_get(document, "security"),
                "[{\"bearer\":[]},{\"xApiKey\":[]},{\"apiKey\":[]}]");
    json_decref(document);
}

static void test_openapi__takes_limits_from_the_options(void **state)
{
    struct fixture *fixture = *state;
    json_t *document = describe(fixture);
    const char *description = NULL;

    assert_json(json_object_get(find_list_of_texts(document), "maxItems"), "17");
    json_unpack(document, "{s:{s:s}}", "info", "description", &description);
    assert_non_null(strstr(description, "17 inputs"));
    assert_non_null(strstr(description, "12345 bytes"));
    assert_non_null(strstr(description, "2.5 seconds"));
    assert_json(json_object_get(find_schema(document, "Truncate"), "default"), "true");
    json_decref(document);

    fixture->options.max_client_batch_size = 1;
    fixture->options.auto_truncate = false;
    document = describe(fixture);
    assert_json(json_object_get(find_list_of_texts(document), "maxItems"), "1");
    assert_json(json_object_get(find_schema(document, "Truncate"), "default"), "false");
    json_decref(document);
}

static void test_openapi__takes_choices_from_the_model(void **state)
{
    json_t *document = describe(*state);
    json_t *names;

    assert_json(json_object_get(find_schema(document, "TokenIds"), "items"),
                "{\"type\":\"integer\",\"minimum\":0,\"maximum\":99}");
    assert_json(json_object_get(find_schema(document, "PromptName"), "enum"),
                "[\"query \\\"x\\\"\",\"\",null]");
    assert_json(json_object_get(find_schema(document, "Similarity"), "default"), "\"dot\"");
    names = json_object_get(find_schema(document, "ModelName"), "anyOf");
    assert_json(json_object_get(json_array_get(names, 0), "enum"),
                "[\"tiny\",\"other\",\"models/tiny\",\"\",null]");
    assert_json(json_object_get(json_array_get(names, 1), "pattern"),
                "\"^(?:[^/]+/)?(?:tiny|other|models\\\\/tiny)(?::latest)?$\"");
    json_decref(document);
}

static void test_openapi__lists_the_sizes_that_there_are(void **state)
{
    struct fixture *fixture = *state;
    json_t *document = describe(fixture);
    json_t *dimensions = find_schema(document, "Dimensions");

    assert_json(json_array_get(json_object_get(dimensions, "anyOf"), 0),
                "{\"type\":\"integer\",\"minimum\":1,\"maximum\":8}");
    assert_json(json_object_get(dimensions, "default"), "4");
    json_decref(document);

    fixture->limits.dims = fixture->dims;
    fixture->limits.n_dims_listed = 4; /* one of them twice, and the full size */
    document = describe(fixture);
    dimensions = find_schema(document, "Dimensions");
    assert_json(json_object_get(dimensions, "enum"), "[2,4,8,\"\",null]");
    assert_null(json_object_get(dimensions, "anyOf"));
    json_decref(document);
}

/* The first judges; the others embed, and are of different sizes. */
static void test_openapi__tells_what_several_models_take(void **state)
{
    struct fixture *fixture = *state;
    struct options options = {.model_id = "judge", .max_client_batch_size = 5};
    struct limits judge = {.max_text_tokens = 48, .vocabulary_size = 50, .n_dims = 1};
    struct limits other = fixture->limits;
    struct served_model models[3];
    json_t *document;
    json_t *dimensions;

    judge.labels.n = 1;
    judge.default_dims = 1;
    other.n_dims = 16;
    other.similarity = SIMILARITY_COSINE;
    served_model_init(&models[0], &options);
    served_model_init(&models[1], &fixture->options);
    served_model_init(&models[2], &fixture->options);
    models[0].limits = &judge;
    models[1].limits = &fixture->limits;
    models[2].limits = &other;
    fixture->server.models = models;
    fixture->server.n_models = 3;
    document = describe(fixture);
    dimensions = find_schema(document, "Dimensions");
    assert_json(json_array_get(json_object_get(dimensions, "anyOf"), 0),
                "{\"type\":\"integer\",\"minimum\":1,\"maximum\":16}");
    assert_json(json_object_get(dimensions, "default"), "4");
    assert_json(json_object_get(find_schema(document, "Similarity"), "default"), "\"dot\"");
    assert_json(json_object_get(find_schema(document, "PromptName"), "enum"),
                "[\"query \\\"x\\\"\",\"\",null]");
    assert_json(json_object_get(find_schema(document, "TokenIds"), "items"),
                "{\"type\":\"integer\",\"minimum\":0,\"maximum\":99}");
    assert_json(json_object_get(find_list_of_texts(document), "maxItems"), "17");
    json_decref(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_openapi__describes_every_route_and_no_other, open_server),
        cmocka_unit_test_setup(test_openapi__gives_each_route_the_errors_of_its_family,
                               open_server),
        cmocka_unit_test_setup(test_openapi__tells_where_a_key_is_asked_for, open_server),
        cmocka_unit_test_setup(test_openapi__takes_limits_from_the_options, open_server),
        cmocka_unit_test_setup(test_openapi__takes_choices_from_the_model, open_server),
        cmocka_unit_test_setup(test_openapi__lists_the_sizes_that_there_are, open_server),
        cmocka_unit_test_setup(test_openapi__tells_what_several_models_take, open_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
