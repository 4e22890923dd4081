/* SPDX-License-Identifier: Apache-2.0 */

/* What an evaluation found, and the ways to print it. Each writer is pure and appends to a buffer,
 * whose failure sticks. */
#ifndef NESTD_SERVER_EVALUATE_REPORT_H
#define NESTD_SERVER_EVALUATE_REPORT_H

#include "server/evaluate/measure.h"
#include "server/text/buffer.h"

#include <stdbool.h>
#include <stddef.h>

/* One size and format. */
struct report_row {
    size_t n_dims;
    enum vector_format format;
    struct figure figures[MAX_FIGURES]; /* [n_figures] */
    double share; /* of resamples in which the main figure kept REPORT_KEPT of full size's */
};

/* A row is good enough where, in so many resamples, so much of the main figure is kept. */
#define REPORT_KEPT  0.99
#define REPORT_SHARE 0.95

struct report {
    const char *model_name;
    const char *dataset_name; /* "" where it has none */
    bool is_pairs;            /* scored pairs; else queries and documents */
    size_t n_queries;         /* or pairs */
    size_t n_documents;
    enum similarity similarity; /* of the ranking */
    struct resampling resampling;
    uint64_t n_texts; /* what storage is counted for */
    size_t n_figures;
    size_t main_figure;            /* its number */
    const struct report_row *rows; /* [n_rows]; the first is full size in float32, what all others
                                      are compared with; then by falling size, then by format */
    size_t n_rows;
};

struct figure_name {
    char text[32];
};

/* "ndcg@10", or "spearman_cosine", which has no shorter name. */
struct figure_name report_short_name(const struct report *report, size_t i_figure);

/* As sentence-transformers' evaluators have it: "cosine_ndcg@10". */
struct figure_name report_name(const struct report *report, size_t i_figure);

/* Bytes of a vector in a row's format. */
size_t report_bytes(const struct report_row *row);

/* "1.54 GB", of 1000 bytes a KB. */
struct figure_name report_size(double n_bytes);

/* The smallest row of those good enough, all of them or those in float32 only; of the same size the
 * one with the larger main figure. */
const struct report_row *report_recommend(const struct report *report, bool only_float32);

/* What is recommended, in one sentence or two, without a line's end. */
void report_write_advice(const struct report *report, struct buffer *buffer);

void report_write_table(const struct report *report, struct buffer *buffer);
void report_write_markdown(const struct report *report, struct buffer *buffer);
void report_write_json(const struct report *report, struct buffer *buffer);
void report_write_csv(const struct report *report, struct buffer *buffer);

/* model-index, as sentence-transformers writes it into a model's card: a result for each row. */
void report_write_card(const struct report *report, struct buffer *buffer);

/* The main figure against the bytes of a vector, with its interval: an SVG with its words as title
 * and description. */
void report_write_plot(const struct report *report, struct buffer *buffer);

/* A number as JSON, CSV and YAML have it: the shortest text of a double; `none` for NaN. */
void report_append_double(struct buffer *buffer, double number, const char *none);

#endif
