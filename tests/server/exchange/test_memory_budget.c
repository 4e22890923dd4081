/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/exchange/api_error.h"
#include "server/text/memory_budget.h"

#include <pthread.h>
#include <string.h>

enum { MIB = 1 << 20, LIMIT = 64 * MIB, FOR_ALL = LIMIT - LIMIT / 16 };

static void test_memory_budget__takes_and_gives(void **state)
{
    struct memory_budget budget = {.limit_bytes = LIMIT};
    struct memory_claim one = {.budget = &budget};
    struct memory_claim other = {.budget = &budget};

    (void)state;
    assert_true(memory_take(&one, 10 * MIB));
    assert_true(memory_take(&other, 5 * MIB));
    assert_int_equal(budget.used_bytes, 15 * MIB);
    memory_give(&one, 4 * MIB);
    assert_int_equal(one.held_bytes, 6 * MIB);
    assert_int_equal(budget.used_bytes, 11 * MIB);
    memory_claim_release(&one);
    memory_claim_release(&one);
    memory_claim_release(&other);
    assert_int_equal(budget.used_bytes, 0);
    assert_int_equal(budget.peak_bytes, 15 * MIB);
}

static void test_memory_budget__refuses_what_is_over_the_limit(void **state)
{
    struct memory_budget budget = {.limit_bytes = LIMIT};
    struct memory_claim one = {.budget = &budget};
    struct memory_claim other = {.budget = &budget};
    struct api_error error;

    (void)state;
    assert_true(memory_take(&one, FOR_ALL - MIB));
    assert_false(memory_take(&other, MIB + 1));
    api_error_of_memory(&other, &error);
    assert_int_equal(error.problem, PROBLEM_OVERLOADED);
    assert_non_null(strstr(error.message, "--memory-limit"));
    assert_int_equal(other.held_bytes, 0);
    assert_int_equal(budget.used_bytes, FOR_ALL - MIB);
    assert_true(memory_take(&other, MIB));
}

/* Coming again would not help. */
static void test_memory_budget__what_never_fits_is_too_large(void **state)
{
    struct memory_budget budget = {.limit_bytes = LIMIT};
    struct memory_claim claim = {.budget = &budget};
    struct api_error error;

    (void)state;
    assert_false(memory_take(&claim, FOR_ALL + 1));
    api_error_of_memory(&claim, &error);
    assert_int_equal(error.problem, PROBLEM_PAYLOAD_TOO_LARGE);
    assert_true(memory_take(&claim, MIB));
    assert_false(memory_take(&claim, SIZE_MAX));
    api_error_of_memory(&claim, &error);
    assert_int_equal(error.problem, PROBLEM_PAYLOAD_TOO_LARGE);
    assert_int_equal(budget.used_bytes, MIB);
}

static void test_memory_budget__keeps_a_part_for_small_requests(void **state)
{
    struct memory_budget budget = {.limit_bytes = LIMIT};
    struct memory_claim large = {.budget = &budget};
    struct memory_claim small[8] = {{0}};
    struct memory_claim last = {.budget = &budget};
    struct api_error error;

    (void)state;
    assert_true(memory_take(&large, FOR_ALL));
    assert_false(memory_take(&large, 1));
    for (int i = 0; i < 8; i++) {
        small[i].budget = &budget;
        assert_true(memory_take(&small[i], MEMORY_SMALL_BYTES));
        assert_false(memory_take(&small[i], 1)); /* it would be small no more */
    }
    assert_false(memory_take(&last, 1));
    api_error_of_memory(&last, &error);
    assert_int_equal(error.problem, PROBLEM_OVERLOADED);
}

static void test_memory_budget__takes_of_what_is_reserved_first(void **state)
{
    struct memory_budget budget = {.limit_bytes = LIMIT};
    struct memory_claim one = {.budget = &budget};
    struct memory_claim other = {.budget = &budget};

    (void)state;
    assert_true(memory_set_reserve(&one, 20 * MIB));
    assert_true(memory_take(&other, FOR_ALL - 20 * MIB));
    assert_true(memory_take(&one, 15 * MIB));
    assert_false(memory_take(&one, 6 * MIB));
    assert_int_equal(one.held_bytes, 20 * MIB);
    assert_int_equal(one.reserved_bytes, 5 * MIB);
    memory_give(&one, 15 * MIB);
    assert_int_equal(one.held_bytes, 5 * MIB);
    assert_true(memory_set_reserve(&one, 0));
    assert_int_equal(one.held_bytes, 0);
    assert_int_equal(budget.used_bytes, FOR_ALL - 20 * MIB);
    assert_false(memory_set_reserve(&one, 20 * MIB + 1));
    assert_true(memory_set_reserve(&one, 20 * MIB));
    memory_claim_release(&one);
    assert_int_equal(one.reserved_bytes, 0);
    assert_int_equal(budget.used_bytes, FOR_ALL - 20 * MIB);
}

static void test_memory_budget__without_a_limit_takes_all(void **state)
{
    struct memory_budget budget = {0};
    struct memory_claim claim = {.budget = &budget};
    struct memory_claim uncounted = {0};

    (void)state;
    assert_true(memory_take(&claim, SIZE_MAX / 2));
    assert_true(memory_take(&uncounted, SIZE_MAX));
    assert_true(memory_take(NULL, SIZE_MAX));
    memory_give(NULL, SIZE_MAX);
    memory_give(&uncounted, SIZE_MAX);
    assert_int_equal(budget.used_bytes, SIZE_MAX / 2);
}

static void *take_and_give(void *argument)
{
    struct memory_claim claim = {.budget = argument};

    for (int i = 0; i < 100000; i++) {
        if (memory_take(&claim, 20 * MIB))
            memory_give(&claim, 20 * MIB);
    }
    return NULL;
}

static void test_memory_budget__may_be_asked_by_threads(void **state)
{
    struct memory_budget budget = {.limit_bytes = LIMIT};
    pthread_t threads[4];

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, &budget), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(budget.used_bytes, 0);
    assert_true(budget.peak_bytes >= 20 * MIB && budget.peak_bytes <= FOR_ALL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_budget__takes_and_gives),
        cmocka_unit_test(test_memory_budget__refuses_what_is_over_the_limit),
        cmocka_unit_test(test_memory_budget__what_never_fits_is_too_large),
        cmocka_unit_test(test_memory_budget__keeps_a_part_for_small_requests),
        cmocka_unit_test(test_memory_budget__takes_of_what_is_reserved_first),
        cmocka_unit_test(test_memory_budget__without_a_limit_takes_all),
        cmocka_unit_test(test_memory_budget__may_be_asked_by_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
