/* SPDX-License-Identifier: Apache-2.0 */
#include "server/evaluate/report/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each similarity has two. */
static struct figure_name correlation_name(size_t i_figure)
{
    struct figure_name name;

    snprintf(name.text, sizeof name.text, "%s_%s", i_figure % 2 == 0 ? "pearson" : "spearman",
             similarity_name((enum similarity)(i_figure / 2)));
    return name;
}

struct figure_name report_short_name(const struct report *report, size_t i_figure)
{
    struct figure_name name;

    if (report->is_pairs)
        return correlation_name(i_figure);
    snprintf(name.text, sizeof name.text, "%s",
             retrieval_metric_name((enum retrieval_metric)i_figure));
    return name;
}

struct figure_name report_name(const struct report *report, size_t i_figure)
{
    struct figure_name name;

    if (report->is_pairs)
        return correlation_name(i_figure);
    snprintf(name.text, sizeof name.text, "%s_%s", similarity_name(report->similarity),
             retrieval_metric_name((enum retrieval_metric)i_figure));
    return name;
}

size_t report_bytes(const struct report_row *row)
{
    return vector_format_bytes(row->format, row->n_dims);
}

struct figure_name report_size(double n_bytes)
{
    static const char *const units[] = {"bytes", "KB", "MB", "GB", "TB", "PB"};
    enum { N_UNITS = sizeof units / sizeof *units };
    struct figure_name name;
    size_t unit = 0;

    while (n_bytes >= 1000 && unit + 1 < N_UNITS) {
        n_bytes /= 1000;
        unit++;
    }
    snprintf(name.text, sizeof name.text, "%.3g %s", n_bytes, units[unit]);
    return name;
}

/* YAML 1.1 takes a number for one only if it has a point. */
static void append_with_point(struct buffer *buffer, const char *text)
{
    size_t len = strcspn(text, "e");

    buffer_append(buffer, text, len);
    if (!memchr(text, '.', len))
        buffer_append_string(buffer, ".0");
    buffer_append_string(buffer, text + len);
}

void report_append_double(struct buffer *buffer, double number, const char *none)
{
    char text[32];

    if (isnan(number)) {
        buffer_append_string(buffer, none);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    append_with_point(buffer, text);
}
