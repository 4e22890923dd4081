/* SPDX-License-Identifier: Apache-2.0 */

/* The embedder with a server that answers as the test says. */
#include "config/options.h"
#include "server/embedder/embedder.h"
#include "server/exchange/server.h"
#include "server/text/log.h"
#include "tests/server/embedder/fake_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N_TEXTS = 10, N_PROBES = 2 };

static struct fake_server server;

struct fixture {
    struct options options;
    struct embedder *embedder;
};

/* Up to four more flags, NULL-terminated. */
static enum status open_embedder(struct fixture *fixture, const char *const *flags, long n_dims,
                                 struct error *error)
{
    char url[96];
    const char *argv[16] = {"nestd", "embed", url, "--url-retries=2", "--url-batch=4"};
    char *envp[] = {NULL};
    struct options_report report;
    int argc = 5;

    snprintf(url, sizeof(url), "--url=%s", server.url);
    for (; flags && *flags; flags++)
        argv[argc++] = *flags;
    if (options_read(argc, (char **)argv, envp, &fixture->options, &report) != OPTIONS_RUN)
        fail_msg("%s", report.problem);
    fixture->embedder = NULL;
    return embedder_open(&fixture->embedder, &fixture->options, n_dims, error);
}

static void start(struct fixture *fixture, const char *const *flags, long n_dims)
{
    struct error error = {0};

    fake_server_start(&server);
    if (open_embedder(fixture, flags, n_dims, &error))
        fail_msg("%s", error.text);
}

static void stop(struct fixture *fixture)
{
    embedder_close(fixture->embedder);
    options_release(&fixture->options);
    fake_server_stop(&server);
}

/* Texts of 1, 2, 3 ... bytes, so that a vector tells which text it is of. */
static enum status encode(struct fixture *fixture, struct embed_text texts[N_TEXTS],
                          float vectors[N_TEXTS * FAKE_DIMS], struct error *error)
{
    static const char letters[] = "abcdefghijklmnop";
    struct embed_prompt prompt;

    for (size_t i = 0; i < N_TEXTS; i++)
        texts[i] = (struct embed_text){.text = {letters, i + 1}};
    assert_int_equal(embedder_find_prompt(fixture->embedder, NULL, &prompt, error), STATUS_OK);
    return embedder_encode(fixture->embedder, texts, N_TEXTS, prompt, vectors, error);
}

static void assert_encoded(struct fixture *fixture)
{
    struct embed_text texts[N_TEXTS];
    float vectors[N_TEXTS * FAKE_DIMS];
    struct error error = {0};

    if (encode(fixture, texts, vectors, &error))
        fail_msg("%s", error.text);
    for (size_t i = 0; i < N_TEXTS; i++) {
        assert_int_equal(texts[i].status, STATUS_OK);
        assert_true(vectors[i * FAKE_DIMS] == (float)(i + 1));
        assert_true(vectors[i * FAKE_DIMS + 3] == 'a');
    }
}

static int reset(void **state)
{
    (void)state;
    memset(&server, 0, sizeof(server));
    return 0;
}

static char *answer_floats(struct fake_server *fake, size_t n, json_t *request, const char *headers)
{
    (void)n;
    (void)headers;
    if (strcmp(json_string_value(json_object_get(request, "encoding_format")), "float") != 0) {
        *(bool *)fake->user = true;
        return fake_format(400, "", "{\"error\":{\"message\":\"only float\"}}");
    }
    return fake_answer(request);
}

static void test_remote__vectors_are_in_the_order_of_texts(void **state)
{
    struct fixture fixture;

    (void)state;
    start(&fixture, NULL, EMBEDDER_DEFAULT_DIMS);
    assert_int_equal(embedder_get_info(fixture.embedder)->n_dims, FAKE_DIMS);
    assert_false(embedder_get_info(fixture.embedder)->normalize);
    assert_encoded(&fixture);
    stop(&fixture);
    assert_int_equal(server.n_requests, N_PROBES + 3); /* of 4, 4 and 2 texts */
}

static void test_remote__lists_are_asked_for_where_base64_is_refused(void **state)
{
    struct fixture fixture;
    bool refused = false;

    (void)state;
    server.answer = answer_floats;
    server.user = &refused;
    start(&fixture, NULL, EMBEDDER_DEFAULT_DIMS);
    assert_true(refused);
    assert_encoded(&fixture);
    stop(&fixture);
    assert_int_equal(server.n_requests, 1 + N_PROBES + 3);
}

/* ---- what is sent ---- */

static char *note_request(struct fake_server *fake, size_t n, json_t *request, const char *headers)
{
    char **notes = fake->user;

    (void)n;
    free(notes[0]);
    free(notes[1]);
    notes[0] = json_dumps(request, JSON_COMPACT | JSON_SORT_KEYS);
    notes[1] = strdup(headers);
    return fake_answer(request);
}

