/* SPDX-License-Identifier: Apache-2.0 */

/* The batcher by scripts: submit, take, and the texts that must come, by name. */
#include "engine/encoder/team.h"
#include "engine/schedule/batcher.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    PASS_TOKENS = 80, /* so a slice is 10 and half a pass 40 */
    QUEUE_TOKENS = 1000,
    MAX_JOBS = 64,
};

static int64_t now_us;

static int64_t clock_now(void)
{
    return now_us;
}

/* A group whose jobs are called by its letter and their number. */
struct test_group {
    struct job_group group; /* first, so that done() finds the rest */
    struct job jobs[MAX_JOBS];
    char letter;
    int n_done;
};

static void count_done(struct job_group *group)
{
    ((struct test_group *)group)->n_done++;
}

static uint64_t n_texts_made;

/* n_jobs texts of n_tokens each, no two alike. */
static struct test_group *group_new(char letter, size_t n_jobs, size_t n_tokens)
{
    struct test_group *group = calloc(1, sizeof *group);

    assert_non_null(group);
    group->letter = letter;
    group->group.jobs = group->jobs;
    group->group.n_jobs = n_jobs;
    group->group.done = count_done;
    for (size_t i = 0; i < n_jobs; i++) {
        group->jobs[i].n_tokens = n_tokens;
        group->jobs[i].engine.key.low = ++n_texts_made;
    }
    return group;
}

struct script {
    struct batcher *batcher;
    struct job *jobs[2][PASS_TOKENS]; /* for two passes that run at once */
    int turn;
    struct team team;
};

static struct pass pass_of(struct script *script)
{
    script->turn = !script->turn;
    return (struct pass){.jobs = script->jobs[script->turn]};
}

static int set_up(void **state)
{
    const struct batcher_options options = {.max_queued_tokens = QUEUE_TOKENS,
                                            .max_pass_tokens = PASS_TOKENS};
    struct script *script = calloc(1, sizeof *script);

    now_us = 1000;
    *state = script;
    return !script || batcher_new(&script->batcher, &options, 1, 1, clock_now) != STATUS_OK;
}

static int tear_down(void **state)
{
    struct script *script = *state;

    batcher_stop(script->batcher);
    batcher_free(script->batcher);
    free(script);
    return 0;
}

/* Takes what waits, as a worker whose team nobody may help; false if nothing does. */
static bool take(struct script *script, struct pass *pass)
{
    struct batcher_stats stats;
    struct team *other = NULL;

    batcher_get_stats(script->batcher, 0, &stats);
    if (stats.queued_texts == 0)
        return false;
    assert_int_equal(batcher_take(script->batcher, pass, &script->team, &other), WORK_PASS);
    batcher_withdraw(script->batcher, &script->team);
    return true;
}

/* Takes a pass and compares it with a list such as "a0 a1 b0". */
static struct pass expect_pass(struct script *script, const char *expected)
{
    struct pass pass = pass_of(script);
    char got[1024] = "";

    if (take(script, &pass)) {
        for (size_t i = 0; i < pass.n_jobs; i++) {
            struct test_group *group = (struct test_group *)pass.jobs[i]->engine.group;
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
    batcher_settle(script->batcher, pass);
    batcher_finish(script->batcher, pass);
}

static void submit(struct script *script, struct test_group *group)
{
    assert_int_equal(batcher_submit(script->batcher, 0, &group->group), STATUS_OK);
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

        assert_true(take(script, &pass));
        assert_true(pass.n_tokens <= PASS_TOKENS);
        for (size_t j = 0; j < pass.n_jobs; j++)
            *(pass.jobs[j]->engine.group == &longs->group ? &n_long : &n_short) +=
                pass.jobs[j]->n_tokens;
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
    second = expect_pass(script, "q0"); /* without large ones, whose time it would take */
    finish(script, &second);
    finish(script, &first);
    assert_int_equal(q->n_done, 1);
    second = expect_pass(script, "a4 a5 a6 a7");
    finish(script, &second);
    batcher_cancel(script->batcher, &a->group);
    free(a);
    free(q);
}

static void test_batcher__small_pass_between_layers(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 4, 20);
    struct test_group *q = group_new('q', 1, 8);
    struct test_group *r = group_new('r', 1, 3);
    struct job *jobs[PASS_TOKENS];
    struct pass between = {.jobs = jobs};
    struct pass pass;

    submit(script, a);
    pass = expect_pass(script, "a0 a1 a2 a3");
    assert_false(batcher_has_waiting(script->batcher));
    assert_false(batcher_has_small(script->batcher));
    assert_false(batcher_take_between(script->batcher, &between));
    submit(script, q);
    submit(script, r);
    assert_true(batcher_has_waiting(script->batcher));
    assert_true(batcher_has_small(script->batcher));
    assert_true(batcher_take_between(script->batcher, &between));
    assert_int_equal(between.n_jobs, 1); /* both would be more than a slice */
    assert_ptr_equal(between.jobs[0]->engine.group, &q->group);
    finish(script, &between);
    assert_int_equal(q->n_done, 1);
    assert_int_equal(r->n_done, 0);
    finish(script, &pass);
    pass = expect_pass(script, "r0");
    finish(script, &pass);
    free(a);
    free(q);
    free(r);
}

static void test_batcher__large_do_not_pass_between_layers(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 4, 20);
    struct job *jobs[PASS_TOKENS];
    struct pass between = {.jobs = jobs};
    struct pass pass;

