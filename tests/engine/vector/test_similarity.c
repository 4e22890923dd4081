/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/vector/similarity.h"

#include <math.h>

enum {
    MAX_DIMS = 64,
};

static const struct similarity_case {
    size_t n_dims;
    double a[MAX_DIMS];
    double b[MAX_DIMS];
    double scores[N_SIMILARITIES];
} cases[] = {
#include "tests/data/models/similarity.inc"
};

static void test_similarity__agrees_with_numpy_in_float64(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        float a[MAX_DIMS];
        float b[MAX_DIMS];

        for (size_t i = 0; i < cases[c].n_dims; i++) {
            a[i] = (float)cases[c].a[i];
            b[i] = (float)cases[c].b[i];
        }
        for (int s = 0; s < N_SIMILARITIES; s++) {
            double wanted = cases[c].scores[s];
            double score = (double)similarity_score((enum similarity)s, a, b, cases[c].n_dims);

            /* Half a unit in the last place of float32. */
            assert_true(fabs(score - wanted) <= 6.0e-8 * fabs(wanted));
        }
    }
}

static void test_similarity__a_zero_vector_has_cosine_zero(void **state)
{
    const float zero[] = {0, 0};
    const float one[] = {1, 0};

    (void)state;
    assert_true(similarity_score(SIMILARITY_COSINE, zero, one, 2) == 0);
    assert_true(similarity_score(SIMILARITY_COSINE, zero, zero, 2) == 0);
}

static void test_similarity__equal_vectors_are_at_distance_plus_zero(void **state)
{
    const float a[] = {0.25f, -3};

    (void)state;
    assert_false(signbit(similarity_score(SIMILARITY_EUCLIDEAN, a, a, 2)));
    assert_false(signbit(similarity_score(SIMILARITY_MANHATTAN, a, a, 2)));
    assert_true(similarity_score(SIMILARITY_EUCLIDEAN, a, a, 2) == 0);
    assert_true(similarity_score(SIMILARITY_COSINE, a, a, 2) == 1);
}

/* Every remainder of a row's blocks, and a list against itself. */
static void test_similarity__matrix_has_the_bits_of_single_scores(void **state)
{
    enum {
        MAX_ROWS = 11,
        N_DIMS = 37,
    };
    float a[MAX_ROWS * N_DIMS];
    float b[MAX_ROWS * N_DIMS];
    float scores[MAX_ROWS * MAX_ROWS];
    unsigned seed = 12345;

    (void)state;
    for (size_t i = 0; i < MAX_ROWS * N_DIMS; i++) {
        seed = seed * 1664525 + 1013904223;
        a[i] = (float)(int)(seed >> 8) / 16777216 - 0.5f;
        b[i] = a[i] * a[i] - 0.1f;
    }
    for (int s = 0; s < N_SIMILARITIES; s++) {
        enum similarity similarity = (enum similarity)s;

        for (size_t n = 1; n <= 2 * MAX_ROWS; n++) {
            size_t n_a = n <= MAX_ROWS ? 3 : n - MAX_ROWS;
            size_t n_b = n <= MAX_ROWS ? n : n - MAX_ROWS;
            const float *other = n <= MAX_ROWS ? b : a;

            assert_int_equal(similarity_matrix(similarity, a, n_a, other, n_b, N_DIMS, scores),
                             STATUS_OK);
            for (size_t i = 0; i < n_a * n_b; i++) {
                float score = similarity_score(similarity, a + i / n_b * N_DIMS,
                                               other + i % n_b * N_DIMS, N_DIMS);

                assert_memory_equal(&scores[i], &score, sizeof score);
            }
        }
    }
}

static void test_similarity__names_go_both_ways(void **state)
{
    static const char *const names[] = {"cosine", "dot", "euclidean", "manhattan"};
    enum similarity parsed = SIMILARITY_DOT;

    (void)state;
    for (int s = 0; s < N_SIMILARITIES; s++) {
        assert_string_equal(similarity_name((enum similarity)s), names[s]);
        assert_true(similarity_parse(names[s], &parsed));
        assert_int_equal(parsed, s);
    }
    parsed = SIMILARITY_DOT;
    assert_false(similarity_parse("dot_score", &parsed));
    assert_false(similarity_parse("", &parsed));
    assert_int_equal(parsed, SIMILARITY_DOT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_similarity__agrees_with_numpy_in_float64),
        cmocka_unit_test(test_similarity__a_zero_vector_has_cosine_zero),
        cmocka_unit_test(test_similarity__equal_vectors_are_at_distance_plus_zero),
        cmocka_unit_test(test_similarity__matrix_has_the_bits_of_single_scores),
        cmocka_unit_test(test_similarity__names_go_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