static void test_remote__options_are_sent(void **state)
{
    static const char *const flags[] = {"--api-key=sk-1", "--served-model-name=m\"x",
                                        "--default-prompt-name=query", "--auto-truncate=false",
                                        NULL};
    static const char *const texts[] = {"--default-prompt=q: ", NULL};
    struct fixture fixture;
    char *notes[2] = {NULL, NULL};

    (void)state;
    server.answer = note_request;
    server.user = notes;
    start(&fixture, flags, FAKE_DIMS);
    stop(&fixture);
    assert_string_equal(notes[0], "{\"dimensions\":4,\"encoding_format\":\"base64\","
                                  "\"input\":[\"nestd\"],\"model\":\"m\\\"x\","
                                  "\"prompt_name\":\"query\",\"truncate\":false}");
    assert_non_null(strstr(notes[1], "\r\nAuthorization: Bearer sk-1\r\n"));
    assert_non_null(strstr(notes[1], "\r\nContent-Type: application/json\r\n"));

    reset(NULL);
    server.answer = note_request;
    server.user = notes;
    server.models = "HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n{\"data\":[{\"id\":\"mini\"}]}";
    start(&fixture, texts, EMBEDDER_FULL_DIMS);
    assert_string_equal(embedder_get_info(fixture.embedder)->model_name, "mini");
    stop(&fixture);
    assert_string_equal(notes[0], "{\"encoding_format\":\"base64\",\"input\":[\"q: nestd\"],"
                                  "\"model\":\"mini\"}");
    assert_null(strstr(notes[1], "Authorization"));
    free(notes[0]);
    free(notes[1]);
}

/* ---- trying again ---- */

static char *fail_first(struct fake_server *fake, size_t n, json_t *request, const char *headers)
{
    (void)headers;
    return n == N_PROBES ? strdup(fake->told) : fake_answer(request);
}

static void test_remote__what_passes_is_tried_again(void **state)
{
    static const char *const passing[] = {
        "HTTP/1.1 429 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 503 Loading\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut short",
        "",
    };
    static const char *const flags[] = {"--url-requests=1", NULL};

    (void)state;
    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
        struct fixture fixture;
        int64_t began_us = clock_now_us();

        reset(NULL);
        server.answer = fail_first;
        server.told = passing[i];
        start(&fixture, flags, EMBEDDER_DEFAULT_DIMS);
        assert_encoded(&fixture);
        stop(&fixture);
        assert_int_equal(server.n_requests, N_PROBES + 3 + 1);
        /* what Retry-After says, or half of half a second at least */
        assert_true(clock_now_us() - began_us > (i == 0 ? 1000000 : 250000));
    }
}

static char *answer_as_told(struct fake_server *fake, size_t n, json_t *request,
                            const char *headers)
{
    (void)headers;
    return n >= N_PROBES ? strdup(fake->told) : fake_answer(request);
}

static void test_remote__tries_are_bounded(void **state)
{
    static const char *const flags[] = {"--url-requests=1", NULL};
    struct embed_text texts[N_TEXTS];
    float vectors[N_TEXTS * FAKE_DIMS];
    struct fixture fixture;
    struct error error = {0};

    (void)state;
    server.answer = answer_as_told;
    server.told = "HTTP/1.1 502 Bad\r\nContent-Length: 22\r\n\r\n{\"message\":\"no route\"}";
    start(&fixture, flags, EMBEDDER_DEFAULT_DIMS);
    assert_int_equal(encode(&fixture, texts, vectors, &error), STATUS_IO);
    assert_non_null(strstr(error.text, "/v1/embeddings: 502: no route (tried 3 times)"));
    stop(&fixture);
}

static void test_remote__what_does_not_pass_is_not_tried_again(void **state)
{
    static const struct {
        const char *answer;
        const char *problem;
    } cases[] = {
        {"HTTP/1.1 401 No\r\nContent-Length: 31\r\n\r\n{\"error\":{\"message\":\"bad key\"}}",
         "401: bad key (the key is given by --api-key)"},
        {"HTTP/1.1 404 No\r\nContent-Length: 22\r\n\r\n{\"detail\":\"Not Found\"} ",
         "404: Not Found"},
        {"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
         "/v1/embeddings: 301: "},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
         "the reply has 0 embeddings for 4 texts"},
    };
    static const char *const flags[] = {"--url-requests=1", NULL};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct embed_text texts[N_TEXTS];
        float vectors[N_TEXTS * FAKE_DIMS];
        struct fixture fixture;
        struct error error = {0};

        reset(NULL);
        server.answer = answer_as_told;
        server.told = cases[i].answer;
        start(&fixture, flags, EMBEDDER_DEFAULT_DIMS);
        assert_int_equal(encode(&fixture, texts, vectors, &error), STATUS_IO);
        if (!strstr(error.text, cases[i].problem))
            fail_msg("%s", error.text);
        stop(&fixture);
        assert_int_equal(server.n_requests, N_PROBES + 3);
    }
}

/* ---- texts that the server does not take ---- */