    submit(script, a);
    assert_true(batcher_has_waiting(script->batcher));
    assert_false(batcher_has_small(script->batcher));
    assert_false(batcher_take_between(script->batcher, &between));
    pass = expect_pass(script, "a0 a1 a2 a3");
    finish(script, &pass);
    free(a);
}

struct helper {
    struct script *script;
    enum work work;
    struct team *team;
};

static void *ask_for_work(void *argument)
{
    struct helper *helper = argument;
    struct job *jobs[PASS_TOKENS];
    struct pass pass = {.jobs = jobs};
    struct team own;

    helper->work = batcher_take(helper->script->batcher, &pass, &own, &helper->team);
    if (helper->work == WORK_HELP)
        team_help(helper->team, NULL);
    return NULL;
}

static void *ask_and_finish(void *argument)
{
    struct helper *helper = argument;
    struct job *jobs[PASS_TOKENS];
    struct pass pass = {.jobs = jobs};
    struct team own;

    helper->work = batcher_take(helper->script->batcher, &pass, &own, &helper->team);
    batcher_withdraw(helper->script->batcher, &own);
    finish(helper->script, &pass);
    return NULL;
}

static void test_batcher__idle_worker_is_sent_to_an_open_team(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 1, 20);
    struct pass pass = pass_of(script);
    struct helper helper = {.script = script};
    struct team *other = NULL;
    pthread_t thread;

    submit(script, a);
    assert_int_equal(batcher_take(script->batcher, &pass, &script->team, &other), WORK_PASS);
    assert_int_equal(pthread_create(&thread, NULL, ask_for_work, &helper), 0);
    while (team_admit(&script->team) < 2)
        sched_yield();
    batcher_withdraw(script->batcher, &script->team);
    team_close(&script->team);
    pthread_join(thread, NULL);
    assert_int_equal(helper.work, WORK_HELP);
    assert_ptr_equal(helper.team, &script->team);
    finish(script, &pass);
    free(a);
}

/* The only worker rests until it may work again. */
static void test_batcher__rested_worker_goes_on(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 1, 20);
    struct helper helper = {.script = script};
    pthread_t thread;

    batcher_rest(script->batcher, 1);
    assert_int_equal(pthread_create(&thread, NULL, ask_and_finish, &helper), 0);
    submit(script, a);
    usleep(20000);
    assert_int_equal(a->n_done, 0);
    batcher_rest(script->batcher, 0);
    pthread_join(thread, NULL);
    assert_int_equal(helper.work, WORK_PASS);
    assert_int_equal(a->n_done, 1);
    free(a);
}

/* An idle worker waits for a pass of its own, and is there when it comes. */
static void test_batcher__passes_that_are_worked_alone_have_no_helpers(void **state)
{
    const struct batcher_options options = {
        .max_queued_tokens = QUEUE_TOKENS, .max_pass_tokens = PASS_TOKENS, .works_alone = true};
    struct script script = {0};
    struct test_group *a = group_new('a', 1, 20);
    struct pass pass = pass_of(&script);
    struct helper helper = {.script = &script};
    struct team *other = NULL;
    pthread_t thread;

    (void)state;
    assert_int_equal(batcher_new(&script.batcher, &options, 1, 1, clock_now), STATUS_OK);
    submit(&script, a);
    assert_int_equal(batcher_take(script.batcher, &pass, &script.team, &other), WORK_PASS);
    assert_int_equal(pthread_create(&thread, NULL, ask_for_work, &helper), 0);
    usleep(20000);
    assert_int_equal(team_admit(&script.team), 1);
    batcher_withdraw(script.batcher, &script.team);
    team_close(&script.team);
    finish(&script, &pass);
    batcher_stop(script.batcher);
    pthread_join(thread, NULL);
    assert_int_equal(helper.work, WORK_NONE);
    batcher_free(script.batcher);
    free(a);
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
    pass = expect_pass(script, "q0 r0 s0 t0");
    finish(script, &pass);
    pass = expect_pass(script, "a0 a1 a2 a3");
    finish(script, &pass);
    pass = expect_pass(script, "u0 v0 w0 x0");
    finish(script, &pass);
    pass = expect_pass(script, "a4 a5 a6 a7");
    finish(script, &pass);
    pass = expect_pass(script, "y0");
    finish(script, &pass);
    batcher_cancel(script->batcher, &a->group);
    for (int i = 0; i < 9; i++) {
        assert_int_equal(small[i]->n_done, 1);
        free(small[i]);
    }
    free(a);
}

