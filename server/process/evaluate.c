/* SPDX-License-Identifier: Apache-2.0 */
#include "server/evaluate/evaluate.h"

#include "config/options.h"
#include "server/process/commands.h"
#include "server/text/log.h"

#include <stdlib.h>

int command_evaluate(const struct options *options)
{
    struct error error = {0};
    enum status status;

    if (evaluate_check(options, &error))
        return command_complain(options, error.text);
    status = evaluate_run(options, &error);
    if (status == STATUS_UNSUPPORTED)
        return command_complain(options, error.text);
    if (status)
        log_write(LOG_ERROR, "%s", error.text);
    return status ? EXIT_FAILURE : EXIT_SUCCESS;
}
