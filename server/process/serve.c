/* SPDX-License-Identifier: Apache-2.0 */

/* Opens the port, loads the weights, and serves until it is told to stop. Whatever can be refused is
 * refused before the port opens. If the model has to be downloaded, the port is open meanwhile, and
 * what does not fit the model is refused afterwards. */
#include "server/process/commands.h"

#include "config/options.h"
#include "engine/engine.h"
#include "server/api/embed/limits.h"
#include "server/api/routes.h"
#include "server/embedder/model_options.h"
#include "server/exchange/cors.h"
#include "server/exchange/pool.h"
#include "server/exchange/retry.h"
#include "server/exchange/server.h"
#include "server/http/http.h"
#include "server/hub/source.h"
#include "server/observe/metrics.h"
#include "server/process/credentials.h"
#include "server/process/drain.h"
#include "server/process/loader.h"
#include "server/process/notify.h"
#include "server/process/signals.h"
#include "server/text/buffer.h"
#include "server/text/log.h"
#include "server/trace/spans.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { TEND_US = 5 * 1000000, MIN_TEND_US = 1000 };

enum { MIN_MAPPED_BYTES = 256 << 10, MAX_KEPT_BYTES = 512 << 10 };

/* Allows as many open files as the system lets us: idle connections are cheap (promise 3 has its
 * own limit). */
static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* http.c says how many connections then fit */
}

/* Large blocks (bodies, vectors, replies) go back to the system as they are freed. Without that,
 * glibc raises the size from which a block is its own mapping to that of the largest one it has
 * seen, up to 32 MiB, and keeps what is smaller for later: memory that --memory-limit takes for
 * free would stay resident. */
static void return_freed_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, MIN_MAPPED_BYTES);
    mallopt(M_TRIM_THRESHOLD, MAX_KEPT_BYTES);
}

static int fail(const struct error *error)
{
    log_write(LOG_ERROR, "%s", error->text);
    return EXIT_FAILURE;
}

/* The loader's failure. */
static int refuse(const struct loader *loader, const struct error *error)
{
    fail(error);
    return loader_has_bad_options(loader) ? EXIT_BAD_OPTIONS : EXIT_FAILURE;
}

/* Until the server is said to be ready, a reload is no news: READY=1 at its end would say so too
 * early. */
