/* SPDX-License-Identifier: Apache-2.0 */

/* Expected values are NumPy's, in float64. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/vector/scores.h"

#include <math.h>

static void assert_activated(enum score_activation activation, const float *scores, size_t n,
                             const double *expected)
{
    float found[8];

    for (size_t i = 0; i < n; i++)
        found[i] = scores[i];
    scores_activate(activation, found, n);
    for (size_t i = 0; i < n; i++)
        assert_true(fabs((double)found[i] - expected[i]) <= 6e-8 * expected[i]);
}

static void test_scores__agree_with_numpy(void **state)
{
    static const float scores[] = {1.5f, -0.25f, 3, -30, 0};
    static const double sigmoids[] = {0.8175744761936437, 0.43782349911420193, 0.9525741268224334,
                                      9.357622968839299e-14, 0.5};
    static const double softmaxes[] = {0.17010872676706912, 0.02956046426564789, 0.7623744215210979,
                                       3.5518156298058607e-15, 0.03795638744618163};

    (void)state;
    assert_activated(SCORES_SIGMOID, scores, 5, sigmoids);
    assert_activated(SCORES_SOFTMAX, scores, 5, softmaxes);
}

static void test_scores__are_left_as_they_are(void **state)
{
    float scores[] = {-2.5f, 7};

    (void)state;
    scores_activate(SCORES_RAW, scores, 2);
    assert_true(scores[0] == -2.5f && scores[1] == 7);
}

static void test_scores__large_ones_stay_finite(void **state)
{
    float scores[] = {3e38f, 2e38f, -3e38f};

    (void)state;
    scores_activate(SCORES_SOFTMAX, scores, 3);
    assert_true(scores[0] == 1 && scores[1] == 0 && scores[2] == 0);
    scores[0] = 3e38f;
    scores[1] = -3e38f;
    scores_activate(SCORES_SIGMOID, scores, 2);
    assert_true(scores[0] == 1 && scores[1] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scores__agree_with_numpy),
        cmocka_unit_test(test_scores__are_left_as_they_are),
        cmocka_unit_test(test_scores__large_ones_stay_finite),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
