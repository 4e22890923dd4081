/* SPDX-License-Identifier: Apache-2.0 */

/* Which token has which expert. What experts make of tokens is test_families.py's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/encoder/context.h"
#include "engine/encoder/experts.h"
#include "engine/model/model.h"

#include <math.h>

static void test_experts__the_largest_shares_of_all(void **state)
{
    float logits[] = {0, 100, -1e30f, 99};
    uint32_t experts[2];
    float shares[2];

    (void)state;
    experts_choose(logits, 4, 2, experts, shares);
    assert_int_equal(experts[0], 1);
    assert_int_equal(experts[1], 3);
    assert_true(fabs(shares[0] - 1 / (1 + exp(-1))) < 1e-7);
    assert_true(fabs(shares[1] - exp(-1) / (1 + exp(-1))) < 1e-7);
}

static void test_experts__the_first_of_equal_ones(void **state)
{
    float logits[] = {1, 2, 1, 2, 1};
    uint32_t experts[5];
    float shares[5];
    static const uint32_t expected[] = {1, 3, 0, 2, 4};

    (void)state;
    experts_choose(logits, 5, 5, experts, shares);
    assert_memory_equal(experts, expected, sizeof expected);
}

/* Even where nothing can be chosen, the places are within bounds (promise 10). */
static void test_experts__what_is_not_finite_has_an_expert(void **state)
{
    float logits[] = {NAN, NAN, INFINITY};
    uint32_t experts[2];
    float shares[2];

    (void)state;
    experts_choose(logits, 3, 2, experts, shares);
    assert_in_range(experts[0], 0, 2);
    assert_in_range(experts[1], 0, 2);
    assert_true(isnan(shares[0]) && isnan(shares[1]));
}

/* 200 tokens of two experts each: every place is in one tile, and that of its expert. */
static void test_experts__tiles_have_each_place_once(void **state)
{
    enum { N_TOKENS = 200, N_CHOSEN = 2, N_EXPERTS = 5 };
    static struct model model;
    struct encoder encoder = {.model = &model};
    uint32_t chosen[N_TOKENS * N_CHOSEN], rows[N_TOKENS * N_CHOSEN], ends[N_EXPERTS];
    struct encoder_context context = {
        .encoder = &encoder, .chosen = chosen, .expert_rows = rows, .expert_ends = ends};
    size_t n_seen[N_TOKENS * N_CHOSEN] = {0};
    size_t n_tiles;

    (void)state;
    model.arch.n_experts = N_EXPERTS;
    model.arch.n_chosen_experts = N_CHOSEN;
    for (size_t i = 0; i < N_TOKENS * N_CHOSEN; i++) /* expert 2 has none */
        chosen[i] = i % 2 ? 4 : i % 3 ? 0 : (uint32_t)(i % 4 ? 1 : 3);
    n_tiles = experts_sort(&context, N_TOKENS);
    for (size_t tile = 0; tile < n_tiles; tile++) {
        size_t first, n_rows;
        size_t expert = experts_find_tile(&context, tile, &first, &n_rows);

        assert_in_range(n_rows, 1, GEMM_MAX_ROWS);
        for (size_t i = first; i < first + n_rows; i++) {
            assert_int_equal(chosen[rows[i]], expert);
            n_seen[rows[i]]++;
        }
    }
    for (size_t i = 0; i < N_TOKENS * N_CHOSEN; i++)
        assert_int_equal(n_seen[i], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_experts__the_largest_shares_of_all),
        cmocka_unit_test(test_experts__the_first_of_equal_ones),
        cmocka_unit_test(test_experts__what_is_not_finite_has_an_expert),
        cmocka_unit_test(test_experts__tiles_have_each_place_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