/* ---- two models ---- */

static struct script *open_two(const struct batcher_options options[2])
{
    struct script *script = calloc(1, sizeof *script);

    assert_non_null(script);
    assert_int_equal(batcher_new(&script->batcher, options, 2, 1, clock_now), STATUS_OK);
    return script;
}

static void close_two(struct script *script)
{
    batcher_stop(script->batcher);
    batcher_free(script->batcher);
    free(script);
}

static const struct batcher_options two_alike[2] = {
    {.max_queued_tokens = QUEUE_TOKENS, .max_pass_tokens = PASS_TOKENS},
    {.max_queued_tokens = QUEUE_TOKENS, .max_pass_tokens = PASS_TOKENS},
};

/* Takes a pass of whichever model's turn it is, which takes that long. */
static size_t take_for_us(struct script *script, int64_t duration_us)
{
    struct pass pass = pass_of(script);
    struct team *other = NULL;

    assert_int_equal(batcher_take(script->batcher, &pass, &script->team, &other), WORK_PASS);
    assert_int_equal(script->team.model, pass.model);
    for (size_t i = 0; i < pass.n_jobs; i++)
        assert_int_equal(pass.jobs[i]->engine.group->engine.model, pass.model);
    batcher_withdraw(script->batcher, &script->team);
    now_us += duration_us;
    finish(script, &pass);
    return pass.model;
}

/* A pass of one takes nine times as long as one of the other, so it gets one for nine. */
static void test_batcher__models_share_the_workers_time(void **state)
{
    struct script *script = open_two(two_alike);
    struct test_group *slow = group_new('s', 12, 80);
    struct test_group *fast = group_new('f', 12, 80);
    char order[] = "..........";

    (void)state;
    assert_int_equal(batcher_submit(script->batcher, 0, &slow->group), STATUS_OK);
    assert_int_equal(batcher_submit(script->batcher, 1, &fast->group), STATUS_OK);
    for (size_t i = 0; i < strlen(order); i++) {
        struct pass pass = pass_of(script);

        assert_true(take(script, &pass));
        order[i] = pass.model == 0 ? 's' : 'f';
        now_us += pass.model == 0 ? 900 : 100;
        finish(script, &pass);
    }
    assert_string_equal(order, "sfffffffff");
    batcher_cancel(script->batcher, &slow->group);
    batcher_cancel(script->batcher, &fast->group);
    close_two(script);
    free(slow);
    free(fast);
}

/* One that had nothing to do has saved up no time, and owes none. */
static void test_batcher__a_model_that_comes_back_begins_with_the_others(void **state)
{
    struct script *script = open_two(two_alike);
    struct test_group *busy = group_new('b', 12, 80);
    struct test_group *late = group_new('l', 4, 80);

    (void)state;
    assert_int_equal(batcher_submit(script->batcher, 0, &busy->group), STATUS_OK);
    for (int i = 0; i < 5; i++)
        assert_int_equal(take_for_us(script, 100), 0);
    assert_int_equal(batcher_submit(script->batcher, 1, &late->group), STATUS_OK);
    assert_int_equal(take_for_us(script, 100), 1);
    assert_int_equal(take_for_us(script, 100), 0);
    assert_int_equal(take_for_us(script, 100), 1);
    assert_int_equal(take_for_us(script, 100), 0);
    batcher_cancel(script->batcher, &busy->group);
    batcher_cancel(script->batcher, &late->group);
    close_two(script);
    free(busy);
    free(late);
}

/* What is small of one model passes what is large of another, between two tiles too. */
static void test_batcher__small_of_one_model_passes_large_of_another(void **state)
{
    struct script *script = open_two(two_alike);
    struct test_group *large = group_new('a', 8, 40);
    struct test_group *q = group_new('q', 1, 8);
    struct test_group *r = group_new('r', 1, 8);
    struct pass pass = pass_of(script);
    struct job *jobs[PASS_TOKENS];
    struct pass between = {.jobs = jobs};

    (void)state;
    assert_int_equal(batcher_submit(script->batcher, 0, &large->group), STATUS_OK);
    assert_true(take(script, &pass));
    assert_int_equal(batcher_submit(script->batcher, 1, &q->group), STATUS_OK);
    assert_true(batcher_has_small(script->batcher));
    assert_true(batcher_take_between(script->batcher, &between));
    assert_int_equal(between.model, 1);
    assert_ptr_equal(between.jobs[0]->engine.group, &q->group);
    finish(script, &between);
    assert_int_equal(q->n_done, 1);
    assert_int_equal(batcher_submit(script->batcher, 1, &r->group), STATUS_OK);
    finish(script, &pass);
    assert_int_equal(take_for_us(script, 1), 1);
    assert_int_equal(r->n_done, 1);
    assert_int_equal(take_for_us(script, 1), 0);
    batcher_cancel(script->batcher, &large->group);
    close_two(script);
    free(large);
    free(q);
    free(r);
}

