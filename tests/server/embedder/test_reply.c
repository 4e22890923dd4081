/* SPDX-License-Identifier: Apache-2.0 */

#include "server/embedder/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N_TEXTS = 2, N_DIMS = 2 };

static enum status read_two(const char *body, float *vectors, bool *truncated, struct error *error)
{
    struct reply_vectors reply = {vectors, truncated, N_TEXTS, N_DIMS};

    memset(truncated, 0, N_TEXTS * sizeof(*truncated));
    return reply_read((struct slice){body, strlen(body)}, &reply, error);
}

/* The bytes of base64 are Python's: base64.b64encode(struct.pack('<2f', 1, -2.5)). */
static void test_reply__vectors_stand_by_their_index(void **state)
{
    static const char *const bodies[] = {
        "{\"data\":[{\"index\":0,\"embedding\":[1,-2.5]},{\"index\":1,\"embedding\":[0.5,3e2]}]}",
        "{\"data\":[{\"index\":1,\"embedding\":[0.5,300]},{\"index\":0,\"embedding\":[1,-2.5]}]}",
        "{\"data\":[{\"embedding\":\"AACAPwAAIMA=\"},{\"embedding\":[0.5,300]}]}",
    };
    float vectors[N_TEXTS * N_DIMS];
    bool truncated[N_TEXTS];
    struct error error = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        if (read_two(bodies[i], vectors, truncated, &error))
            fail_msg("%s: %s", bodies[i], error.text);
        assert_true(vectors[0] == 1 && vectors[1] == -2.5f);
        assert_true(vectors[2] == 0.5f && vectors[3] == 300);
        assert_false(truncated[0] || truncated[1]);
    }
}

static void test_reply__truncated_texts_are_told(void **state)
{
    float vectors[N_TEXTS * N_DIMS];
    bool truncated[N_TEXTS];
    struct error error = {0};

    (void)state;
    assert_int_equal(read_two("{\"data\":[{\"embedding\":[1,2]},{\"embedding\":[3,4]}],"
                              "\"truncated\":[1,7,-1,\"x\"]}",
                              vectors, truncated, &error),
                     STATUS_OK);
    assert_false(truncated[0]);
    assert_true(truncated[1]);
}

static void test_reply__first_vector_tells_the_size(void **state)
{
    static const char body[] = "{\"data\":[{\"embedding\":[1,2,3]}]}";
    bool truncated = false;
    struct reply_vectors reply = {NULL, &truncated, 1, 0};
    struct error error = {0};

    (void)state;
    assert_int_equal(reply_read((struct slice){body, sizeof(body) - 1}, &reply, &error), STATUS_OK);
    assert_int_equal(reply.n_dims, 3);
}

static void test_reply__nonsense_is_refused(void **state)
{
    static const struct {
        const char *body;
        const char *problem;
    } cases[] = {
        {"", "the reply is not JSON"},
        {"{\"data\":", "the reply is not JSON"},
        {"[]", "the reply has 0 embeddings for 2 texts"},
        {"{\"data\":{}}", "the reply has 0 embeddings for 2 texts"},
        {"{\"data\":[{\"embedding\":[1,2]}]}", "the reply has 1 embeddings for 2 texts"},
        {"{\"data\":[{\"embedding\":[1,2]},{\"index\":0,\"embedding\":[1,2]}]}",
         "data[1].index is wrong, or there twice"},
        {"{\"data\":[{\"embedding\":[1,2]},{\"index\":2,\"embedding\":[1,2]}]}",
         "data[1].index is wrong, or there twice"},
        {"{\"data\":[{\"embedding\":[1,2]},{\"index\":-1,\"embedding\":[1,2]}]}",
         "data[1].index is wrong, or there twice"},
        {"{\"data\":[{\"embedding\":[1,2]},{\"embedding\":[1,2,3]}]}",
         "the embedding of text 1 has 3 numbers, expected were 2"},
        {"{\"data\":[{\"embedding\":[1,2]},{\"embedding\":\"AACAPw==\"}]}",
         "the embedding of text 1 has 1 numbers, expected were 2"},
        {"{\"data\":[{\"embedding\":[1,2]},{\"embedding\":[]}]}",
         "the embedding of text 1 is no list of numbers, nor base64 of them"},
        {"{\"data\":[{\"embedding\":[1,2]},{}]}",
         "the embedding of text 1 is no list of numbers, nor base64 of them"},
        {"{\"data\":[{\"embedding\":[1,2]},3]}",
         "the embedding of text 1 is no list of numbers, nor base64 of them"},
        {"{\"data\":[{\"embedding\":[1,2]},{\"embedding\":[1,null]}]}",
         "the embedding of text 1 holds what is not a finite number"},
        {"{\"data\":[{\"embedding\":[1,2]},{\"embedding\":[1,1e300]}]}",
         "the embedding of text 1 holds what is not a finite number"},
        {"{\"data\":[{\"embedding\":[1,2]},{\"embedding\":\"AACAfwAAIMA=\"}]}", /* infinity */
         "the embedding of text 1 holds what is not a finite number"},
        {"{\"data\":[{\"embedding\":[1,2]},{\"embedding\":\"AACA!wAAIMA=\"}]}",
         "the embedding of text 1 holds what is not a finite number"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        float vectors[N_TEXTS * N_DIMS];
        bool truncated[N_TEXTS];
        struct error error = {0};

        assert_int_equal(read_two(cases[i].body, vectors, truncated, &error), STATUS_INVALID);
        if (strncmp(error.text, cases[i].problem, strlen(cases[i].problem)) != 0)
            fail_msg("%s: %s", cases[i].body, error.text);
    }
}

static void test_reply__only_model_is_found(void **state)
{
    static const struct {
        const char *body;
        const char *name; /* NULL: refused */
        const char *problem;
    } cases[] = {
        {"{\"data\":[{\"id\":\"m\"}]}", "m", NULL},
        {"{\"data\":[{\"id\":\"a\"},{\"id\":\"b\"}]}", NULL, "the server has: a, b"},
        {"{\"data\":[]}", NULL, "the server has: "},
        {"{\"data\":[{}]}", NULL, "the server has: ?"},
        {"nonsense", NULL, "the server has: "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *name = NULL;
        struct error error = {0};
        enum status status =
            reply_read_model((struct slice){cases[i].body, strlen(cases[i].body)}, &name, &error);

        if (cases[i].name) {
            assert_int_equal(status, STATUS_OK);
            assert_string_equal(name, cases[i].name);
        } else {
            assert_int_equal(status, STATUS_INVALID);
            assert_non_null(strstr(error.text, cases[i].problem));
            assert_null(name);
        }
        free(name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reply__vectors_stand_by_their_index),
        cmocka_unit_test(test_reply__truncated_texts_are_told),
        cmocka_unit_test(test_reply__first_vector_tells_the_size),
        cmocka_unit_test(test_reply__nonsense_is_refused),
        cmocka_unit_test(test_reply__only_model_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
