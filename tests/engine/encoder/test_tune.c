/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/encoder/context.h"
#include "engine/encoder/tune/runs.h"
#include "engine/encoder/tune/ways.h"
#include "engine/gemm/gemm.h"
#include "engine/kernels/cpu.h"
#include "engine/model/model.h"
#include "tests/engine/model/folder.h"

#include <stdbool.h>
#include <string.h>

static void test_ways__by_rule_large_layers_go_by_product(void **state)
{
    const struct ways small = ways_by_rule(8 << 20), large = ways_by_rule((8 << 20) + 1);

    (void)state;
    assert_false(small.by_product);
    assert_true(large.by_product);
    assert_int_equal(ways_rows_from(&small, 2), 64);
    assert_int_equal(ways_rows_from(&large, 8), 256);
}

static void test_ways__are_taken_by_name(void **state)
{
    struct ways ways = ways_by_rule(0);

    (void)state;
    assert_true(ways_take(&ways, "product"));
    assert_true(ways.by_product);
    assert_true(ways_take(&ways, "block"));
    assert_false(ways.by_product);
    for (size_t n_members = 2; n_members <= 8; n_members++) {
        assert_true(ways_take(&ways, "rows"));
        assert_in_range(ways_rows_from(&ways, n_members), 0, 1);
        assert_true(ways_take(&ways, "panels"));
        assert_true(ways_rows_from(&ways, n_members) > GEMM_MAX_ROWS);
    }
    assert_false(ways_take(&ways, "off"));
}

/* What was measured for a team says nothing of a smaller one. */
static void test_ways__smaller_teams_keep_to_the_rule(void **state)
{
    const struct ways ways = {.rows_from = 16, .rows_members = 4};

    (void)state;
    assert_int_equal(ways_rows_from(&ways, 4), 16);
    assert_int_equal(ways_rows_from(&ways, 2), 64);
}

static struct runs make_runs(size_t n, const double *seconds)
{
    struct runs runs = {.n = 0};

    for (size_t i = 0; i < n; i++)
        runs_add(&runs, seconds[i]);
    return runs;
}

static void test_runs__a_way_must_be_clearly_faster(void **state)
{
    static const double rule[] = {1.00, 1.02, 5.0, 1.01, 1.03};
    static const struct {
        size_t n;
        double seconds[5];
        bool is_faster;
    } cases[] = {
        {5, {0.91, 9.0, 0.90, 0.92, 0.93}, true},
        {4, {0.90, 0.90, 0.90, 0.90}, true},
        {3, {0.50, 0.50, 0.50}, false},             /* too few */
        {5, {0.98, 0.98, 0.98, 0.98, 0.98}, false}, /* hardly */
        {5, {0.50, 1.02, 1.03, 1.04, 1.02}, false}, /* once */
        {5, {0.98, 0.98, 0.98, 0.99, 0.99}, false}, /* the best is not */
        {0, {0}, false},
    };
    const struct runs by_rule = make_runs(5, rule);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct runs runs = make_runs(cases[i].n, cases[i].seconds);

        assert_int_equal(runs_are_clearly_faster(&runs, &by_rule), cases[i].is_faster);
    }
}

static void test_runs__a_team_that_did_not_run_together_says_nothing(void **state)
{
    static const double alone[] = {1, 1, 1, 1}, shared[] = {0.6, 0.6, 0.6, 0.6},
                        queued[] = {0.6, 0.9, 20, 20};
    const struct runs one = make_runs(4, alone), together = make_runs(4, shared),
                      in_turn = make_runs(4, queued);

    (void)state;
    assert_true(runs_were_shared(&together, &one));
    assert_false(runs_were_shared(&in_turn, &one));
}

/* A name takes that way, "off" leaves the rule, and "auto" leaves an encoder that still works. The
 * model's longest text is made longer for the tuner alone, which embeds none: to one that is shared
 * by panels and by rows. */
static void test_encoder_tune__takes_what_it_is_told(void **state)
{
    static const char *const names[] = {"off", "product", "block", "rows", "panels", "auto"};
    static const char *const texts[] = {
        "by block, a lone text by rows from 32 tokens a thread on",
        "by product, a lone text by rows from 32 tokens a thread on",
        "by block, a lone text by rows from 32 tokens a thread on",
        "by block, a lone text by rows from 1 tokens on",
        "by block, a lone text by panels up to 64 tokens",
        NULL,
    };
    struct folder folder;
    struct model *model;
    size_t max_tokens;

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    assert_int_equal(model_load(&model, folder.path, NULL, NULL), STATUS_OK);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct encoder_context *context;
        struct encoder *encoder;

        assert_int_equal(encoder_new(&encoder, model, ENCODER_FLOAT32, CPU_MASK_ALL, 1, NULL),
                         STATUS_OK);
        max_tokens = model->max_tokens;
        model->max_tokens = GEMM_MAX_ROWS;
        assert_int_equal(encoder_tune(encoder, names[i], 3), STATUS_OK);
        model->max_tokens = max_tokens;
        if (texts[i])
            assert_string_equal(encoder_ways(encoder), texts[i]);
        assert_int_equal(encoder_context_new(encoder, 64, &context), STATUS_OK);
        assert_int_equal(encoder_warm_up(context), STATUS_OK);
        encoder_context_free(context);
        encoder_free(encoder);
    }
    model_free(model);
    folder_release(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ways__by_rule_large_layers_go_by_product),
        cmocka_unit_test(test_ways__are_taken_by_name),
        cmocka_unit_test(test_ways__smaller_teams_keep_to_the_rule),
        cmocka_unit_test(test_runs__a_way_must_be_clearly_faster),
        cmocka_unit_test(test_runs__a_team_that_did_not_run_together_says_nothing),
        cmocka_unit_test(test_encoder_tune__takes_what_it_is_told),
    };

    return cmocka_run_group_tests_name("tune", tests, NULL, NULL);
}