/* One model has a bulk load, and small requests for the other always wait: a small one for the
 * first stands behind neither. */
static void test_batcher__small_of_a_model_do_not_pay_for_its_large(void **state)
{
    struct script *script = open_two(two_alike);
    struct test_group *large = group_new('a', 12, 80);
    struct test_group *q = group_new('q', 1, 10);
    struct test_group *others[12];

    (void)state;
    for (size_t i = 0; i < 12; i++) { /* four of them are half a pass */
        others[i] = group_new('b', 1, 10);
        assert_int_equal(batcher_submit(script->batcher, 1, &others[i]->group), STATUS_OK);
    }
    assert_int_equal(batcher_submit(script->batcher, 0, &large->group), STATUS_OK);
    assert_int_equal(take_for_us(script, 10), 1);
    assert_int_equal(take_for_us(script, 1000), 0);
    assert_int_equal(batcher_submit(script->batcher, 0, &q->group), STATUS_OK);
    assert_int_equal(take_for_us(script, 10), 0);
    assert_int_equal(q->n_done, 1);
    batcher_cancel(script->batcher, &large->group);
    for (size_t i = 0; i < 12; i++) {
        batcher_cancel(script->batcher, &others[i]->group);
        assert_int_equal(others[i]->n_done, 1);
        free(others[i]);
    }
    close_two(script);
    free(large);
    free(q);
}

/* The same key in both is not the same text, and a full queue is full for its own model. */
static void test_batcher__models_have_queues_of_their_own(void **state)
{
    struct script *script = open_two(two_alike);
    struct test_group *a = group_new('a', 12, 80);
    struct test_group *b = group_new('b', 12, 80);
    struct batcher_stats stats;

    (void)state;
    for (size_t i = 0; i < 12; i++)
        b->jobs[i].engine.key = a->jobs[i].engine.key;
    assert_int_equal(batcher_submit(script->batcher, 0, &a->group), STATUS_OK);
    assert_int_equal(batcher_submit(script->batcher, 1, &b->group), STATUS_OK);
    batcher_get_stats(script->batcher, 1, &stats);
    assert_int_equal(stats.queued_texts, 12);
    assert_int_equal(stats.followed_texts, 0);
    batcher_cancel(script->batcher, &a->group);
    assert_int_equal(a->n_done, 1);
    assert_int_equal(b->n_done, 0);
    batcher_stop(script->batcher);
    assert_int_equal(b->n_done, 1);
    batcher_free(script->batcher);
    free(script);
    free(a);
    free(b);
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
    assert_int_equal(batcher_submit(script->batcher, 0, &b->group), STATUS_OVERLOADED);
    submit(script, c);
    batcher_get_stats(script->batcher, 0, &stats);
    assert_int_equal(stats.queued_tokens, 1000);
    assert_int_equal(stats.queued_texts, 50);
    batcher_cancel(script->batcher, &a->group);
    batcher_cancel(script->batcher, &c->group);
    assert_int_equal(b->n_done, 0);
    batcher_get_stats(script->batcher, 0, &stats);
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
    finish(script, &pass);
    assert_int_equal(a->n_done, 1);
    assert_int_equal(a->group.status, STATUS_CANCELLED);
    assert_int_equal(a->jobs[0].status, STATUS_OK);
    assert_int_equal(a->jobs[5].status, STATUS_CANCELLED);
    batcher_cancel(script->batcher, &a->group); /* done already: left alone */
    assert_int_equal(a->n_done, 1);
    free(a);
}

static void test_batcher__time_is_queue_or_encode(void **state)
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
    now_us = 5500;
    a->jobs[4].status = STATUS_NOT_FINITE;
    finish(script, &pass);
    assert_int_equal(a->group.submitted_us, 1000);
    assert_int_equal(a->group.finished_us, 5500);
    assert_int_equal(a->group.encode_us, 1000 + 1500); /* 2000 to 3000, 4000 to 5500 */
    assert_int_equal(a->group.queue_us, 1000 + 1000);
    assert_int_equal(a->group.status, STATUS_NOT_FINITE);
    free(a);
}

