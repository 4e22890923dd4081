/* SPDX-License-Identifier: Apache-2.0 */

/* For programs: JSON, CSV, and the YAML of a model's card. */
#include "server/evaluate/report/report.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void append_member(struct buffer *buffer, const char *name, double number)
{
    buffer_appendf(buffer, ",\"%s\":", name);
    report_append_double(buffer, number, "null");
}

static void append_figure(const struct figure *figure, struct buffer *buffer)
{
    buffer_append_string(buffer, "{\"value\":");
    report_append_double(buffer, figure->value, "null");
    append_member(buffer, "low", figure->interval.low);
    append_member(buffer, "high", figure->interval.high);
    append_member(buffer, "difference", figure->difference);
    append_member(buffer, "difference_low", figure->difference_interval.low);
    append_member(buffer, "difference_high", figure->difference_interval.high);
    buffer_append(buffer, "}", 1);
}

static void append_row(const struct report *report, const struct report_row *row,
                       struct buffer *buffer)
{
    buffer_appendf(buffer, "{\"dimensions\":%zu,\"output_dtype\":\"%s\",\"bytes_per_text\":%zu",
                   row->n_dims, vector_format_name(row->format), report_bytes(row));
    append_member(buffer, "share_within_1_percent", row->share);
    buffer_append_string(buffer, ",\"metrics\":{");
    for (size_t i = 0; i < report->n_figures; i++) {
        buffer_appendf(buffer, "%s\"%s\":", i > 0 ? "," : "", report_name(report, i).text);
        append_figure(&row->figures[i], buffer);
    }
    buffer_append_string(buffer, "}}");
}

static void append_recommendation(const struct report *report, struct buffer *buffer)
{
    const struct report_row *row = report_recommend(report, false);
    struct buffer advice = {0};

    report_write_advice(report, &advice);
    if (buffer_failed(&advice))
        buffer->failed = true;
    buffer_appendf(buffer,
                   "\"recommendation\":{\"dimensions\":%zu,\"output_dtype\":\"%s\",\"text\":",
                   row->n_dims, vector_format_name(row->format));
    buffer_append_json_string(buffer, advice.bytes, advice.len_bytes);
    buffer_append(buffer, "}", 1);
    buffer_release(&advice);
}

void report_write_json(const struct report *report, struct buffer *buffer)
{
    buffer_append_string(buffer, "{\"model\":");
    buffer_append_json_string(buffer, report->model_name, strlen(report->model_name));
    buffer_append_string(buffer, ",\"dataset\":");
    buffer_append_json_string(buffer, report->dataset_name, strlen(report->dataset_name));
    if (report->is_pairs)
        buffer_appendf(buffer, ",\"pairs\":%zu", report->n_queries);
    else
        buffer_appendf(buffer, ",\"queries\":%zu,\"documents\":%zu,\"similarity\":\"%s\"",
                       report->n_queries, report->n_documents, similarity_name(report->similarity));
    buffer_appendf(buffer, ",\"main_metric\":\"%s\",\"resamples\":%zu,\"seed\":%llu",
                   report_name(report, report->main_figure).text, report->resampling.n_resamples,
                   (unsigned long long)report->resampling.seed);
    append_member(buffer, "confidence_percent", report->resampling.confidence);
    buffer_append_string(buffer, ",\"rows\":[");
    for (size_t i = 0; i < report->n_rows; i++) {
        buffer_append_string(buffer, i > 0 ? ",\n" : "\n");
        append_row(report, &report->rows[i], buffer);
    }
    buffer_append_string(buffer, "\n],");
    append_recommendation(report, buffer);
    buffer_append_string(buffer, "}\n");
}

static void append_csv_number(struct buffer *buffer, double number)
{
    buffer_append(buffer, ",", 1);
    report_append_double(buffer, number, "");
}

