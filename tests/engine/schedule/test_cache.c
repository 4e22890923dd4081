/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule/cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { N_DIMS = 6 };

static struct cache *new_cache(size_t max_bytes)
{
    struct cache *cache = NULL;

    assert_int_equal(cache_new(&cache, max_bytes, N_DIMS), STATUS_OK);
    return cache;
}

static struct text_key key_of(uint64_t i)
{
    return (struct text_key){.high = i * 0x9e3779b97f4a7c15u, .low = i};
}

static void put(struct cache *cache, uint64_t i)
{
    float vector[N_DIMS];

    for (int j = 0; j < N_DIMS; j++)
        vector[j] = (float)i + (float)j / 10;
    cache_put(cache, key_of(i), vector);
}

static bool has(struct cache *cache, uint64_t i)
{
    float vector[N_DIMS] = {0};

    if (!cache_get(cache, key_of(i), N_DIMS, vector))
        return false;
    for (int j = 0; j < N_DIMS; j++)
        assert_true(vector[j] == (float)i + (float)j / 10);
    return true;
}

static void test_cache__gives_back_what_was_kept(void **state)
{
    struct cache *cache = new_cache(1 << 20);
    float first[N_DIMS] = {9, 9, 9, 9, 9, 9};
    struct cache_stats stats;

    (void)state;
    assert_false(has(cache, 7));
    put(cache, 7);
    put(cache, 8);
    assert_true(has(cache, 7));
    assert_true(has(cache, 8));
    assert_true(cache_get(cache, key_of(7), 2, first));
    assert_true(first[0] == 7.0f && first[1] == 7.1f && first[2] == 9.0f);
    cache_get_stats(cache, &stats);
    assert_int_equal(stats.hits, 3);
    assert_int_equal(stats.misses, 1);
    assert_int_equal(stats.used_bytes, 2 * N_DIMS * sizeof(float));
    cache_free(cache);
}

static void test_cache__never_grows_over_its_bytes(void **state)
{
    struct cache *cache = new_cache(100000);
    struct cache_stats stats;
    size_t n_there = 0;

    (void)state;
    for (uint64_t i = 1; i <= 10000; i++)
        put(cache, i);
    cache_get_stats(cache, &stats);
    assert_in_range(stats.used_bytes, 20000, 100000);
    for (uint64_t i = 1; i <= 10000; i++)
        n_there += has(cache, i);
    assert_int_equal(n_there * N_DIMS * sizeof(float), stats.used_bytes);
    cache_free(cache);
}

static void test_cache__keeps_what_is_used(void **state)
{
    struct cache *cache = new_cache(100000);

    (void)state;
    put(cache, 1);
    for (uint64_t i = 2; i <= 10000; i++) {
        put(cache, i);
        if (i % 50 == 0)
            assert_true(has(cache, 1));
    }
    assert_false(has(cache, 2));
    assert_true(has(cache, 10000));
    cache_free(cache);
}

static void test_cache__no_bytes_hold_nothing(void **state)
{
    struct cache *cache = new_cache(0);
    struct cache_stats stats;

    (void)state;
    put(cache, 1);
    assert_false(has(cache, 1));
    cache_get_stats(cache, &stats);
    assert_int_equal(stats.used_bytes, 0);
    cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cache__gives_back_what_was_kept),
        cmocka_unit_test(test_cache__never_grows_over_its_bytes),
        cmocka_unit_test(test_cache__keeps_what_is_used),
        cmocka_unit_test(test_cache__no_bytes_hold_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
