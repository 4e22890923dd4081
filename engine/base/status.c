/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/status.h"

#include <stdarg.h>
#include <stdio.h>

enum status error_set(struct error *error, enum status status, const char *format, ...)
{
    va_list args;

    if (!error || error->text[0])
        return status;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return status;
}
