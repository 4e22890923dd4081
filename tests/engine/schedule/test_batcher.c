/* SPDX-License-Identifier: Apache-2.0 */

/* The batcher by scripts: submit, take, and the texts that must come, by name. */
#include "engine/schedule/batcher.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    PASS_TOKENS = 80, /* so a slice is 10 and half a pass 40 */
    QUEUE_TOKENS = 1000,
    MOST_JOBS = 64,
};

static int64_t now_us;

static int64_t clock_now(void)
{
    return now_us;
}

/* A group whose jobs are called by its letter and their number. */
struct test_group {
    struct job_group group; /* first, so that done() finds the rest */
    struct job jobs[MOST_JOBS];
    char letter;
    int n_done;
};

static void count_done(struct job_group *group)
{
    ((struct test_group *)group)->n_done++;
}

/* n_jobs texts of n_tokens each. */
static struct test_group *group_new(char letter, size_t n_jobs, size_t n_tokens)
{
    struct test_group *group = calloc(1, sizeof *group);

    assert_non_null(group);
    group->letter = letter;
    group->group.jobs = group->jobs;
    group->group.n_jobs = n_jobs;
    group->group.done = count_done;
    for (size_t i = 0; i < n_jobs; i++)
        group->jobs[i].n_tokens = n_tokens;
    return group;
}

struct script {
    struct batcher *batcher;
    struct job *jobs[PASS_TOKENS];
    struct job_group *groups[PASS_TOKENS];
};

static struct pass pass_of(struct script *script)
{
    return (struct pass){.jobs = script->jobs, .groups = script->groups};
}

static int set_up(void **state)
{
    const struct batcher_options options = {QUEUE_TOKENS, PASS_TOKENS, clock_now};
    struct script *script = calloc(1, sizeof *script);

    now_us = 1000;
    *state = script;
    return !script || batcher_new(&script->batcher, &options) != STATUS_OK;
}

static int tear_down(void **state)
{
    struct script *script = *state;

    batcher_stop(script->batcher);
    batcher_free(script->batcher);
    free(script);
    return 0;
}

/* Takes a pass and compares it with a list such as "a0 a1 b0". */
static struct pass expect_pass(struct script *script, const char *expected)
{
    struct pass pass = pass_of(script);
    char got[1024] = "";

    if (batcher_try_take(script->batcher, &pass)) {
        for (size_t i = 0; i < pass.n_jobs; i++) {
            struct test_group *group = (struct test_group *)pass.groups[i];
            size_t len = strlen(got);

            snprintf(got + len, sizeof got - len, "%s%c%d", i ? " " : "", group->letter,
                     (int)(pass.jobs[i] - group->jobs));
        }
    }
    assert_string_equal(got, expected);
    return pass;
}

static void finish(struct script *script, const struct pass *pass)
{
    batcher_finish(script->batcher, pass);
}

static void submit(struct script *script, struct test_group *group)
{
    assert_int_equal(batcher_submit(script->batcher, &group->group), STATUS_OK);
}

static void test_batcher__small_groups_share_a_pass_in_order(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 1, 10);
    struct test_group *b = group_new('b', 2, 4);
    struct pass pass;

    submit(script, a);
    submit(script, b);
    pass = expect_pass(script, "a0 b0 b1");
    assert_int_equal(pass.n_tokens, 18);
    expect_pass(script, "");
    finish(script, &pass);
    assert_int_equal(a->n_done, 1);
    assert_int_equal(b->n_done, 1);
    free(a);
    free(b);
}

static void test_batcher__large_groups_take_turns(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 30, 5);
    struct test_group *b = group_new('b', 30, 5);
    struct pass first;

    submit(script, a);
    submit(script, b);
    first = expect_pass(script, "a0 a1 b0 b1 a2 a3 b2 b3 a4 a5 b4 b5 a6 a7 b6 b7");
    finish(script, &first);
    assert_int_equal(a->n_done, 0);
    batcher_cancel(script->batcher, &a->group);
    batcher_cancel(script->batcher, &b->group);
    assert_int_equal(a->n_done, 1);
    assert_int_equal(b->n_done, 1);
    free(a);
    free(b);
}

