/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/exchange/pool.h"
#include "server/exchange/request.h"
#include "server/exchange/route.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* What happened, in order: "s0" started, "f0" finished, "a0" answered request 0 ... */
static char story[256];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static bool gate_is_open;

static struct request requests[4];

static void tell(const char *what, const struct request *request)
{
    pthread_mutex_lock(&mutex);
    snprintf(story + strlen(story), sizeof story - strlen(story), "%s%td ", what,
             request - requests);
    pthread_mutex_unlock(&mutex);
}

/* The first request keeps the only thread busy until the gate opens. */
static enum route_outcome start(struct request *request)
{
    tell("s", request);
    pthread_mutex_lock(&mutex);
    while (request == &requests[0] && !gate_is_open)
        pthread_cond_wait(&opened, &mutex);
    pthread_mutex_unlock(&mutex);
    return ROUTE_ANSWERED;
}

static enum route_outcome submitting_start(struct request *request)
{
    tell("s", request);
    return ROUTE_SUBMITTED;
}

static void finish(struct request *request)
{
    tell("f", request);
}

static void answered(struct request *request)
{
    tell("a", request);
}

bool request_is_gone(struct request *request)
{
    return request->gone;
}

static void open_gate(void)
{
    pthread_mutex_lock(&mutex);
    gate_is_open = true;
    pthread_cond_signal(&opened);
    pthread_mutex_unlock(&mutex);
}

static const struct route answering = {.start = start, .finish = finish};
static const struct route submitting = {.start = submitting_start, .finish = finish};

static int setup(void **state)
{
    (void)state;
    memset(requests, 0, sizeof requests);
    for (size_t i = 0; i < 4; i++) {
        requests[i].stage = REQUEST_QUEUED;
        requests[i].route = &answering;
    }
    story[0] = '\0';
    gate_is_open = false;
    return 0;
}

static struct pool *new_pool(void)
{
    struct pool *pool;

    assert_int_equal(pool_new(&pool, 1, answered), STATUS_OK);
    return pool;
}

static void wait_for(const char *what)
{
    bool happened = false;

    while (!happened) {
        pthread_mutex_lock(&mutex);
        happened = strstr(story, what) != NULL;
        pthread_mutex_unlock(&mutex);
        sched_yield();
    }
}

static void test_pool__finished_requests_are_served_first(void **state)
{
    struct pool *pool = new_pool();

    (void)state;
    requests[2].stage = REQUEST_ENCODING;
    requests[3].stage = REQUEST_ENCODING;
    pool_push(pool, &requests[0]);
    wait_for("s0");
    for (size_t i = 1; i < 4; i++)
        pool_push(pool, &requests[i]);
    open_gate();
    pool_free(pool);
    assert_string_equal(story, "s0 a0 f2 a2 f3 a3 s1 a1 ");
    assert_int_equal(requests[1].stage, REQUEST_DECODING);
    assert_int_equal(requests[2].stage, REQUEST_WRITING);
}

static void test_pool__submitted_request_is_let_go(void **state)
{
    struct pool *pool = new_pool();

    (void)state;
    requests[1].route = &submitting;
    pool_push(pool, &requests[1]);
    pool_free(pool);
    assert_string_equal(story, "s1 ");
}

static void test_pool__nothing_is_done_for_who_is_gone(void **state)
{
    struct pool *pool = new_pool();

    (void)state;
    requests[1].gone = true;
    requests[2].gone = true;
    requests[2].stage = REQUEST_ENCODING;
    pool_push(pool, &requests[1]);
    pool_push(pool, &requests[2]);
    pool_free(pool);
    assert_null(strchr(story, 's'));
    assert_null(strchr(story, 'f'));
    assert_non_null(strstr(story, "a1"));
    assert_non_null(strstr(story, "a2"));
}

static void test_pool__free_serves_what_was_pushed(void **state)
{
    struct pool *pool = new_pool();

    (void)state;
    for (size_t i = 0; i < 4; i++)
        pool_push(pool, &requests[i]);
    open_gate();
    pool_free(pool);
    assert_string_equal(story, "s0 a0 s1 a1 s2 a2 s3 a3 ");
}

enum { LARGE_BYTES = 1 << 20 };

static void test_pool__large_requests_leave_a_thread_to_small_ones(void **state)
{
    struct pool *pool;

    (void)state;
    assert_int_equal(pool_new(&pool, 2, answered), STATUS_OK);
    requests[0].n_body_bytes = LARGE_BYTES;
    requests[1].n_body_bytes = LARGE_BYTES;
    requests[2].n_body_bytes = LARGE_BYTES;
    requests[2].stage = REQUEST_ENCODING;
    pool_push(pool, &requests[0]);
    wait_for("s0");
    pool_push(pool, &requests[1]);
    pool_push(pool, &requests[2]);
    pool_push(pool, &requests[3]);
    wait_for("a3");
    assert_string_equal(story, "s0 s3 a3 ");
    open_gate();
    pool_free(pool);
    assert_string_equal(story, "s0 s3 a3 a0 f2 a2 s1 a1 ");
}

static void test_pool__single_thread_takes_turns(void **state)
{
    struct pool *pool = new_pool();

    (void)state;
    requests[1].n_body_bytes = LARGE_BYTES;
    requests[2].n_body_bytes = LARGE_BYTES;
    pool_push(pool, &requests[0]);
    wait_for("s0");
    pool_push(pool, &requests[1]);
    pool_push(pool, &requests[2]);
    pool_push(pool, &requests[3]);
    open_gate();
    pool_free(pool);
    assert_string_equal(story, "s0 a0 s1 a1 s3 a3 s2 a2 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_pool__finished_requests_are_served_first, setup),
        cmocka_unit_test_setup(test_pool__submitted_request_is_let_go, setup),
        cmocka_unit_test_setup(test_pool__nothing_is_done_for_who_is_gone, setup),
        cmocka_unit_test_setup(test_pool__free_serves_what_was_pushed, setup),
        cmocka_unit_test_setup(test_pool__large_requests_leave_a_thread_to_small_ones, setup),
        cmocka_unit_test_setup(test_pool__single_thread_takes_turns, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
