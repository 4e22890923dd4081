/* SPDX-License-Identifier: Apache-2.0 */

/* The embedder with a tiny model in the process. What it gives is compared with what the engine
 * gives for each text alone. */
#include "config/options.h"
#include "server/api/embed/pack.h"
#include "server/embedder/embedder.h"
#include "tests/engine/model/folder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_DIMS = 64, N_TEXTS = 1000 };

struct fixture {
    struct folder folder;
    struct options options;
    struct embedder *embedder;
    size_t n_dims;
};

static void open_fixture(struct fixture *fixture, const char *model, const char *flag, long n_dims)
{
    char model_flag[128];
    const char *argv[] = {"nestd", "embed", model_flag, "--dtype=float32", flag, NULL};
    char *envp[] = {NULL};
    struct options_report report;
    struct error error = {0};

    folder_init_copy(&fixture->folder, model);
    snprintf(model_flag, sizeof(model_flag), "--model-id=%s", fixture->folder.path);
    if (options_read(flag ? 5 : 4, (char **)argv, envp, &fixture->options, &report) != OPTIONS_RUN)
        fail_msg("%s", report.problem);
    if (embedder_open(&fixture->embedder, &fixture->options, n_dims, &error))
        fail_msg("%s", error.text);
    fixture->n_dims = embedder_get_info(fixture->embedder)->n_dims;
    assert_in_range(fixture->n_dims, 1, MAX_DIMS);
}

static void close_fixture(struct fixture *fixture)
{
    embedder_close(fixture->embedder);
    options_release(&fixture->options);
    folder_release(&fixture->folder);
}

static struct embed_prompt find_prompt(const struct fixture *fixture, const char *name)
{
    struct embed_prompt prompt;
    struct error error = {0};

    if (embedder_find_prompt(fixture->embedder, name, &prompt, &error))
        fail_msg("%s", error.text);
    return prompt;
}

static void encode_one(const struct fixture *fixture, const char *text, struct embed_prompt prompt,
                       float *vector)
{
    struct embed_text one = {.text = {text, strlen(text)}};
    struct error error = {0};

    if (embedder_encode(fixture->embedder, &one, 1, prompt, vector, &error))
        fail_msg("%s", error.text);
    assert_int_equal(one.status, STATUS_OK);
}

static void test_local__vectors_are_in_the_order_of_texts(void **state)
{
    static char words[N_TEXTS][24];
    static struct embed_text texts[N_TEXTS];
    struct fixture fixture;
    struct error error = {0};
    float *vectors;

    (void)state;
    open_fixture(&fixture, "tiny-cls", NULL, EMBEDDER_FULL_DIMS);
    vectors = malloc(N_TEXTS * fixture.n_dims * sizeof(float));
    for (size_t i = 0; i < N_TEXTS; i++) {
        snprintf(words[i], sizeof(words[i]), "%zu %c %zu", i, (char)('a' + i % 26), i * i);
        texts[i] = (struct embed_text){.text = {words[i], strlen(words[i])}};
    }
    assert_int_equal(embedder_encode(fixture.embedder, texts, N_TEXTS, (struct embed_prompt){0},
                                     vectors, &error),
                     STATUS_OK);
    for (size_t i = 0; i < N_TEXTS; i += 37) {
        float alone[MAX_DIMS];

        encode_one(&fixture, words[i], (struct embed_prompt){0}, alone);
        assert_memory_equal(alone, vectors + i * fixture.n_dims, fixture.n_dims * sizeof(float));
        assert_false(texts[i].is_truncated);
        assert_in_range(texts[i].n_tokens, 5, 24);
    }
    free(vectors);
    close_fixture(&fixture);
}

static void test_local__no_texts_are_no_vectors(void **state)
{
    struct fixture fixture;
    struct error error = {0};

    (void)state;
    open_fixture(&fixture, "tiny-cls", NULL, EMBEDDER_DEFAULT_DIMS);
    assert_int_equal(
        embedder_encode(fixture.embedder, NULL, 0, (struct embed_prompt){0}, NULL, &error),
        STATUS_OK);
    close_fixture(&fixture);
}

static void test_local__dimensions_are_the_first_numbers_renormalised(void **state)
{
    struct fixture whole, cut;
    float full[MAX_DIMS], part[MAX_DIMS];
    double sum = 0;

    (void)state;
    open_fixture(&whole, "tiny-cls", NULL, EMBEDDER_FULL_DIMS);
    open_fixture(&cut, "tiny-cls", NULL, 8);
    assert_int_equal(cut.n_dims, 8);
    assert_true(embedder_get_info(cut.embedder)->normalize);
    encode_one(&whole, "a b", find_prompt(&whole, "document"), full);
    encode_one(&cut, "a b", find_prompt(&cut, "document"), part);
    for (size_t i = 0; i < 8; i++)
        sum += (double)full[i] * full[i];
    for (size_t i = 0; i < 8; i++)
        assert_true(fabs(part[i] - full[i] / sqrt(sum)) < 1e-6);
    close_fixture(&whole);
    close_fixture(&cut);
}