/* Two workers on one group count once; one that only follows another's text waits for it. */
static void test_batcher__encoding_by_several_workers_counts_once(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 6, 20);
    struct test_group *b = group_new('b', 1, 20);
    struct pass first, second;

    b->jobs[0].engine.key = a->jobs[0].engine.key;
    submit(script, a);
    submit(script, b);
    now_us = 2000;
    first = expect_pass(script, "a0 a1 a2 a3");
    now_us = 2500;
    second = expect_pass(script, "a4 a5");
    now_us = 3000;
    finish(script, &first);
    assert_int_equal(b->n_done, 1);
    assert_int_equal(b->group.encode_us, 0);
    assert_int_equal(b->group.queue_us, 2000);
    now_us = 3700;
    finish(script, &second);
    assert_int_equal(a->group.encode_us, 1700);
    assert_int_equal(a->group.queue_us, 1000);
    free(a);
    free(b);
}

static void test_batcher__stop_ends_what_waits(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 6, 20);
    struct test_group *b = group_new('b', 1, 5);
    struct test_group *c = group_new('c', 1, 5);
    struct pass pass;
    struct team *other = NULL;

    submit(script, a);
    pass = expect_pass(script, "a0 a1 a2 a3");
    submit(script, b);
    batcher_stop(script->batcher);
    assert_int_equal(b->n_done, 1);
    assert_int_equal(b->group.status, STATUS_STOPPING);
    assert_int_equal(a->n_done, 0);
    assert_int_equal(batcher_submit(script->batcher, 0, &c->group), STATUS_STOPPING);
    finish(script, &pass);
    assert_int_equal(a->n_done, 1);
    assert_int_equal(a->group.status, STATUS_STOPPING);
    assert_int_equal(batcher_take(script->batcher, &pass, &script->team, &other), WORK_NONE);
    free(a);
    free(b);
    free(c);
}

/* ---- the same text twice ---- */

static void test_batcher__same_text_is_encoded_once(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 1, 4);
    struct test_group *b = group_new('b', 3, 3);
    struct batcher_stats stats;
    struct pass pass;

    b->jobs[1].engine.key = a->jobs[0].engine.key;
    b->jobs[1].n_tokens = 4;
    submit(script, a);
    submit(script, b);
    batcher_get_stats(script->batcher, 0, &stats);
    assert_int_equal(stats.queued_tokens, 10);
    assert_int_equal(stats.followed_texts, 1);
    pass = expect_pass(script, "a0 b0 b2");
    batcher_settle(script->batcher, &pass);
    assert_ptr_equal(a->jobs[0].engine.followers, &b->jobs[1]);
    assert_null(b->jobs[1].engine.next_follower);
    batcher_finish(script->batcher, &pass);
    assert_int_equal(a->n_done, 1);
    assert_int_equal(b->n_done, 1);
    free(a);
    free(b);
}

static void test_batcher__group_of_followers_ends_with_its_leaders(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 1, 10);
    struct test_group *b = group_new('b', 2, 10);
    struct pass pass;

    b->jobs[0].engine.key = a->jobs[0].engine.key;
    b->jobs[1].engine.key = a->jobs[0].engine.key;
    submit(script, a);
    pass = expect_pass(script, "a0");
    submit(script, b); /* while the leader runs */
    expect_pass(script, "");
    assert_int_equal(b->n_done, 0);
    finish(script, &pass);
    assert_int_equal(b->n_done, 1);
    free(a);
    free(b);
}

static void test_batcher__cancelled_leader_is_still_encoded_for_others(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 2, 4);
    struct test_group *b = group_new('b', 1, 4);
    struct pass pass;

    b->jobs[0].engine.key = a->jobs[1].engine.key;
    submit(script, a);
    submit(script, b);
    batcher_cancel(script->batcher, &a->group);
    assert_int_equal(a->jobs[0].status, STATUS_CANCELLED);
    assert_int_equal(a->n_done, 0);
    pass = expect_pass(script, "a1");
    finish(script, &pass);
    assert_int_equal(a->n_done, 1);
    assert_int_equal(b->n_done, 1);
    assert_int_equal(b->group.status, STATUS_OK);
    free(a);
    free(b);
}

static void test_batcher__small_group_takes_the_lead_from_a_large_one(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 2, 10);
    struct test_group *b = group_new('b', 2, 10);
    struct test_group *q = group_new('q', 1, 10);
    struct batcher_stats stats;
    struct pass pass;

    b->jobs[1].engine.key = a->jobs[1].engine.key;
    q->jobs[0].engine.key = a->jobs[1].engine.key;
    submit(script, a);
    submit(script, b);
    submit(script, q);
    batcher_get_stats(script->batcher, 0, &stats);
    assert_int_equal(stats.queued_texts, 3);
    assert_int_equal(stats.queued_tokens, 30);
    assert_int_equal(stats.followed_texts, 2);
    pass = expect_pass(script, "q0");
    finish(script, &pass);
    assert_int_equal(q->n_done, 1);
    assert_int_equal(a->jobs[1].engine.state, JOB_ENDED);
    assert_int_equal(b->jobs[1].engine.state, JOB_ENDED);
    assert_int_equal(a->n_done + b->n_done, 0);
    pass = expect_pass(script, "a0 b0");
    finish(script, &pass);
    assert_int_equal(a->n_done, 1);
    assert_int_equal(b->n_done, 1);
    free(a);
    free(b);
    free(q);
}