static void test_batcher__long_and_short_texts_get_the_same_tokens(void **state)
{
    struct script *script = *state;
    struct test_group *longs = group_new('l', 20, 25);
    struct test_group *shorts = group_new('s', 60, 5);
    size_t n_long = 0;
    size_t n_short = 0;

    submit(script, longs);
    submit(script, shorts);
    for (int i = 0; i < 6; i++) {
        struct pass pass = pass_of(script);

        assert_true(batcher_try_take(script->batcher, &pass));
        assert_true(pass.n_tokens <= PASS_TOKENS);
        for (size_t j = 0; j < pass.n_jobs; j++)
            *(pass.groups[j] == &longs->group ? &n_long : &n_short) += pass.jobs[j]->n_tokens;
        finish(script, &pass);
    }
    /* A text is the grain: the shares may differ by one long text and one slice. */
    assert_in_range(n_long, n_short > 35 ? n_short - 35 : 0, n_short + 35);
    batcher_cancel(script->batcher, &longs->group);
    batcher_cancel(script->batcher, &shorts->group);
    free(longs);
    free(shorts);
}

static void test_batcher__small_passes_large(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 30, 20);
    struct test_group *q = group_new('q', 1, 8);
    struct pass first;
    struct pass second;

    submit(script, a);
    first = expect_pass(script, "a0 a1 a2 a3");
    submit(script, q);
    second = expect_pass(script, "q0 a4 a5 a6");
    finish(script, &first);
    finish(script, &second);
    assert_int_equal(q->n_done, 1);
    batcher_cancel(script->batcher, &a->group);
    free(a);
    free(q);
}

static void test_batcher__small_do_not_starve_large(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 30, 20);
    struct test_group *small[9];
    struct pass pass;

    submit(script, a);
    for (int i = 0; i < 9; i++) {
        small[i] = group_new((char)('q' + i), 1, 10);
        submit(script, small[i]);
    }
    pass = expect_pass(script, "q0 r0 s0 t0 a0 a1");
    finish(script, &pass);
    pass = expect_pass(script, "u0 v0 w0 x0 a2 a3");
    finish(script, &pass);
    pass = expect_pass(script, "y0 a4 a5 a6");
    finish(script, &pass);
    batcher_cancel(script->batcher, &a->group);
    for (int i = 0; i < 9; i++) {
        assert_int_equal(small[i]->n_done, 1);
        free(small[i]);
    }
    free(a);
}

static void test_batcher__text_over_the_budget_runs_alone(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 2, 300);
    struct test_group *b = group_new('b', 1, 20);
    struct pass pass;

    submit(script, a);
    submit(script, b);
    /* The long text waits for enough turns; the other goes first, and nothing fits beside the long
     * one. */
    pass = expect_pass(script, "b0");
    finish(script, &pass);
    pass = expect_pass(script, "a0");
    finish(script, &pass);
    pass = expect_pass(script, "a1");
    finish(script, &pass);
    assert_int_equal(a->n_done, 1);
    free(a);
    free(b);
}

static void test_batcher__full_queue_refuses_whole_groups(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 40, 20); /* 800 of 1000 */
    struct test_group *b = group_new('b', 11, 20);
    struct test_group *c = group_new('c', 10, 20);
    struct batcher_stats stats;

    submit(script, a);
    assert_int_equal(batcher_submit(script->batcher, &b->group), STATUS_OVERLOADED);
    submit(script, c);
    batcher_get_stats(script->batcher, &stats);
    assert_int_equal(stats.queued_tokens, 1000);
    assert_int_equal(stats.queued_texts, 50);
    batcher_cancel(script->batcher, &a->group);
    batcher_cancel(script->batcher, &c->group);
    assert_int_equal(b->n_done, 0);
    batcher_get_stats(script->batcher, &stats);
    assert_int_equal(stats.queued_tokens, 0);
    assert_int_equal(stats.queued_texts, 0);
    free(a);
    free(b);
    free(c);
}

static void test_batcher__cancel_waits_for_what_runs(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 6, 20);
    struct pass pass;

    submit(script, a);
    pass = expect_pass(script, "a0 a1 a2 a3");
    batcher_cancel(script->batcher, &a->group);
    assert_int_equal(a->n_done, 0);
    expect_pass(script, "");
    pass = (struct pass){script->jobs, script->groups, 4, 80};
    finish(script, &pass);
    assert_int_equal(a->n_done, 1);
    assert_int_equal(a->group.status, STATUS_CANCELLED);
    assert_int_equal(a->jobs[0].status, STATUS_OK);
    assert_int_equal(a->jobs[5].status, STATUS_CANCELLED);
    batcher_cancel(script->batcher, &a->group); /* done already: left alone */
    assert_int_equal(a->n_done, 1);
    free(a);
}

static void test_batcher__times_are_of_first_take_and_last_end(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 6, 20);
    struct pass pass;

    submit(script, a);
    now_us = 2000;
    pass = expect_pass(script, "a0 a1 a2 a3");
    now_us = 3000;
    finish(script, &pass);
    now_us = 4000;
    pass = expect_pass(script, "a4 a5");
    now_us = 5000;
    a->jobs[4].status = STATUS_NOT_FINITE;
    finish(script, &pass);
    assert_int_equal(a->group.submitted_us, 1000);
    assert_int_equal(a->group.started_us, 2000);
    assert_int_equal(a->group.finished_us, 5000);
    assert_int_equal(a->group.status, STATUS_NOT_FINITE);
    free(a);
}

