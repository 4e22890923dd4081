/* SPDX-License-Identifier: Apache-2.0 */

/* The plot: bytes of a vector to the right, doubling from line to line, the main figure upwards. A
 * format is a line of points with a shape and a colour of its own; a point's whisker is its
 * interval, its label the number of dimensions. The description says all of it in words, for those
 * who hear it. */
#include "server/evaluate/report/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 760, HEIGHT = 480, LEFT = 70, RIGHT = 30, TOP = 60, BOTTOM = 90 };

/* What a point's place is computed from. */
struct axes {
    double min_bytes; /* as powers of two */
    double max_bytes;
    double low;
    double high;
};

static const struct {
    const char *colour; /* at least 4.5 to 1 on white */
    const char *shape;  /* around 0, 0 */
} styles[N_VECTOR_FORMATS] = {
    [FORMAT_FLOAT32] = {"#00629b", "M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0z"},
    [FORMAT_INT8] = {"#a94100", "M-5,-5h10v10h-10z"},
    [FORMAT_BINARY] = {"#006b4f", "M0,-6l6,11h-12z"},
    [FORMAT_BINARY_RESCORED] = {"#8a3a78", "M0,-7l7,7l-7,7l-7,-7z"},
};

static const struct figure *main_figure(const struct report *report, const struct report_row *row)
{
    return &row->figures[report->main_figure];
}

static bool is_drawn(const struct report *report, const struct report_row *row)
{
    return !isnan(main_figure(report, row)->value);
}

static struct axes find_axes(const struct report *report)
{
    struct axes axes = {HUGE_VAL, -HUGE_VAL, HUGE_VAL, -HUGE_VAL};

    for (size_t i = 0; i < report->n_rows; i++) {
        const struct report_row *row = &report->rows[i];
        const struct figure *figure = main_figure(report, row);
        double bytes = log2((double)report_bytes(row));

        if (!is_drawn(report, row))
            continue;
        axes.min_bytes = fmin(axes.min_bytes, floor(bytes));
        axes.max_bytes = fmax(axes.max_bytes, ceil(bytes));
        axes.low = fmin(axes.low, floor(10 * fmin(figure->interval.low, figure->value)) / 10);
        axes.high = fmax(axes.high, ceil(10 * fmax(figure->interval.high, figure->value)) / 10);
    }
    if (!(axes.max_bytes > axes.min_bytes))
        axes.max_bytes = axes.min_bytes + 1;
    if (!(axes.high > axes.low))
        axes.high = axes.low + 0.1;
    return axes;
}

static double find_x(const struct axes *axes, double log_bytes)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * (log_bytes - axes->min_bytes) /
                      (axes->max_bytes - axes->min_bytes);
}

static double find_y(const struct axes *axes, double value)
{
    return TOP + (HEIGHT - TOP - BOTTOM) * (axes->high - value) / (axes->high - axes->low);
}

static void append_xml(struct buffer *buffer, const char *text)
{
    for (; *text; text++) {
        if (*text == '&')
            buffer_append_string(buffer, "&amp;");
        else if (*text == '<')
            buffer_append_string(buffer, "&lt;");
        else if ((unsigned char)*text >= ' ')
            buffer_append(buffer, text, 1);
    }
}

static void write_description(const struct report *report, struct buffer *buffer)
{
    buffer_appendf(buffer, "<desc id=\"d\">%s, with the interval that %.0f %% of resamples lie in.",
                   report_name(report, report->main_figure).text, report->resampling.confidence);
    for (size_t i = 0; i < report->n_rows; i++) {
        const struct report_row *row = &report->rows[i];
        const struct figure *figure = main_figure(report, row);

        if (is_drawn(report, row))
            buffer_appendf(buffer, " %s, %zu dimensions, %zu bytes: %.4f, %.4f to %.4f.",
                           vector_format_name(row->format), row->n_dims, report_bytes(row),
                           figure->value, figure->interval.low, figure->interval.high);
    }
    buffer_append_string(buffer, "</desc>\n");
}

static void write_title(const struct report *report, struct buffer *buffer, const char *open,
                        const char *close)
{
    buffer_append_string(buffer, open);
    append_xml(buffer, report->model_name);
    buffer_appendf(buffer, ": %s by bytes of a vector",
                   report_short_name(report, report->main_figure).text);
    if (report->dataset_name[0])
        buffer_append_string(buffer, ", ");
    append_xml(buffer, report->dataset_name);
    buffer_append_string(buffer, close);
}