/* Whoever asked first may go: the text is encoded for the others all the same. */
static void test_batcher__followers_follow_the_new_lead(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 2, 10);
    struct test_group *b = group_new('b', 2, 10);
    struct test_group *q = group_new('q', 1, 10);
    struct pass pass;

    b->jobs[1].engine.key = a->jobs[1].engine.key;
    q->jobs[0].engine.key = a->jobs[1].engine.key;
    submit(script, a);
    submit(script, b);
    submit(script, q);
    batcher_cancel(script->batcher, &q->group);
    batcher_cancel(script->batcher, &a->group);
    assert_int_equal(a->n_done, 1);
    assert_int_equal(q->n_done, 0);
    pass = expect_pass(script, "q0");
    finish(script, &pass);
    assert_int_equal(q->n_done, 1);
    pass = expect_pass(script, "b0");
    finish(script, &pass);
    assert_int_equal(b->n_done, 1);
    assert_int_equal(b->group.status, STATUS_OK);
    free(a);
    free(b);
    free(q);
}

static void test_batcher__small_group_does_not_wait_for_a_large_pass(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 2, 10);
    struct test_group *q = group_new('q', 1, 10);
    struct test_group *c = group_new('c', 2, 10);
    struct batcher_stats stats;
    struct pass large;
    struct pass small;

    q->jobs[0].engine.key = a->jobs[1].engine.key;
    c->jobs[0].engine.key = a->jobs[1].engine.key;
    submit(script, a);
    large = expect_pass(script, "a0 a1");
    submit(script, q);
    batcher_get_stats(script->batcher, 0, &stats);
    assert_int_equal(stats.queued_tokens, 10);
    assert_int_equal(stats.followed_texts, 0);
    small = expect_pass(script, "q0");
    submit(script, c); /* a large group waits for the one in flight */
    finish(script, &small);
    assert_int_equal(q->n_done, 1);
    assert_int_equal(c->jobs[0].engine.state, JOB_FOLLOWING);
    finish(script, &large);
    assert_int_equal(a->n_done, 1);
    assert_int_equal(c->jobs[0].engine.state, JOB_ENDED);
    batcher_cancel(script->batcher, &c->group);
    assert_int_equal(c->n_done, 1);
    free(a);
    free(q);
    free(c);
}

static void test_batcher__cancelled_follower_leaves_its_leader(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 1, 10);
    struct test_group *b = group_new('b', 1, 10);
    struct test_group *c = group_new('c', 1, 10);
    struct pass pass;

    b->jobs[0].engine.key = a->jobs[0].engine.key;
    c->jobs[0].engine.key = a->jobs[0].engine.key;
    submit(script, a);
    submit(script, b);
    submit(script, c);
    batcher_cancel(script->batcher, &b->group);
    assert_int_equal(b->n_done, 1);
    assert_int_equal(b->group.status, STATUS_CANCELLED);
    pass = expect_pass(script, "a0");
    batcher_settle(script->batcher, &pass);
    batcher_cancel(script->batcher, &c->group); /* too late: its vector is being written */
    assert_int_equal(c->n_done, 0);
    batcher_finish(script->batcher, &pass);
    assert_int_equal(c->n_done, 1);
    assert_int_equal(c->group.status, STATUS_OK);
    free(a);
    free(b);
    free(c);
}

static void test_batcher__leader_goes_with_its_last_follower(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 2, 4);
    struct test_group *b = group_new('b', 1, 4);
    struct test_group *c = group_new('c', 1, 4);

    b->jobs[0].engine.key = a->jobs[1].engine.key;
    c->jobs[0].engine.key = a->jobs[1].engine.key;
    submit(script, a);
    submit(script, b);
    submit(script, c);
    batcher_cancel(script->batcher, &a->group);
    batcher_cancel(script->batcher, &b->group);
    assert_int_equal(a->n_done, 0);
    batcher_cancel(script->batcher, &c->group);
    assert_int_equal(a->n_done, 1);
    assert_int_equal(b->n_done, 1);
    assert_int_equal(c->n_done, 1);
    expect_pass(script, "");
    free(a);
    free(b);
    free(c);
}