static void test_batcher__stop_ends_what_waits(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 6, 20);
    struct test_group *b = group_new('b', 1, 5);
    struct test_group *c = group_new('c', 1, 5);
    struct pass pass;

    submit(script, a);
    pass = expect_pass(script, "a0 a1 a2 a3");
    submit(script, b);
    batcher_stop(script->batcher);
    assert_int_equal(b->n_done, 1);
    assert_int_equal(b->group.status, STATUS_STOPPING);
    assert_int_equal(a->n_done, 0);
    assert_int_equal(batcher_submit(script->batcher, &c->group), STATUS_STOPPING);
    finish(script, &pass);
    assert_int_equal(a->n_done, 1);
    assert_int_equal(a->group.status, STATUS_STOPPING);
    assert_false(batcher_take(script->batcher, &pass));
    free(a);
    free(b);
    free(c);
}

/* ---- many threads ---- */

enum {
    N_PRODUCERS = 3,
    N_CONSUMERS = 2,
    GROUPS_PER_PRODUCER = 400,
};

static void *consume(void *argument)
{
    struct script *script = argument;
    struct job *jobs[PASS_TOKENS];
    struct job_group *groups[PASS_TOKENS];
    struct pass pass = {.jobs = jobs, .groups = groups};

    while (batcher_take(script->batcher, &pass)) {
        for (size_t i = 0; i < pass.n_jobs; i++)
            pass.jobs[i]->status = STATUS_OK;
        batcher_finish(script->batcher, &pass);
    }
    return NULL;
}

static int n_done_total;

static void count_done_total(struct job_group *group)
{
    ((struct test_group *)group)->n_done++;
    __atomic_add_fetch(&n_done_total, 1, __ATOMIC_RELEASE);
}

struct producer {
    struct script *script;
    struct test_group *groups[GROUPS_PER_PRODUCER];
};

static void *produce(void *argument)
{
    struct producer *producer = argument;

    for (int i = 0; i < GROUPS_PER_PRODUCER; i++) {
        struct test_group *group = producer->groups[i];

        while (batcher_submit(producer->script->batcher, &group->group) == STATUS_OVERLOADED)
            sched_yield();
        if (i % 5 == 0)
            batcher_cancel(producer->script->batcher, &group->group);
    }
    return NULL;
}

static void test_batcher__every_group_ends_once_under_many_threads(void **state)
{
    static struct producer producers[N_PRODUCERS];
    struct script *script = *state;
    pthread_t threads[N_PRODUCERS + N_CONSUMERS];

    n_done_total = 0;
    for (int i = 0; i < N_PRODUCERS; i++) {
        producers[i].script = script;
        for (int j = 0; j < GROUPS_PER_PRODUCER; j++) {
            producers[i].groups[j] = group_new('g', (size_t)(1 + j % 9), (size_t)(1 + j % 30));
            producers[i].groups[j]->group.done = count_done_total;
        }
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
    }
    for (int i = N_PRODUCERS; i < N_PRODUCERS + N_CONSUMERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, consume, script), 0);
    for (int i = 0; i < N_PRODUCERS; i++)
        pthread_join(threads[i], NULL);
    while (__atomic_load_n(&n_done_total, __ATOMIC_ACQUIRE) < N_PRODUCERS * GROUPS_PER_PRODUCER)
        sched_yield();
    batcher_stop(script->batcher);
    for (int i = N_PRODUCERS; i < N_PRODUCERS + N_CONSUMERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < N_PRODUCERS; i++) {
        for (int j = 0; j < GROUPS_PER_PRODUCER; j++) {
            assert_int_equal(producers[i].groups[j]->n_done, 1);
            free(producers[i].groups[j]);
        }
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_batcher__small_groups_share_a_pass_in_order),
        CASE(test_batcher__large_groups_take_turns),
        CASE(test_batcher__long_and_short_texts_get_the_same_tokens),
        CASE(test_batcher__small_passes_large),
        CASE(test_batcher__small_do_not_starve_large),
        CASE(test_batcher__text_over_the_budget_runs_alone),
        CASE(test_batcher__full_queue_refuses_whole_groups),
        CASE(test_batcher__cancel_waits_for_what_runs),
        CASE(test_batcher__times_are_of_first_take_and_last_end),
        CASE(test_batcher__stop_ends_what_waits),
        CASE(test_batcher__every_group_ends_once_under_many_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
