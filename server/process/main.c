/* SPDX-License-Identifier: Apache-2.0 */

/* nestd: reads the options and does what its command says (commands.h). */

#include "config/options.h"
#include "engine/engine.h"
#include "server/commit.h" /* made by meson */
#include "server/process/commands.h"
#include "server/text/log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int run(const struct options *options)
{
    switch (options->command) {
    case OPTIONS_EMBED:
        return command_embed(options);
    case OPTIONS_EVALUATE:
        return command_evaluate(options);
    default:
        return command_serve(options);
    }
}

int main(int argc, char **argv)
{
    struct options_report report = {0};
    struct options options;
    int exit_status;

    /* A client that goes away is an error of its connection, told by the call that finds it out. */
    signal(SIGPIPE, SIG_IGN);
    switch (options_read(argc, argv, environ, &options, &report)) {
    case OPTIONS_HELP:
        options_print_help(stdout, report.command);
        return EXIT_SUCCESS;
    case OPTIONS_VERSION:
        puts("nestd " NESTD_VERSION " (" NESTD_COMMIT ")");
        return EXIT_SUCCESS;
    case OPTIONS_BAD:
        options = (struct options){.command = report.command};
        return command_complain(&options, report.problem);
    case OPTIONS_RUN:
        break;
    }
    time_slice_ask(TIME_SLICE_SHORT_NS); /* before any thread is started */
    log_open(options.json_output);
    log_set_level(options.log_level);
    for (size_t i = 0; i < report.n_warnings; i++)
        log_write(LOG_WARNING, "%s", report.warnings[i]);
    exit_status = run(&options);
    options_release(&options);
    return exit_status;
}
