/* SPDX-License-Identifier: Apache-2.0 */

/* nestd: reads the options and does what its command says (commands.h). */

#include "config/options.h"
#include "engine/engine.h"
#include "server/commit.h" /* made by meson */
#include "server/embedder/model_options.h"
#include "server/hub/settings.h"
#include "server/hub/source.h"
#include "server/process/commands.h"
#include "server/process/sandbox.h"
#include "server/process/signals.h"
#include "server/text/log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int run(const struct options *options, struct hub_source *const *sources)
{
    switch (options->command) {
    case OPTIONS_EMBED:
        return command_embed(options);
    case OPTIONS_EVALUATE:
        return command_evaluate(options);
    default:
        return command_serve(options, sources);
    }
}

/* --download-only: the model is in its folder. */
static int tell_folder(const struct options *options)
{
    struct error error = {0};

    if (model_options_check(options, true, &error))
        return command_complain(options, error.text);
    log_write(LOG_INFO, "the model is there: %s", options->model_id);
    return EXIT_SUCCESS;
}

static int tell_folders(const struct options *options)
{
    int exit_status = EXIT_SUCCESS;

    for (size_t i = 0; i <= options->n_more && exit_status == EXIT_SUCCESS; i++)
        exit_status = tell_folder(options_of_model(options, i));
    return exit_status;
}

/* Once a model's folder is known, it takes the place of --model-id. A server waits for a download
 * with its port open, every other command here. */
static bool find_folder(struct options *options, struct hub_source *source, bool is_server)
{
    struct error error = {0};

    if (!is_server && hub_source_wait(source, NULL, NULL, &error)) {
        log_write(LOG_ERROR, "%s", error.text);
        return false;
    }
    if (!hub_source_is_coming(source))
        options->model_id = hub_source_folder(source);
    return true;
}

static int run_with(struct options *options, struct hub_source *const *sources)
{
    bool is_server = options->command == OPTIONS_SERVE && !options->download_only;

    if (!find_folder(options, sources[0], is_server))
        return EXIT_FAILURE;
    for (size_t i = 0; i < options->n_more; i++) {
        if (!find_folder(&options->more[i], sources[1 + i], is_server))
            return EXIT_FAILURE;
    }
    return options->download_only ? tell_folders(options) : run(options, sources);
}

static enum status open_sources(const struct options *options, struct hub_source **sources,
                                struct error *error)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i <= options->n_more && !status; i++)
        status = hub_source_open(&sources[i], options_of_model(options, i), error);
    return status;
}

/* The token for the hub is known to the processes that download, and to no other from here on. */
static int find_and_run(struct options *options, char *const *arguments)
{
    struct hub_source *sources[OPTIONS_MAX_MODELS] = {0};
    struct error error = {0};
    enum status status = STATUS_OK;
    int exit_status;

    if (options->health_check)
        return command_check_health(options);
    if (options->model_id && !options->url)
        status = open_sources(options, sources, &error);
    hub_token_wipe(options->hf_token, arguments, environ);
    options_wipe_hf_token(options);
    if (status == STATUS_NO_MEMORY) {
        log_write(LOG_ERROR, "%s", error.text); /* nothing is wrong with the command line */
        exit_status = EXIT_FAILURE;
    } else if (status) {
        exit_status = command_complain(options, error.text);
    } else {
        exit_status = sources[0] ? run_with(options, sources) : run(options, NULL);
    }
    for (size_t i = 0; i < OPTIONS_MAX_MODELS; i++)
        hub_source_free(sources[i]);
    return exit_status;
}

/* For --help: what the user says (COLUMNS), else the terminal. */
static int find_width(void)
{
    enum { DEFAULT_COLUMNS = 80, MAX_COLUMNS = 1000 };
    const char *text = getenv("COLUMNS");
    const long said = text ? strtol(text, NULL, 10) : 0;
    struct winsize size = {0};

    if (said > 0 && said <= MAX_COLUMNS)
        return (int)said;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return DEFAULT_COLUMNS;
}

int main(int argc, char **argv)
{
    struct options_report report = {0};
    struct options options;
    int exit_status;

    /* A client that goes away is an error of its connection, told by the call that finds it out. */
    signal(SIGPIPE, SIG_IGN);
    /* So is a file that may not grow (ulimit -f), the log's too. */
    signal(SIGXFSZ, SIG_IGN);
    switch (options_read(argc, argv, environ, &options, &report)) {
    case OPTIONS_HELP:
        options_print_help(stdout, report.command, find_width());
        return EXIT_SUCCESS;
    case OPTIONS_VERSION:
        puts("nestd " NESTD_VERSION " (" NESTD_COMMIT ")");
        return EXIT_SUCCESS;
    case OPTIONS_DESCRIBE:
        report.describe(stdout);
        return EXIT_SUCCESS;
    case OPTIONS_BAD:
        options = (struct options){.command = report.command};
        return command_complain(&options, report.problem);
    case OPTIONS_RUN:
        break;
    }
    signals_explain_lost_file();
    log_open(options.json_output);
    log_set_level(options.log_level);
    if (options.command == OPTIONS_SERVE && !options.health_check && !sandbox_try()) {
        options_release(&options);
        return EXIT_FAILURE;
    }
    time_slice_ask(TIME_SLICE_SHORT_NS); /* before any thread is started */
    for (size_t i = 0; i < report.n_warnings; i++)
        log_write(LOG_WARNING, "%s", report.warnings[i]);
    exit_status = find_and_run(&options, argv);
    options_release(&options);
    return exit_status;
}