static void test_batcher__cancelled_group_does_not_wait_for_itself(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 4, 10);

    a->jobs[2].engine.key = a->jobs[0].engine.key;
    a->jobs[3].engine.key = a->jobs[0].engine.key;
    submit(script, a);
    batcher_cancel(script->batcher, &a->group);
    assert_int_equal(a->n_done, 1);
    expect_pass(script, "");
    free(a);
}

static void test_batcher__stop_ends_followers_too(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 1, 10);
    struct test_group *b = group_new('b', 1, 10);

    b->jobs[0].engine.key = a->jobs[0].engine.key;
    submit(script, a);
    submit(script, b);
    batcher_stop(script->batcher);
    assert_int_equal(a->n_done, 1);
    assert_int_equal(b->n_done, 1);
    assert_int_equal(b->group.status, STATUS_STOPPING);
    free(a);
    free(b);
}

static void test_batcher__group_whose_vectors_were_kept_ends_at_once(void **state)
{
    struct script *script = *state;
    struct test_group *a = group_new('a', 2, 10);
    struct pass pass;

    a->jobs[0].engine.state = JOB_ENDED;
    submit(script, a);
    pass = expect_pass(script, "a1");
    finish(script, &pass);
    assert_int_equal(a->n_done, 1);
    a->jobs[1].engine.state = JOB_ENDED;
    submit(script, a);
    assert_int_equal(a->n_done, 2);
    assert_int_equal(a->group.finished_us, a->group.submitted_us);
    expect_pass(script, "");
    free(a);
}

/* ---- many workers ---- */

enum {
    N_CREW = 16,
    CREW_PASS_TOKENS = 512,
    CREW_TOKENS = 3500, /* of one request, about */
};

/* Passes that run at once, of a batcher that has N_CREW workers. */
struct crew {
    struct script script;
    struct job *jobs[4 * N_CREW][MAX_JOBS];
    struct pass passes[4 * N_CREW];
    size_t n_passes;
};

static struct crew *crew_new(void)
{
    const struct batcher_options options = {.max_queued_tokens = 100 * CREW_PASS_TOKENS,
                                            .max_pass_tokens = CREW_PASS_TOKENS};
    struct crew *crew = calloc(1, sizeof *crew);

    assert_non_null(crew);
    assert_int_equal(batcher_new(&crew->script.batcher, &options, 1, N_CREW, clock_now), STATUS_OK);
    return crew;
}

/* One more worker takes a pass; NULL if nothing waits. */
static struct pass *crew_take(struct crew *crew)
{
    struct pass *pass = &crew->passes[crew->n_passes];

    pass->jobs = crew->jobs[crew->n_passes];
    if (!take(&crew->script, pass))
        return NULL;
    crew->n_passes++;
    return pass;
}

static void crew_free(struct crew *crew)
{
    for (size_t i = 0; i < crew->n_passes; i++)
        finish(&crew->script, &crew->passes[i]);
    batcher_stop(crew->script.batcher);
    batcher_free(crew->script.batcher);
    free(crew);
}

/* Twenty-seven texts as abstracts and sentences have them: each third is long. */
static struct test_group *mixed_group_new(void)
{
    struct test_group *group = group_new('m', 27, 0);
    size_t n_tokens = 0;

    for (size_t i = 0; i < group->group.n_jobs; i++) {
        group->jobs[i].n_tokens = i % 3 ? 20 + i : 290 + 5 * i;
        n_tokens += group->jobs[i].n_tokens;
    }
    assert_in_range(n_tokens, CREW_TOKENS, CREW_TOKENS + 1000);
    return group;
}

static void test_batcher__one_request_is_spread_over_all_workers(void **state)
{
    struct crew *crew = crew_new();
    struct test_group *group = mixed_group_new();
    size_t longest = group->jobs[24].n_tokens;
    struct pass *pass;

    (void)state;
    submit(&crew->script, group);
    while ((pass = crew_take(crew)))
        assert_in_range(pass->n_tokens, 1, longest); /* the work cannot end sooner */
    assert_in_range(crew->n_passes, N_CREW, 27);
    crew_free(crew);
    assert_int_equal(group->n_done, 1);
    free(group);
}

/* Short texts can be spread evenly: nobody has more than a share. */
static void test_batcher__workers_have_equal_shares(void **state)
{
    struct crew *crew = crew_new();
    struct test_group *group = group_new('e', 64, 32);

    (void)state;
    submit(&crew->script, group);
    for (int i = 0; i < N_CREW; i++)
        assert_int_equal(crew_take(crew)->n_tokens, 64 * 32 / N_CREW);
    assert_null(crew_take(crew));
    crew_free(crew);
    free(group);
}

