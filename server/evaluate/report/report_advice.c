/* SPDX-License-Identifier: Apache-2.0 */
#include "server/evaluate/report/report.h"

static bool is_better(const struct report *report, const struct report_row *row,
                      const struct report_row *than)
{
    size_t i = report->main_figure;

    if (report_bytes(row) != report_bytes(than))
        return report_bytes(row) < report_bytes(than);
    return row->figures[i].value > than->figures[i].value;
}

/* Every row keeps all of nothing; a correlation that has no meaning is NaN. */
static bool tells_rows_apart(const struct report *report)
{
    return report->rows[0].figures[report->main_figure].value > 0;
}

const struct report_row *report_recommend(const struct report *report, bool only_float32)
{
    const struct report_row *best = &report->rows[0];

    if (!tells_rows_apart(report))
        return best;
    for (size_t i = 1; i < report->n_rows; i++) {
        const struct report_row *row = &report->rows[i];

        if (row->share >= REPORT_SHARE && (!only_float32 || row->format == FORMAT_FLOAT32) &&
            is_better(report, row, best))
            best = row;
    }
    return best;
}

/* "128 of 768 dimensions as int8: ndcg@10 is within 1 % of full size with 95 % confidence; 24 times
 * smaller (1000000 texts: 128 MB instead of 3.07 GB)." */
static void write_sentence(const struct report *report, const struct report_row *row,
                           struct buffer *buffer)
{
    const struct report_row *full = &report->rows[0];
    double n_texts = (double)report->n_texts;

    buffer_appendf(buffer,
                   "%zu of %zu dimensions as %s: %s is within %.0f %% of full size with %.0f %% "
                   "confidence; %.3g times smaller (%llu texts: %s instead of %s).",
                   row->n_dims, full->n_dims, vector_format_name(row->format),
                   report_short_name(report, report->main_figure).text, 100 * (1 - REPORT_KEPT),
                   100 * REPORT_SHARE, (double)report_bytes(full) / (double)report_bytes(row),
                   (unsigned long long)report->n_texts,
                   report_size((double)report_bytes(row) * n_texts).text,
                   report_size((double)report_bytes(full) * n_texts).text);
}

void report_write_advice(const struct report *report, struct buffer *buffer)
{
    const struct report_row *full = &report->rows[0];
    const struct report_row *floats = report_recommend(report, true);
    const struct report_row *smallest = report_recommend(report, false);

    if (!tells_rows_apart(report)) {
        buffer_appendf(buffer,
                       "At full size %s is not above 0 over these %zu %s: they say nothing about "
                       "smaller vectors.",
                       report_short_name(report, report->main_figure).text, report->n_queries,
                       report->is_pairs ? "pairs" : "queries");
        return;
    }
    if (smallest == full) {
        buffer_appendf(
            buffer,
            "None of these is within %.0f %% of full size with %.0f %% confidence, by %s "
            "over %zu %s: keep %zu dimensions as float32.",
            100 * (1 - REPORT_KEPT), 100 * REPORT_SHARE,
            report_short_name(report, report->main_figure).text, report->n_queries,
            report->is_pairs ? "pairs" : "queries", full->n_dims);
        return;
    }
    if (floats != full && floats != smallest) {
        write_sentence(report, floats, buffer);
        buffer_append(buffer, " ", 1);
    }
    write_sentence(report, smallest, buffer);
}
