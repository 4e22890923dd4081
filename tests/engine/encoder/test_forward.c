/* SPDX-License-Identifier: Apache-2.0 */

/* The hidden state after every layer against reference.py's in float64, under every schedule and
 * instruction set: a fault shows in the layer that makes it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/encoder/context.h"
#include "engine/encoder/team.h"
#include "engine/kernels/cpu.h"
#include "engine/model/model.h"
#include "tests/engine/model/folder.h"

#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>

enum { MAX_TOKENS = 16 };

/* A tiny model and what it should give. */
struct golden {
    struct folder folder;
    struct model *model;
    json_t *expected;
    int32_t ids[MAX_TOKENS];
    struct encoder_text text;
};

static void golden_init(struct golden *golden, const char *name)
{
    struct error error = {0};
    const json_t *ids;

    folder_init_copy(&golden->folder, name);
    assert_int_equal(model_load(&golden->model, golden->folder.path, NULL, &error), STATUS_OK);
    golden->expected = json_load_file(folder_path(&golden->folder, "expected.json"), 0, NULL);
    ids = json_object_get(golden->expected, "ids");
    assert_in_range(json_array_size(ids), 1, MAX_TOKENS);
    for (size_t i = 0; i < json_array_size(ids); i++)
        golden->ids[i] = (int32_t)json_integer_value(json_array_get(ids, i));
    golden->text = (struct encoder_text){.ids = golden->ids, .n_tokens = json_array_size(ids)};
}

static void golden_release(struct golden *golden)
{
    json_decref(golden->expected);
    model_free(golden->model);
    folder_release(&golden->folder);
}

/* A second member of the team, from before a pass until the team closes. */
struct helper {
    struct team *team;
    struct encoder_context *context;
    pthread_t thread;
};

static void *help(void *user)
{
    struct helper *helper = user;

    team_help(helper->team, helper->context);
    return NULL;
}

static void helper_start(struct helper *helper)
{
    team_enter(helper->team);
    assert_int_equal(pthread_create(&helper->thread, NULL, help, helper), 0);
    while (atomic_load(&helper->team->n_tickets) == 0)
        sched_yield();
}

/* On values of about 1: a few roundings to 24 bits a layer. */
static void compare(const float *found, const json_t *layer, size_t n_tokens, size_t hidden)
{
    assert_int_equal(json_array_size(layer), n_tokens);
    for (size_t i = 0; i < n_tokens; i++) {
        const json_t *row = json_array_get(layer, i);

        assert_int_equal(json_array_size(row), hidden);
        for (size_t j = 0; j < hidden; j++)
            assert_true(fabs(found[i * hidden + j] - json_real_value(json_array_get(row, j))) <
                        3e-6);
    }
}

/* Runs the first n layers, for every n. With a helper, few rows go step by step. */
static void check_layers(const struct golden *golden, const struct encoder *encoder,
                         bool with_helper)
{
    const json_t *layers = json_object_get(golden->expected, "layers");
    struct encoder_context *contexts[2];

    assert_int_equal(json_array_size(layers), golden->model->arch.n_layers);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(encoder_context_new(encoder, MAX_TOKENS, &contexts[i]), STATUS_OK);
    for (size_t n = 1; n <= json_array_size(layers); n++) {
        struct team team = {0};
        struct helper helper = {.team = &team, .context = contexts[1]};
        const struct encoder_pass pass = {
            .texts = &golden->text, .n_texts = 1, .team = &team, .n_layers = n};
        const float *found;

        team_open(&team);
        if (with_helper)
            helper_start(&helper);
        assert_int_equal(encoder_run(contexts[0], &pass, &found), STATUS_OK);
        compare(found, json_array_get(layers, n - 1), golden->text.n_tokens,
                golden->model->arch.hidden_size);
        team_close(&team);
        if (with_helper)
            pthread_join(helper.thread, NULL);
    }
    for (size_t i = 0; i < 2; i++)
        encoder_context_free(contexts[i]);
}

static void test_forward__every_layer_agrees_with_float64(void **state)
{
    static const char *const models[] = {"tiny-cls", "tiny-distilbert", "tiny-mean", "tiny-plain",
                                         "tiny-sharded"};
    static const unsigned masks[] = {0, CPU_AVX2, CPU_MASK_ALL};

    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        struct golden golden;

        golden_init(&golden, models[i]);
        for (size_t j = 0; j < sizeof masks / sizeof *masks; j++) {
            struct encoder *encoder;
            struct error error = {0};

            assert_int_equal(
                encoder_new(&encoder, golden.model, ENCODER_FLOAT32, masks[j], 1, &error),
                STATUS_OK);
            check_layers(&golden, encoder, false); /* by block */
            check_layers(&golden, encoder, true);  /* by step */
            encoder->ways.by_product = true;
            check_layers(&golden, encoder, false); /* by product */
            encoder_free(encoder);
        }
        golden_release(&golden);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward__every_layer_agrees_with_float64),
    };

    return cmocka_run_group_tests_name("forward", tests, NULL, NULL);
}
