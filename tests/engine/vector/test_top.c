/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/vector/top.h"

#include <stdlib.h>

enum { MAX_HITS = 40, MAX_OFFERED = 200 };

static int compare(const void *a, const void *b)
{
    const struct hit *x = a;
    const struct hit *y = b;

    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

/* Offered in an order of no meaning, many of them with equal scores: what sorting all of them gives. */
static void check(size_t max_hits, size_t n_offered, unsigned n_scores)
{
    struct hit hits[MAX_HITS];
    struct hit all[MAX_OFFERED];
    struct top top = {.hits = hits, .max_hits = max_hits};

    for (size_t i = 0; i < n_offered; i++) {
        uint32_t number = (uint32_t)(i * 73 % n_offered); /* 73 divides none of the sizes below */

        all[i] = (struct hit){(float)(number * 7919u % n_scores), number};
        top_offer(&top, all[i].score, number);
    }
    top_sort(&top);
    qsort(all, n_offered, sizeof *all, compare);
    assert_int_equal(top.n_hits, n_offered < max_hits ? n_offered : max_hits);
    for (size_t i = 0; i < top.n_hits; i++) {
        assert_int_equal(top.hits[i].number, all[i].number);
        assert_true(top.hits[i].score == all[i].score);
    }
}

static void test_top__keeps_the_best_in_order(void **state)
{
    (void)state;
    for (size_t max_hits = 1; max_hits <= MAX_HITS; max_hits += 13) {
        for (size_t n_offered = 0; n_offered <= MAX_OFFERED; n_offered += 20) {
            check(max_hits, n_offered, 1);
            check(max_hits, n_offered, 5);
            check(max_hits, n_offered, 1000003);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_top__keeps_the_best_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
