/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/vector/pooling.h"
#include "engine/vector/vector.h"

#include <math.h>

enum {
    MAX_VALUES = 1000,
    MAX_DIMS = 200,
};

static const struct pooling_case {
    size_t n_tokens;
    size_t hidden_size;
    size_t n_skipped;
    const char *modes[N_POOLING_MODES];
    double tokens[MAX_VALUES];
    double expected[MAX_DIMS];
} cases[] = {
#include "tests/data/models/pooling.inc"
};

static void test_pooling__agrees_with_numpy_in_float64(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const struct pooling_case *wanted = &cases[c];
        struct pooling pooling = {.n_modes = 0};
        float tokens[MAX_VALUES];
        float vector[MAX_DIMS + 1];
        size_t n_dims;

        for (size_t i = 0; i < N_POOLING_MODES && wanted->modes[i]; i++)
            assert_true(pooling_mode_parse(wanted->modes[i], &pooling.order[pooling.n_modes++]));
        n_dims = wanted->hidden_size * pooling_count(&pooling);
        for (size_t i = 0; i < wanted->n_tokens * wanted->hidden_size; i++)
            tokens[i] = (float)wanted->tokens[i];
        vector[n_dims] = 99;
        pooling_apply(&pooling, tokens, wanted->n_tokens, wanted->n_skipped, wanted->hidden_size,
                      vector);
        /* Sums run in double, so half a unit in the last place of a value up to 8 is all that is
         * lost. */
        for (size_t i = 0; i < n_dims; i++)
            assert_true(fabs((double)vector[i] - wanted->expected[i]) < 2.5e-7);
        assert_true(vector[n_dims] == 99);
    }
}

static void test_pooling__names_are_sentence_transformers_own(void **state)
{
    static const char *const names[] = {
        [POOLING_CLS] = "cls",
        [POOLING_MAX] = "max",
        [POOLING_MEAN] = "mean",
        [POOLING_MEAN_SQRT_LEN] = "mean_sqrt_len_tokens",
        [POOLING_WEIGHTED_MEAN] = "weightedmean",
        [POOLING_LAST_TOKEN] = "lasttoken",
    };
    enum pooling_mode parsed = POOLING_MAX;

    (void)state;
    for (int mode = 0; mode < N_POOLING_MODES; mode++) {
        assert_string_equal(pooling_mode_name((enum pooling_mode)mode), names[mode]);
        assert_true(pooling_mode_parse(names[mode], &parsed));
        assert_int_equal(parsed, mode);
    }
    parsed = POOLING_MAX;
    assert_false(pooling_mode_parse("Mean", &parsed));
    assert_false(pooling_mode_parse("", &parsed));
    assert_int_equal(parsed, POOLING_MAX);
}

static void test_pooling__a_nan_comes_out_of_every_mode_that_reads_it(void **state)
{
    const float tokens[] = {1, 2, NAN, 3, 5, 4};
    static const enum pooling_mode modes[] = {POOLING_MAX, POOLING_MEAN, POOLING_MEAN_SQRT_LEN,
                                              POOLING_WEIGHTED_MEAN};

    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        const struct pooling pooling = {.order = {modes[i]}, .n_modes = 1};
        float vector[2];

        pooling_apply(&pooling, tokens, 3, 0, 2, vector);
        assert_true(isnan(vector[0]));
        assert_true(isfinite(vector[1]));
        assert_false(vector_is_finite(vector, 2));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pooling__agrees_with_numpy_in_float64),
        cmocka_unit_test(test_pooling__names_are_sentence_transformers_own),
        cmocka_unit_test(test_pooling__a_nan_comes_out_of_every_mode_that_reads_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
