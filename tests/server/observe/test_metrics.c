/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/options.h"
#include "server/api/routes.h"
#include "server/exchange/request.h"
#include "server/exchange/server.h"
#include "server/observe/metrics.h"
#include "server/observe/metrics_private.h"

#include <stdio.h>
#include <string.h>

static struct options options = {.model_id = "tiny"};
static struct served_model model;
static struct server server;

static int set_up(void **state)
{
    (void)state;
    served_model_init(&model, &options);
    server = (struct server){
        .options = &options, .routes = &api_routes, .models = &model, .n_models = 1};
    return metrics_new(&server.metrics, server.routes, 1) != STATUS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    metrics_free(server.metrics);
    return 0;
}

/* The value of a series by its full name; -1 if it is not there, -2 if it is there twice. */
static long long read_series(const char *series)
{
    struct buffer buffer = {0};
    char line[256];
    const char *found, *again;
    long long value = -1;

    metrics_write(&server, &buffer);
    buffer_append(&buffer, "", 1);
    assert_false(buffer_failed(&buffer));
    snprintf(line, sizeof line, "\n%s ", series);
    found = strstr(buffer.bytes, line);
    if (found) {
        again = strstr(found + 1, line);
        value = -2;
        if (!again)
            assert_int_equal(sscanf(found + strlen(line), "%lld", &value), 1);
    }
    buffer_release(&buffer);
    return value;
}

static long long read_requests(const char *route, unsigned http_status)
{
    char series[256];

    snprintf(series, sizeof series, "nestd_requests_total{route=\"%s\",status=\"%u\"}", route,
             http_status);
    return read_series(series);
}

static void end_request(const struct route *route, unsigned http_status)
{
    struct request *request = request_new(&server);

    assert_non_null(request);
    request->route = route;
    request->reply.http_status = http_status;
    metrics_count_request(server.metrics, request);
    request_free(request);
}

static void test_metrics__every_status_has_its_series_from_the_start(void **state)
{
    static const unsigned statuses[] = {
#define PROBLEM(name, http_status, type, code, tei_status, tei_type) http_status, tei_status,
#include "server/exchange/errors.def"
#undef PROBLEM
        200,
        204,
        499,
    };

    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        long long before = read_requests("/v1/embeddings", statuses[i]);

        if (before < 0)
            fail_msg("no series of %u", statuses[i]);
        assert_int_equal(read_requests("other", statuses[i]), 0);
        end_request(&api_routes.rows[0], statuses[i]);
        assert_int_equal(read_requests("/v1/embeddings", statuses[i]), before + 1);
    }
}

/* Routes that share a path, GET and POST, would otherwise be two series of one name, which is not
 * valid. */
static void test_metrics__a_path_is_one_series(void **state)
{
    (void)state;
    for (size_t i = 0; i < api_routes.n; i++) {
        long long before = read_requests(api_routes.rows[i].path, 200);

        assert_true(before >= 0);
        end_request(&api_routes.rows[i], 200);
        assert_int_equal(read_requests(api_routes.rows[i].path, 200), before + 1);
    }
    end_request(NULL, 404);
    assert_int_equal(read_requests("other", 404), 1);
}

static void test_metrics__engine_is_zero_while_the_model_is_loading(void **state)
{
    (void)state;
    assert_int_equal(read_series("nestd_queue_texts"), 0);
    assert_int_equal(read_series("nestd_workers"), 0);
    assert_int_equal(read_series("nestd_model_ready"), 0);
    assert_int_equal(read_series("nestd_cache_hits_total"), 0);
    assert_true(read_series("process_resident_memory_bytes") > 1 << 20);
}

static void test_metrics__passes_are_observed(void **state)
{
    (void)state;
    metrics_count_pass(metrics_of_model(server.metrics, 0), 3, 40);
    metrics_count_pass(metrics_of_model(server.metrics, 0), 1, 8);
    assert_int_equal(read_series("nestd_pass_texts_sum"), 4);
    assert_int_equal(read_series("nestd_pass_texts_bucket{le=\"1\"}"), 1);
    assert_int_equal(read_series("nestd_pass_tokens_count"), 2);
    assert_int_equal(read_series("nestd_pass_tokens_sum"), 48);
}

/* A route that encodes. */
static const struct route *find_inference(void)
{
    const struct route *route = api_routes.rows;

    while (!route->finish)
        route++;
    return route;
}

static uint64_t read_tei_requests(void)
{
    return atomic_load(&server.metrics->tei.requests[TEI_SINGLE]) +
           atomic_load(&server.metrics->tei.requests[TEI_BATCH]);
}

static void test_metrics__preflight_is_no_inference_request(void **state)
{
    (void)state;
    end_request(find_inference(), 204);
    assert_int_equal(read_tei_requests(), 0);
    assert_int_equal(read_series("nestd_request_duration_seconds_count"), 0);
    end_request(find_inference(), 200);
    assert_int_equal(read_tei_requests(), 1);
    assert_int_equal(read_series("nestd_request_duration_seconds_count"), 1);
}

/* Also where a refusal was written already, which nobody has read. */
static void test_metrics__client_that_left_is_dropped(void **state)
{
    struct request *request = request_new(&server);

    (void)state;
    assert_non_null(request);
    request->route = find_inference();
    request->reply.content_type = "application/json";
    request->reply.problem = PROBLEM_REQUEST_TIMEOUT;
    request->reply.http_status = 499;
    metrics_count_request(server.metrics, request);
    request_free(request);
    assert_int_equal(atomic_load(&server.metrics->tei.failures[TEI_DROPPED]), 1);
    assert_int_equal(atomic_load(&server.metrics->tei.failures[TEI_VALIDATION]), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_metrics__every_status_has_its_series_from_the_start),
        TEST(test_metrics__a_path_is_one_series),
        TEST(test_metrics__engine_is_zero_while_the_model_is_loading),
        TEST(test_metrics__passes_are_observed),
        TEST(test_metrics__preflight_is_no_inference_request),
        TEST(test_metrics__client_that_left_is_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