static void test_local__prompts_go_before_the_text(void **state)
{
    struct fixture fixture;
    float with[MAX_DIMS], expected[MAX_DIMS];
    struct embed_prompt prompt;
    struct error error = {0};

    (void)state;
    open_fixture(&fixture, "tiny-cls", NULL, EMBEDDER_DEFAULT_DIMS);
    encode_one(&fixture, "find: a b", find_prompt(&fixture, "document"), expected);
    encode_one(&fixture, "a b", find_prompt(&fixture, "query"), with);
    assert_memory_equal(with, expected, fixture.n_dims * sizeof(float));
    encode_one(&fixture, "a b", find_prompt(&fixture, NULL), with); /* the model's default */
    assert_memory_equal(with, expected, fixture.n_dims * sizeof(float));
    encode_one(&fixture, "a b", find_prompt(&fixture, "document"), with);
    assert_memory_not_equal(with, expected, fixture.n_dims * sizeof(float));
    assert_int_equal(embedder_find_prompt(fixture.embedder, "passage", &prompt, &error),
                     STATUS_INVALID);
    assert_string_equal(error.text,
                        "passage: expected one of the model's prompts: query, document");
    close_fixture(&fixture);
}

static void test_local__what_is_cut_is_told(void **state)
{
    static const char text[] = "a b c d e f g h i j k l m n o p q r s t";
    struct embed_text texts[] = {{.text = {"a", 1}}, {.text = {text, sizeof(text) - 1}}};
    struct fixture fixture;
    struct error error = {0};
    float vectors[2 * MAX_DIMS], first[MAX_DIMS];

    (void)state;
    open_fixture(&fixture, "tiny-mean", NULL, EMBEDDER_DEFAULT_DIMS);
    assert_int_equal(embedder_get_info(fixture.embedder)->max_tokens, 16);
    assert_int_equal(
        embedder_encode(fixture.embedder, texts, 2, (struct embed_prompt){0}, vectors, &error),
        STATUS_OK);
    assert_false(texts[0].is_truncated);
    assert_true(texts[1].is_truncated);
    assert_int_equal(texts[1].n_tokens, 16);
    encode_one(&fixture, "a b c d e f g h i j k l m n", (struct embed_prompt){0}, first);
    assert_memory_equal(first, vectors + fixture.n_dims, fixture.n_dims * sizeof(float));
    close_fixture(&fixture);

    open_fixture(&fixture, "tiny-mean", "--auto-truncate=false", EMBEDDER_DEFAULT_DIMS);
    assert_int_equal(
        embedder_encode(fixture.embedder, texts, 2, (struct embed_prompt){0}, vectors, &error),
        STATUS_OK);
    assert_int_equal(texts[0].status, STATUS_OK);
    assert_int_equal(texts[1].status, STATUS_TOO_LONG);
    assert_string_equal(error.text,
                        "the text has 22 tokens, the model takes 16, and --auto-truncate is false");
    for (size_t i = 0; i < fixture.n_dims; i++)
        assert_true(vectors[fixture.n_dims + i] == 0);
    close_fixture(&fixture);
}

static void test_local__dimension_that_the_model_lacks_is_refused(void **state)
{
    struct fixture fixture;
    struct embedder *embedder = NULL;
    struct error error = {0};

    (void)state;
    open_fixture(&fixture, "tiny-cls", NULL, EMBEDDER_DEFAULT_DIMS);
    assert_int_equal(embedder_open(&embedder, &fixture.options, 100000, &error), STATUS_INVALID);
    assert_non_null(
        strstr(error.text, "--dimensions=100000: expected a size that the model allows: 4, 8, 12"));
    assert_null(embedder);
    close_fixture(&fixture);
}

/* ---- closing with batches under way ---- */

struct counted {
    struct embed_batch batch; /* first, so that count() finds the rest */
    struct embed_text text;
    float vector[MAX_DIMS];
    int n_done;
};

static void count(struct embed_batch *batch)
{
    ((struct counted *)batch)->n_done++;
}

static void test_local__closing_hands_every_batch_back(void **state)
{
    enum { N = 300 };
    static struct counted counted[N];
    struct fixture fixture;

    (void)state;
    open_fixture(&fixture, "tiny-cls", NULL, EMBEDDER_DEFAULT_DIMS);
    for (size_t i = 0; i < N; i++) {
        counted[i].text.text = (struct slice){"a b c", 5};
        counted[i].batch = (struct embed_batch){
            .texts = &counted[i].text, .n_texts = 1, .vectors = counted[i].vector, .done = count};
        embedder_submit(fixture.embedder, &counted[i].batch);
    }
    close_fixture(&fixture);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(counted[i].n_done, 1);
        assert_true(counted[i].batch.status == STATUS_OK ||
                    counted[i].batch.status == STATUS_STOPPING);
    }
}

static void test_local__scale_is_the_servers(void **state)
{
    struct fixture fixture;
    float vector[MAX_DIMS];

    (void)state;
    open_fixture(&fixture, "tiny-mean", NULL, EMBEDDER_DEFAULT_DIMS); /* does not normalise */
    encode_one(&fixture, "a", (struct embed_prompt){0}, vector);
    assert_false(embedder_get_info(fixture.embedder)->normalize);
    assert_true(embedder_find_scale(fixture.embedder, vector) ==
                pack_find_scale(vector, fixture.n_dims));
    close_fixture(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_local__vectors_are_in_the_order_of_texts),
        cmocka_unit_test(test_local__no_texts_are_no_vectors),
        cmocka_unit_test(test_local__dimensions_are_the_first_numbers_renormalised),
        cmocka_unit_test(test_local__prompts_go_before_the_text),
        cmocka_unit_test(test_local__what_is_cut_is_told),
        cmocka_unit_test(test_local__dimension_that_the_model_lacks_is_refused),
        cmocka_unit_test(test_local__closing_hands_every_batch_back),
        cmocka_unit_test(test_local__scale_is_the_servers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