/* A pass of less than a block of rows costs as much as one of a block. */
static void test_batcher__few_tokens_are_not_spread_thinly(void **state)
{
    struct crew *crew = crew_new();
    struct test_group *group = group_new('f', 16, 8);

    (void)state;
    submit(&crew->script, group);
    assert_int_equal(crew_take(crew)->n_tokens, 64);
    assert_int_equal(crew_take(crew)->n_tokens, 64);
    assert_null(crew_take(crew));
    crew_free(crew);
    free(group);
}

/* With all workers busy and as much waiting, who comes back takes as much as a pass may have. */
static void test_batcher__busy_workers_take_whole_passes(void **state)
{
    struct crew *crew = crew_new();
    struct test_group *groups[2 * CREW_PASS_TOKENS * N_CREW / (MAX_JOBS * 32)];
    size_t n_groups = sizeof groups / sizeof *groups;

    (void)state;
    for (size_t i = 0; i < n_groups; i++)
        submit(&crew->script, groups[i] = group_new('w', MAX_JOBS, 32));
    for (int i = 0; i < 2 * N_CREW; i++) {
        assert_int_equal(crew_take(crew)->n_tokens, CREW_PASS_TOKENS);
        if (i >= N_CREW)
            finish(&crew->script, &crew->passes[i - N_CREW]);
    }
    assert_null(crew_take(crew));
    memmove(crew->passes, crew->passes + N_CREW, N_CREW * sizeof *crew->passes);
    crew->n_passes = N_CREW;
    crew_free(crew);
    for (size_t i = 0; i < n_groups; i++)
        free(groups[i]);
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
    struct pass pass = {.jobs = jobs};
    struct team own;
    struct team *other;
    enum work work;

    while ((work = batcher_take(script->batcher, &pass, &own, &other)) != WORK_NONE) {
        if (work == WORK_HELP) {
            team_help(other, NULL);
            continue;
        }
        for (size_t i = 0; i < pass.n_jobs; i++)
            pass.jobs[i]->status = STATUS_OK;
        batcher_withdraw(script->batcher, &own);
        team_close(&own);
        finish(script, &pass);
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

        while (batcher_submit(producer->script->batcher, 0, &group->group) == STATUS_OVERLOADED)
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
            if (j % 3 == 0) { /* the same text in small groups and large ones of every producer */
                producers[i].groups[j]->jobs[0].engine.key =
                    (struct text_key){.high = 1, .low = (uint64_t)(j / 12)};
                producers[i].groups[j]->jobs[0].n_tokens = (size_t)(1 + j / 12 % 9);
            }
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
        CASE(test_batcher__small_pass_between_layers),
        CASE(test_batcher__large_do_not_pass_between_layers),
        CASE(test_batcher__idle_worker_is_sent_to_an_open_team),
        CASE(test_batcher__rested_worker_goes_on),
        CASE(test_batcher__passes_that_are_worked_alone_have_no_helpers),
        CASE(test_batcher__small_do_not_starve_large),
        cmocka_unit_test(test_batcher__models_share_the_workers_time),
        cmocka_unit_test(test_batcher__a_model_that_comes_back_begins_with_the_others),
        cmocka_unit_test(test_batcher__small_of_one_model_passes_large_of_another),
        cmocka_unit_test(test_batcher__small_of_a_model_do_not_pay_for_its_large),
        cmocka_unit_test(test_batcher__models_have_queues_of_their_own),
        CASE(test_batcher__text_over_the_budget_runs_alone),
        CASE(test_batcher__full_queue_refuses_whole_groups),
        CASE(test_batcher__cancel_waits_for_what_runs),
        CASE(test_batcher__time_is_queue_or_encode),
        CASE(test_batcher__encoding_by_several_workers_counts_once),
        CASE(test_batcher__stop_ends_what_waits),
        CASE(test_batcher__same_text_is_encoded_once),
        CASE(test_batcher__group_of_followers_ends_with_its_leaders),
        CASE(test_batcher__cancelled_leader_is_still_encoded_for_others),
        CASE(test_batcher__small_group_takes_the_lead_from_a_large_one),
        CASE(test_batcher__followers_follow_the_new_lead),
        CASE(test_batcher__small_group_does_not_wait_for_a_large_pass),
        CASE(test_batcher__cancelled_follower_leaves_its_leader),
        CASE(test_batcher__leader_goes_with_its_last_follower),
        CASE(test_batcher__cancelled_group_does_not_wait_for_itself),
        CASE(test_batcher__stop_ends_followers_too),
        CASE(test_batcher__group_whose_vectors_were_kept_ends_at_once),
        cmocka_unit_test(test_batcher__one_request_is_spread_over_all_workers),
        cmocka_unit_test(test_batcher__workers_have_equal_shares),
        cmocka_unit_test(test_batcher__few_tokens_are_not_spread_thinly),
        cmocka_unit_test(test_batcher__busy_workers_take_whole_passes),
        CASE(test_batcher__every_group_ends_once_under_many_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