void report_write_csv(const struct report *report, struct buffer *buffer)
{
    buffer_append_string(buffer, "dimensions,output_dtype,bytes_per_text,metric,value,low,high,"
                                 "difference,difference_low,difference_high\r\n");
    for (size_t r = 0; r < report->n_rows; r++) {
        const struct report_row *row = &report->rows[r];

        for (size_t i = 0; i < report->n_figures; i++) {
            const struct figure *figure = &row->figures[i];

            buffer_appendf(buffer, "%zu,%s,%zu,%s", row->n_dims, vector_format_name(row->format),
                           report_bytes(row), report_name(report, i).text);
            append_csv_number(buffer, figure->value);
            append_csv_number(buffer, figure->interval.low);
            append_csv_number(buffer, figure->interval.high);
            append_csv_number(buffer, figure->difference);
            append_csv_number(buffer, figure->difference_interval.low);
            append_csv_number(buffer, figure->difference_interval.high);
            buffer_append_string(buffer, "\r\n");
        }
    }
}

/* Plain where YAML takes it for a text whatever it says, else as JSON has it, which YAML reads too. */
static void append_yaml(struct buffer *buffer, const char *text)
{
    bool is_plain = isalpha((unsigned char)text[0]);

    for (size_t i = 0; text[i]; i++)
        is_plain = is_plain && (isalnum((unsigned char)text[i]) || strchr("_-./", text[i]));
    if (is_plain && strlen(text) > 5) /* longer than "null", "false" and the like */
        buffer_append_string(buffer, text);
    else
        buffer_append_json_string(buffer, text, strlen(text));
}

/* What a row is called: "dim_128" in float32, "dim_128_int8"; behind the data set's name. */
static struct figure_name row_name(const struct report_row *row)
{
    struct figure_name name;

    snprintf(name.text, sizeof name.text, "dim_%zu%s%s", row->n_dims,
             row->format == FORMAT_FLOAT32 ? "" : "_",
             row->format == FORMAT_FLOAT32 ? "" : vector_format_name(row->format));
    return name;
}

static void append_dataset(const struct report *report, const struct report_row *row,
                           struct buffer *buffer)
{
    char type[200];
    char name[200];

    snprintf(type, sizeof type, "%.150s%s%s", report->dataset_name,
             report->dataset_name[0] ? "_" : "", row_name(row).text);
    for (size_t i = 0; i < sizeof name; i++)
        name[i] = type[i] == '_' || type[i] == '-' ? ' ' : type[i];
    buffer_append_string(buffer, "    dataset:\n      name: ");
    buffer_append_json_string(buffer, name, strlen(name));
    buffer_append_string(buffer, "\n      type: ");
    append_yaml(buffer, type);
    buffer_append(buffer, "\n", 1);
}

/* "cosine_ndcg@10" as "Cosine Ndcg@10": Python's str.title() of it. */
static struct figure_name title_of(struct figure_name name)
{
    bool begins = true;

    for (size_t i = 0; name.text[i]; i++) {
        unsigned char character = (unsigned char)name.text[i];

        if (begins)
            name.text[i] = (char)toupper(character);
        begins = !isalpha(character);
        if (character == '_')
            name.text[i] = ' ';
    }
    return name;
}

static void append_result(const struct report *report, const struct report_row *row,
                          struct buffer *buffer)
{
    buffer_appendf(buffer, "  - task:\n      type: %s\n      name: %s\n",
                   report->is_pairs ? "semantic-similarity" : "information-retrieval",
                   report->is_pairs ? "Semantic Similarity" : "Information Retrieval");
    append_dataset(report, row, buffer);
    buffer_append_string(buffer, "    metrics:\n");
    for (size_t i = 0; i < report->n_figures; i++) {
        struct figure_name name = report_name(report, i);

        buffer_appendf(buffer, "    - type: %s\n      value: ", name.text);
        report_append_double(buffer, row->figures[i].value, ".nan");
        buffer_appendf(buffer, "\n      name: %s\n", title_of(name).text);
    }
}

void report_write_card(const struct report *report, struct buffer *buffer)
{
    buffer_append_string(buffer, "model-index:\n- name: ");
    append_yaml(buffer, report->model_name);
    buffer_append_string(buffer, "\n  results:\n");
    for (size_t i = 0; i < report->n_rows; i++)
        append_result(report, &report->rows[i], buffer);
}
