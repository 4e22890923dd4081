/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/team.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum {
    N_HELPERS = 3,
    N_TILES = 37,
    N_PHASES = 2000,
};

/* How often each tile of a pass was done. */
struct counts {
    atomic_int done[N_TILES];
};

static int owner_member;
static int helper_member;

static void count_tile(void *member, void *pass, size_t tile)
{
    struct counts *counts = pass;

    (void)member;
    atomic_fetch_add(&counts->done[tile], 1);
}

static void expect_each_tile(const struct counts *counts, int times)
{
    for (int i = 0; i < N_TILES; i++)
        assert_int_equal(counts->done[i], times);
}

static void *help(void *team)
{
    team_help(team, &helper_member);
    return NULL;
}

static pthread_t send_helper(struct team *team)
{
    pthread_t thread;

    team_enter(team);
    assert_int_equal(pthread_create(&thread, NULL, help, team), 0);
    return thread;
}

static void admit_until(struct team *team, size_t n_members)
{
    while (team_admit(team) < n_members)
        sched_yield();
}

static void test_team__owner_alone_does_every_tile(void **state)
{
    struct team team = {0};
    struct counts counts = {0};

    (void)state;
    team_open(&team);
    assert_int_equal(team_admit(&team), 1);
    team_run(&team, &owner_member, count_tile, &counts, N_TILES);
    expect_each_tile(&counts, 1);
    assert_false(team_dismiss(&team));
    team_close(&team);
}

static void test_team__each_tile_is_done_once_in_every_phase(void **state)
{
    struct team team = {0};
    struct counts counts = {0};
    pthread_t threads[N_HELPERS];

    (void)state;
    team_open(&team);
    for (int i = 0; i < N_HELPERS; i++)
        threads[i] = send_helper(&team);
    admit_until(&team, N_HELPERS + 1);
    for (int i = 1; i <= N_PHASES; i++) {
        team_run(&team, &owner_member, count_tile, &counts, N_TILES);
        expect_each_tile(&counts, i); /* nobody is still at work on the phase */
    }
    team_close(&team);
    for (int i = 0; i < N_HELPERS; i++)
        pthread_join(threads[i], NULL);
}

/* Two tiles that wait for each other: only two members can end them. */
static void meet(void *member, void *pass, size_t tile)
{
    atomic_int *met = pass;

    (void)tile;
    atomic_fetch_add(met, member == &helper_member ? 1 : 100);
    while (atomic_load(met) < 101)
        sched_yield();
}

static void test_team__helper_works_beside_the_owner(void **state)
{
    struct team team = {0};
    atomic_int met = 0;
    pthread_t thread;

    (void)state;
    team_open(&team);
    thread = send_helper(&team);
    admit_until(&team, 2);
    team_run(&team, &owner_member, meet, &met, 2);
    assert_int_equal(met, 101);
    team_close(&team);
    pthread_join(thread, NULL);
}

static void test_team__helpers_come_and_go(void **state)
{
    struct team team = {0};
    struct counts counts = {0};

    (void)state;
    team_open(&team);
    for (int i = 0; i < 200; i++) {
        pthread_t first = send_helper(&team);
        pthread_t second = send_helper(&team);

        admit_until(&team, (size_t)(i % 3) + 1);
        team_run(&team, &owner_member, count_tile, &counts, N_TILES);
        expect_each_tile(&counts, 2 * i + 1);
        admit_until(&team, 3);
        team_run(&team, &owner_member, count_tile, &counts, N_TILES);
        assert_true(team_dismiss(&team));
        pthread_join(first, NULL);
        pthread_join(second, NULL);
    }
    team_close(&team);
}

static void test_team__closing_sends_away_those_who_wait(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        struct team team = {0};
        struct counts counts = {0};
        pthread_t threads[2];

        team_open(&team);
        threads[0] = send_helper(&team);
        threads[1] = send_helper(&team);
        if (i % 2)
            team_admit(&team);
        team_run(&team, &owner_member, count_tile, &counts, N_TILES);
        team_close(&team);
        expect_each_tile(&counts, 1);
        pthread_join(threads[0], NULL);
        pthread_join(threads[1], NULL);
    }
}

/* Idle workers are sent one by one; three passes have 400, 200 and 100 tokens. */
static void test_team__helpers_go_where_members_have_the_most_to_do(void **state)
{
    struct team teams[3] = {
        {.n_tokens = 400, .max_members = 50},
        {.n_tokens = 200, .max_members = 25},
        {.n_tokens = 100, .max_members = 12},
    };
    /* Tokens each, after each: 200, 133, 100 and 100 of the 400; 100 of the 200. */
    static const size_t expected[] = {0, 0, 1, 0};

    (void)state;
    teams[0].next_open = &teams[1];
    teams[1].next_open = &teams[2];
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct team *team = team_pick(&teams[0]);

        assert_ptr_equal(team, &teams[expected[i]]);
        team_enter(team);
    }
}

static void test_team__nobody_is_sent_where_nothing_is_to_be_done(void **state)
{
    struct team full = {.n_tokens = 400, .max_members = 2};
    struct team small = {.n_tokens = 16, .max_members = 2, .next_open = &full};

    (void)state;
    assert_null(team_pick(NULL));
    team_enter(&full);
    assert_ptr_equal(team_pick(&small), &small);
    team_enter(&small);
    assert_null(team_pick(&small));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_team__owner_alone_does_every_tile),
        cmocka_unit_test(test_team__each_tile_is_done_once_in_every_phase),
        cmocka_unit_test(test_team__helper_works_beside_the_owner),
        cmocka_unit_test(test_team__helpers_come_and_go),
        cmocka_unit_test(test_team__closing_sends_away_those_who_wait),
        cmocka_unit_test(test_team__helpers_go_where_members_have_the_most_to_do),
        cmocka_unit_test(test_team__nobody_is_sent_where_nothing_is_to_be_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
