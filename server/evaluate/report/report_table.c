/* SPDX-License-Identifier: Apache-2.0 */

/* For people: a table a format with a column a size, then the same of differences. Text and
 * Markdown differ in what stands between cells. */
#include "server/evaluate/report/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME_WIDTH = 18, VALUE_WIDTH = 10, DIFFERENCE_WIDTH = 19 };

struct table_writer {
    const struct report *report;
    struct buffer *buffer;
    bool is_markdown;
};

static void write_cell(const struct table_writer *writer, size_t i_column, int width,
                       const char *text)
{
    if (writer->is_markdown)
        buffer_appendf(writer->buffer, "%s %s |", i_column == 0 ? "|" : "", text);
    else if (i_column == 0)
        buffer_appendf(writer->buffer, "%-*s", NAME_WIDTH, text);
    else
        buffer_appendf(writer->buffer, "%*s", width, text);
}

static void end_row(const struct table_writer *writer)
{
    buffer_append(writer->buffer, "\n", 1);
}

static bool belongs(const struct report_row *row, enum vector_format format)
{
    return row->format == format;
}

/* The format, and the size of each of its rows. */
static void write_head(const struct table_writer *writer, enum vector_format format, int width)
{
    const struct report *report = writer->report;
    size_t n_columns = 1;

    write_cell(writer, 0, width, vector_format_name(format));
    for (size_t i = 0; i < report->n_rows; i++) {
        char dims[24];

        if (!belongs(&report->rows[i], format))
            continue;
        snprintf(dims, sizeof dims, "%zu", report->rows[i].n_dims);
        write_cell(writer, n_columns++, width, dims);
    }
    end_row(writer);
    if (!writer->is_markdown)
        return;
    buffer_append_string(writer->buffer, "|:---|");
    for (size_t i = 1; i < n_columns; i++)
        buffer_append_string(writer->buffer, "---:|");
    end_row(writer);
}

/* A cell of a figure. */
struct cell {
    char text[40];
};

static struct cell value_cell(const struct report *report, const struct report_row *row,
                              size_t i_figure)
{
    const struct figure *figure = &row->figures[i_figure];
    struct cell cell = {"-"};

    (void)report;
    if (!isnan(figure->value))
        snprintf(cell.text, sizeof cell.text, "%.4f", figure->value);
    return cell;
}

/* Full size has no difference to itself. */
static struct cell difference_cell(const struct report *report, const struct report_row *row,
                                   size_t i_figure)
{
    const struct figure *figure = &row->figures[i_figure];
    struct cell cell = {"-"};

    if (row != &report->rows[0] && !isnan(figure->difference))
        snprintf(cell.text, sizeof cell.text, "%+.4f..%+.4f", figure->difference_interval.low,
                 figure->difference_interval.high);
    return cell;
}

/* A line of the table: a figure of all rows of a format. */
static void write_figure(const struct table_writer *writer, enum vector_format format,
                         size_t i_figure, int width,
                         struct cell (*make_cell)(const struct report *report,
                                                  const struct report_row *row, size_t i_figure))
{
    const struct report *report = writer->report;
    size_t n_columns = 1;

    write_cell(writer, 0, width, report_short_name(report, i_figure).text);
    for (size_t i = 0; i < report->n_rows; i++) {
        const struct report_row *row = &report->rows[i];

        if (belongs(row, format))
            write_cell(writer, n_columns++, width, make_cell(report, row, i_figure).text);
    }
    end_row(writer);
}

static void write_storage(const struct table_writer *writer, enum vector_format format)
{
    const struct report *report = writer->report;
    size_t n_columns = 1;

    write_cell(writer, 0, VALUE_WIDTH, "storage");
    for (size_t i = 0; i < report->n_rows; i++) {
        const struct report_row *row = &report->rows[i];

        if (belongs(row, format))
            write_cell(writer, n_columns++, VALUE_WIDTH,
                       report_size((double)report_bytes(row) * (double)report->n_texts).text);
    }
    end_row(writer);
}

static bool has_format(const struct report *report, enum vector_format format)
{
    for (size_t i = 0; i < report->n_rows; i++) {
        if (belongs(&report->rows[i], format))
            return true;
    }
    return false;
}

static void write_values(const struct table_writer *writer)
{
    for (enum vector_format format = 0; format < N_VECTOR_FORMATS; format++) {
        if (!has_format(writer->report, format))
            continue;
        write_head(writer, format, VALUE_WIDTH);
        for (size_t i = 0; i < writer->report->n_figures; i++)
            write_figure(writer, format, i, VALUE_WIDTH, value_cell);
        write_storage(writer, format);
        end_row(writer);
    }
}

static void write_differences(const struct table_writer *writer)
{
    for (enum vector_format format = 0; format < N_VECTOR_FORMATS; format++) {
        if (!has_format(writer->report, format))
            continue;
        write_head(writer, format, DIFFERENCE_WIDTH);
        for (size_t i = 0; i < writer->report->n_figures; i++)
            write_figure(writer, format, i, DIFFERENCE_WIDTH, difference_cell);
        end_row(writer);
    }
}

static void write_title(const struct table_writer *writer)
{
    const struct report *report = writer->report;
    const char *mark = writer->is_markdown ? "## " : "";

    buffer_appendf(writer->buffer, "%s%s", mark, report->model_name);
    if (report->dataset_name[0])
        buffer_appendf(writer->buffer, " on %s", report->dataset_name);
    if (report->is_pairs)
        buffer_appendf(writer->buffer, ": %zu pairs\n\n", report->n_queries);
    else
        buffer_appendf(writer->buffer, ": %zu queries, %zu documents, by %s\n\n", report->n_queries,
                       report->n_documents, similarity_name(report->similarity));
}

static void write_all(const struct table_writer *writer)
{
    const struct report *report = writer->report;

    write_title(writer);
    write_values(writer);
    buffer_appendf(
        writer->buffer,
        "Difference to float32 at %zu: %.0f %% of %zu resamples of the %s lie between\n\n",
        report->rows[0].n_dims, report->resampling.confidence, report->resampling.n_resamples,
        report->is_pairs ? "pairs" : "queries");
    write_differences(writer);
    buffer_appendf(writer->buffer, "storage: of %llu texts\n", (unsigned long long)report->n_texts);
    if (writer->is_markdown)
        end_row(writer);
    report_write_advice(report, writer->buffer);
    end_row(writer);
}

void report_write_table(const struct report *report, struct buffer *buffer)
{
    const struct table_writer writer = {report, buffer, false};

    write_all(&writer);
}

void report_write_markdown(const struct report *report, struct buffer *buffer)
{
    const struct table_writer writer = {report, buffer, true};

    write_all(&writer);
}