static char *refuse_three(struct fake_server *fake, size_t n, json_t *request, const char *headers)
{
    const json_t *input = json_object_get(request, "input");

    (void)fake;
    (void)n;
    (void)headers;
    for (size_t i = 0; i < json_array_size(input); i++)
        if (json_string_length(json_array_get(input, i)) == 3)
            return fake_format(400, "",
                               "{\"error\":{\"message\":\"too long\","
                               "\"code\":\"context_length_exceeded\"}}");
    return fake_answer(request);
}

static void test_remote__a_refused_text_is_found(void **state)
{
    struct embed_text texts[N_TEXTS];
    float vectors[N_TEXTS * FAKE_DIMS];
    struct fixture fixture;
    struct error error = {0};

    (void)state;
    server.answer = refuse_three;
    start(&fixture, NULL, EMBEDDER_DEFAULT_DIMS);
    assert_int_equal(encode(&fixture, texts, vectors, &error), STATUS_OK);
    assert_non_null(strstr(error.text, "400: too long"));
    for (size_t i = 0; i < N_TEXTS; i++) {
        assert_int_equal(texts[i].status, i == 2 ? STATUS_TOO_LONG : STATUS_OK);
        assert_true(vectors[i * FAKE_DIMS] == (i == 2 ? 0 : (float)(i + 1)));
    }
    stop(&fixture);
}

/* ---- opening and closing ---- */

static void test_remote__opening_fails_clearly(void **state)
{
    static const struct {
        const char *flags[3];
        long n_dims;
        const char *models;
        enum status status;
        const char *problem;
    } cases[] = {
        {{"--api-key=sk\n1"},
         0,
         NULL,
         STATUS_INVALID,
         "--api-key: expected printable ASCII characters"},
        {{NULL},
         3,
         NULL,
         STATUS_INVALID,
         "--dimensions=3 was asked for, but vectors have 4 numbers"},
        {{NULL},
         0,
         "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"data\":[]}",
         STATUS_INVALID,
         "name the model with --served-model-name"},
        {{NULL},
         0,
         "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n",
         STATUS_IO,
         "(the key is given by --api-key)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture fixture;
        struct error error = {0};

        reset(NULL);
        server.models = cases[i].models;
        fake_server_start(&server);
        assert_int_equal(open_embedder(&fixture, cases[i].flags, cases[i].n_dims, &error),
                         cases[i].status);
        if (!strstr(error.text, cases[i].problem))
            fail_msg("%s", error.text);
        stop(&fixture);
    }
}

static void test_remote__bad_addresses_are_refused_at_once(void **state)
{
    static const char *const bad[] = {"127.0.0.1:8080", "ftp://a",    "http://key@a",
                                      "http://a?b",     "http://a b", "http://127.0.0.1:1"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct fixture fixture;
        struct error error = {0};
        int64_t began_us = clock_now_us();

        snprintf(server.url, sizeof(server.url), "%s", bad[i]);
        assert_int_not_equal(open_embedder(&fixture, NULL, 0, &error), STATUS_OK);
        assert_true(error.text[0]);
        assert_true(clock_now_us() - began_us < 5000000);
        options_release(&fixture.options);
    }
}

struct counted {
    struct embed_batch batch; /* first */
    struct embed_text text;
    float vector[FAKE_DIMS];
    int n_done;
};

static void count(struct embed_batch *batch)
{
    ((struct counted *)batch)->n_done++;
}

static void test_remote__closing_breaks_off_what_waits(void **state)
{
    static struct counted counted[20];
    struct fixture fixture;
    int64_t began_us;

    (void)state;
    server.answer = answer_as_told;
    server.told = "HTTP/1.1 429 Busy\r\nRetry-After: 500\r\nContent-Length: 0\r\n\r\n";
    start(&fixture, NULL, EMBEDDER_DEFAULT_DIMS);
    for (size_t i = 0; i < 20; i++) {
        counted[i].text.text = (struct slice){"a", 1};
        counted[i].batch = (struct embed_batch){
            .texts = &counted[i].text, .n_texts = 1, .vectors = counted[i].vector, .done = count};
        embedder_submit(fixture.embedder, &counted[i].batch);
    }
    began_us = clock_now_us();
    stop(&fixture);
    assert_true(clock_now_us() - began_us < 10000000);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(counted[i].n_done, 1);
        assert_int_equal(counted[i].batch.status, STATUS_STOPPING);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_remote__vectors_are_in_the_order_of_texts, reset),
        cmocka_unit_test_setup(test_remote__lists_are_asked_for_where_base64_is_refused, reset),
        cmocka_unit_test_setup(test_remote__options_are_sent, reset),
        cmocka_unit_test_setup(test_remote__what_passes_is_tried_again, reset),
        cmocka_unit_test_setup(test_remote__tries_are_bounded, reset),
        cmocka_unit_test_setup(test_remote__what_does_not_pass_is_not_tried_again, reset),
        cmocka_unit_test_setup(test_remote__a_refused_text_is_found, reset),
        cmocka_unit_test_setup(test_remote__opening_fails_clearly, reset),
        cmocka_unit_test_setup(test_remote__bad_addresses_are_refused_at_once, reset),
        cmocka_unit_test_setup(test_remote__closing_breaks_off_what_waits, reset),
    };

    log_set_level("error");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
