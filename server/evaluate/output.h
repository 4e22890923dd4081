/* SPDX-License-Identifier: Apache-2.0 */

/* A report on stdout, and its plot in a file. */
#ifndef NESTD_SERVER_EVALUATE_OUTPUT_H
#define NESTD_SERVER_EVALUATE_OUTPUT_H

#include "server/evaluate/report/report.h"

/* `format`: a word of --format; plot_path: NULL for no plot. The plot is whole or not there.
 * STATUS_IO, STATUS_NO_MEMORY. */
MUST_CHECK enum status output_write(const struct report *report, const char *format,
                                    const char *plot_path, struct error *error);

#endif
