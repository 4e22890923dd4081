/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/vector/retrieval.h"

#include <math.h>

enum { MAX_HITS = 130 };

static const struct retrieval_case {
    size_t n_hits;
    size_t n_relevant;
    bool relevant[MAX_HITS];
    double metrics[N_RETRIEVAL_METRICS];
} cases[] = {
#include "tests/data/models/retrieval.inc"
};

static void test_retrieval__agrees_with_sentence_transformers(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        double values[N_RETRIEVAL_METRICS];

        retrieval_measure(cases[c].relevant, cases[c].n_hits, cases[c].n_relevant, values);
        for (size_t m = 0; m < N_RETRIEVAL_METRICS; m++) {
            if (fabs(values[m] - cases[c].metrics[m]) > 1e-14)
                fail_msg("case %zu, %s: %.17g, expected %.17g", c,
                         retrieval_metric_name((enum retrieval_metric)m), values[m],
                         cases[c].metrics[m]);
        }
    }
}

static void test_retrieval__names_are_the_evaluators(void **state)
{
    (void)state;
    assert_string_equal(retrieval_metric_name(RETRIEVAL_ACCURACY_1), "accuracy@1");
    assert_string_equal(retrieval_metric_name(RETRIEVAL_NDCG_10), "ndcg@10");
    assert_string_equal(retrieval_metric_name(RETRIEVAL_MAP_100), "map@100");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retrieval__agrees_with_sentence_transformers),
        cmocka_unit_test(test_retrieval__names_are_the_evaluators),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
