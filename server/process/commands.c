/* SPDX-License-Identifier: Apache-2.0 */
#include "server/process/commands.h"

#include "config/options.h"

#include <stdio.h>

int command_complain(const struct options *options, const char *problem)
{
    bool is_default = options->command == OPTIONS_SERVE;
    const char *name = is_default ? "" : options_command_name(options->command);
    const char *space = is_default ? "" : " ";

    fprintf(stderr, "nestd%s%s: %s\nTry 'nestd%s%s --help'.\n", space, name, problem, space, name);
    return EXIT_BAD_OPTIONS;
}