/* Lines across and down, and their numbers. */
static void write_grid(const struct axes *axes, struct buffer *buffer)
{
    int n_steps = (int)lround(10 * (axes->high - axes->low));

    for (int i = 0; i <= n_steps; i++) {
        double value = axes->low + i / 10.0;
        double y = find_y(axes, value);

        buffer_appendf(buffer,
                       "<path class=\"g\" d=\"M%d,%.1fH%d\"/><text x=\"%d\" y=\"%.1f\" "
                       "text-anchor=\"end\">%.1f</text>\n",
                       LEFT, y, WIDTH - RIGHT, LEFT - 8, y + 4, value);
    }
    for (double bytes = axes->min_bytes; bytes <= axes->max_bytes; bytes++) {
        double x = find_x(axes, bytes);

        buffer_appendf(buffer,
                       "<path class=\"g\" d=\"M%.1f,%dV%d\"/><text x=\"%.1f\" y=\"%d\" "
                       "text-anchor=\"middle\">%.0f</text>\n",
                       x, TOP, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 20, exp2(bytes));
    }
}

static void write_point(const struct report *report, const struct axes *axes,
                        const struct report_row *row, struct buffer *buffer)
{
    const struct figure *figure = main_figure(report, row);
    double x = find_x(axes, log2((double)report_bytes(row)));
    double y = find_y(axes, figure->value);

    buffer_appendf(buffer, "<path class=\"w\" d=\"M%.1f,%.1fV%.1fm-4,0h8M%.1f,%.1fh8\"/>", x,
                   find_y(axes, figure->interval.low), find_y(axes, figure->interval.high), x - 4,
                   find_y(axes, figure->interval.low));
    buffer_appendf(buffer, "<path class=\"p\" transform=\"translate(%.1f,%.1f)\" d=\"%s\"/>", x, y,
                   styles[row->format].shape);
    buffer_appendf(buffer, "<text x=\"%.1f\" y=\"%.1f\">%zu</text>\n", x + 7, y + 15, row->n_dims);
}

/* A format's line, its points, and its place in the legend; false where it has no points. */
static bool write_series(const struct report *report, const struct axes *axes,
                         enum vector_format format, size_t i_series, struct buffer *buffer)
{
    size_t n_points = 0;

    for (size_t i = 0; i < report->n_rows; i++) {
        const struct report_row *row = &report->rows[i];

        if (row->format != format || !is_drawn(report, row))
            continue;
        if (n_points == 0)
            buffer_appendf(buffer, "<g fill=\"%s\" stroke=\"%s\"><path class=\"l\" d=\"",
                           styles[format].colour, styles[format].colour);
        buffer_appendf(buffer, "%c%.1f,%.1f", n_points++ == 0 ? 'M' : 'L',
                       find_x(axes, log2((double)report_bytes(row))),
                       find_y(axes, main_figure(report, row)->value));
    }
    if (n_points == 0)
        return false;
    buffer_append_string(buffer, "\"/>\n");
    for (size_t i = 0; i < report->n_rows; i++) {
        if (report->rows[i].format == format && is_drawn(report, &report->rows[i]))
            write_point(report, axes, &report->rows[i], buffer);
    }
    buffer_appendf(buffer,
                   "<path class=\"p\" transform=\"translate(%zu,%d)\" d=\"%s\"/><text x=\"%zu\" "
                   "y=\"%d\">%s</text></g>\n",
                   LEFT + 150 * i_series, HEIGHT - 18, styles[format].shape,
                   LEFT + 150 * i_series + 12, HEIGHT - 14, vector_format_name(format));
    return true;
}

void report_write_plot(const struct report *report, struct buffer *buffer)
{
    struct axes axes = find_axes(report);
    size_t n_series = 0;

    buffer_appendf(buffer,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
                   "height=\"%d\" role=\"img\" aria-labelledby=\"t d\">\n",
                   WIDTH, HEIGHT, WIDTH, HEIGHT);
    write_title(report, buffer, "<title id=\"t\">", "</title>\n");
    write_description(report, buffer);
    buffer_append_string(
        buffer, "<style>text{font:12px sans-serif;fill:#222;stroke:none}.h{font-size:15px}"
                ".g{stroke:#ccc;fill:none}.l{fill:none;stroke-width:1.5}.w{fill:none}"
                ".p{stroke:none}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
    write_title(report, buffer, "<text class=\"h\" x=\"70\" y=\"30\">", "</text>\n");
    buffer_appendf(buffer,
                   "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">bytes of a vector</text>\n",
                   (LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 42);
    write_grid(&axes, buffer);
    for (enum vector_format format = 0; format < N_VECTOR_FORMATS; format++)
        n_series += write_series(report, &axes, format, n_series, buffer);
    buffer_append_string(buffer, "</svg>\n");
}