static void reload(struct server *server, bool is_said_ready)
{
    if (is_said_ready)
        notify("RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_now_us());
    credentials_reload(server);
    if (is_said_ready)
        notify("READY=1");
}

/* How often tend() is called. */
static int64_t choose_period(const struct options *options)
{
    const int64_t watchdog_us = notify_get_watchdog_us();
    int64_t period_us = TEND_US;

    if (watchdog_us > 0 && watchdog_us / 3 < period_us)
        period_us = watchdog_us / 3;
    if (options->stall_timeout > 0 && options->stall_timeout * 1e6 / 4 < (double)period_us)
        period_us = (int64_t)(options->stall_timeout * 1e6 / 4);
    return period_us > MIN_TEND_US ? period_us : MIN_TEND_US;
}

/* Looks whether the engine moves; of a time in which the whole process stood still, one period is
 * counted. */
static void look_for_stall(struct server *server, int64_t period_us)
{
    const bool was_stalled = server_is_stalled(server);
    int64_t now_us = clock_now_us();
    int64_t elapsed_us = now_us - server->looked_us;

    server->looked_us = now_us;
    atomic_store(&server->stalled_us,
                 engine_measure_stall(server->models->engine,
                                      elapsed_us < period_us ? elapsed_us : period_us));
    if (server_is_stalled(server) && !was_stalled)
        log_write(LOG_ERROR, "the workers have made no step for %g s (--stall-timeout): not alive",
                  server->options->stall_timeout);
    else if (!server_is_stalled(server) && was_stalled)
        log_write(LOG_WARNING, "the workers move again: alive");
}

/* A container may be resized while it runs. As many workers encode as there are cores, unless
 * --threads says how many; no worker can be added. */
static void follow_cores(struct server *server)
{
    const size_t n_workers = engine_get_info(server->models->engine)->n_workers;
    const size_t n_before = atomic_load(&server->n_cores);
    const size_t n_cores = engine_count_cores();

    atomic_store(&server->n_cores, n_cores);
    if (n_cores == n_before || server->options->threads > 0)
        return;
    engine_allow_workers(server->models->engine, n_cores);
    if (n_cores > n_workers)
        log_write(LOG_WARNING,
                  "%zu cores may be used now, but %zu workers were started: restart to use all",
                  n_cores, n_workers);
    else
        log_write(LOG_INFO, "%zu cores may be used now: of %zu workers %zu rest", n_cores,
                  n_workers, n_workers - n_cores);
}

/* What is done every now and then. Returns the time until it is to be done again. The watchdog is
 * fed by a thread that has just seen the engine move. */
static int64_t tend(struct server *server)
{
    const int64_t period_us = choose_period(server->options);

    if (server_is_loaded(server)) {
        look_for_stall(server, period_us);
        follow_cores(server);
    }
    if (notify_get_watchdog_us() > 0 && !server_is_stalled(server))
        notify("WATCHDOG=1");
    if (server->state == SERVER_LOADING)
        notify("EXTEND_TIMEOUT_USEC=%d\nSTATUS=%s", 4 * TEND_US,
               server_describe_delay(server).text);
    return period_us;
}

/* Until `other` can be read, or a signal says to stop. SIGHUP reloads the files. Without `other` the
 * server has been said to be ready. */
static enum wakeup wait_for(struct server *server, int signals, int other)
{
    for (;;) {
        enum wakeup wakeup = signals_wait(signals, other, tend(server));

        if (wakeup == WAKEUP_RELOAD)
            reload(server, other < 0);
        else if (wakeup != WAKEUP_TIME)
            return wakeup;
    }
}

/* Nobody tends from now on: the watchdog gets all the time that stopping may take. */
static bool stop(struct server *server, int signals)
{
    const struct options *options = server->options;
    const double longest_s = options->drain_delay + options->drain_timeout + 2 * TEND_US / 1e6;

    notify("STOPPING=1\nSTATUS=stopping: %zu requests are unanswered",
           atomic_load(&server->n_unanswered));
    if (notify_get_watchdog_us() > 0)
        notify("WATCHDOG_USEC=%.0f\nWATCHDOG=1", longest_s * 1e6);
    return drain(server, signals);
}

/* To systemctl status. Long names are cut last. */
static void say_ready(const struct server *server)
{
    struct buffer names = {0};

    for (size_t i = 0; i < server->n_models; i++)
        buffer_appendf(&names, i ? ", %s" : "%s", served_model_name(&server->models[i]));
    buffer_append(&names, "", 1); /* so that it ends as a string does */
    notify("READY=1\nSTATUS=serving on %s: %s", http_local_url(server->http),
           buffer_failed(&names) ? served_model_name(server->models) : names.bytes);
    buffer_release(&names);
}

/* The model is loaded. Until a signal says to stop. */
static int serve_model(struct server *server, int signals)
{
    struct error error = {0};

    if (http_take_waiting(server->http, &error))
        return fail(&error);
    say_ready(server);
    wait_for(server, signals, -1);
    if (!stop(server, signals))
        return EXIT_FAILURE;
    log_write(LOG_INFO, "stopped: every accepted request was answered");
    return EXIT_SUCCESS;
}

/* The port is open. Until a signal says to stop. */
static int serve(struct server *server, struct loader *loader, int signals)
{
    struct error error = {0};
    enum status status = loader_start(loader);

    if (status) {
        error_set(&error, status, "cannot start the thread that loads the model");
        return fail(&error);
    }
    if (wait_for(server, signals, loader_descriptor(loader)) == WAKEUP_STOP) {
        log_write(LOG_INFO, "stopping before the model is loaded");
        stop(server, signals);
        http_free(server->http);
        /* Loading cannot be interrupted and takes long; it holds nothing that outlives us. */
        _exit(EXIT_SUCCESS);
    }
    status = loader_finish(loader, &error);
    return status ? refuse(loader, &error) : serve_model(server, signals);
}

static void release_models(struct server *server)
{
    for (size_t i = 0; i < server->n_models; i++)
        limits_free(server->models[i].limits);
    free(server->models);
}

/* From the top down: callers end before what they call. The engine's workers push to the pool. */
static void release(struct server *server)
{
    server->state = SERVER_STOPPING;
    http_free(server->http);
    pool_stop(server->pool);
    for (size_t i = 0; i < server->n_models; i++)
        engine_close(server->models[i].engine);
    pool_free(server->pool);
    spans_free(server->spans); /* those that are left name models */
    release_models(server);
    credentials_release(server);
    metrics_free(server->metrics);
}

/* Everything that can be refused; nothing is served yet. */
static int prepare(struct server *server, struct hub_source *const *sources,
                   struct loader **ret_loader)
{
    const struct options *options = server->options;
    struct error error = {0};

    if (metrics_new(&server->metrics, server->routes, server->n_models) ||
        pool_new(&server->pool, (size_t)options->request_threads, http_resume)) {
        error_set(&error, STATUS_NO_MEMORY, "not enough memory, threads or descriptors to start");
        return fail(&error);
    }
    if (spans_new(&server->spans, options, &error) || credentials_open(server, &error) ||
        loader_new(ret_loader, server, sources, &error))
        return fail(&error);
    if (loader_read(*ret_loader, &error))
        return refuse(*ret_loader, &error);
    return http_start(server, &error) ? fail(&error) : EXIT_SUCCESS;
}

/* OK: the models are named. */
static enum status name_models(struct server *server, struct error *error)
{
    const struct options *options = server->options;

    server->models = calloc(1 + options->n_more, sizeof *server->models);
    if (!server->models)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory to start");
    server->n_models = 1 + options->n_more;
    for (size_t i = 0; i < server->n_models; i++)
        served_model_init(&server->models[i], options_of_model(options, i));
    return server_check_names(server, error);
}

/* --check-config: what prepare() refuses, without what it starts. */
static int check_files(const struct options *options, struct hub_source *const *sources)
{
    struct server server = {.options = options, .routes = &api_routes};
    struct error error = {0};
    struct loader *loader = NULL;
    int exit_status = EXIT_SUCCESS;

    if (name_models(&server, &error))
        exit_status = command_complain(options, error.text);
    else if (credentials_open(&server, &error) || loader_new(&loader, &server, sources, &error))
        exit_status = fail(&error);
    else if (loader_read(loader, &error))
        exit_status = refuse(loader, &error);
    else
        puts("the configuration is fine");
    loader_free(loader);
    release_models(&server);
    credentials_release(&server);
    return exit_status;
}

static int run(const struct options *options, struct hub_source *const *sources)
{
    struct server server = {.options = options,
                            .routes = &api_routes,
                            .started_us = clock_now_us(),
                            .created = time(NULL),
                            .draw = retry_draw,
                            .n_cores = engine_count_cores()};
    struct error error = {0};
    struct loader *loader = NULL;
    enum status status = name_models(&server, &error);
    int signals, exit_status;

    if (status) {
        free(server.models);
        return status == STATUS_INVALID ? command_complain(options, error.text) : fail(&error);
    }
    /* A manager reloads (Type=notify-reload) whether or not there are files, and waits for an answer. */
    signals = signals_open(credentials_have_files(options) || notify_has_manager());
    if (signals < 0) {
        free(server.models);
        error_set(&error, STATUS_NO_MEMORY, "not enough descriptors to start");
        return fail(&error);
    }
    raise_file_limit();
    exit_status = prepare(&server, sources, &loader);
    if (exit_status == EXIT_SUCCESS)
        exit_status = serve(&server, loader, signals);
    release(&server);
    loader_free(loader);
    close(signals);
    return exit_status;
}

int command_serve(const struct options *options, struct hub_source *const *sources)
{
    struct error error = {0};
    enum status status;

    return_freed_memory();
    status = cors_check(options, &error);
    if (!status)
        status = spans_check(options, &error);
    for (size_t i = 0; i <= options->n_more && !status; i++)
        status = model_options_check(options_of_model(options, i),
                                     !hub_source_is_coming(sources[i]), &error);
    if (status)
        return command_complain(options, error.text);
    return options->check_config ? check_files(options, sources) : run(options, sources);
}
