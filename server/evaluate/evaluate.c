/* SPDX-License-Identifier: Apache-2.0 */

/* nestd evaluate: a data set is read, its texts are encoded once at full size, and every size and
 * format is made of those vectors, measured, and held against full size in float32. */
#include "server/evaluate/evaluate.h"

#include "config/options.h"
#include "server/evaluate/choice.h"
#include "server/evaluate/encoding.h"
#include "server/evaluate/output.h"
#include "server/text/log.h"

#include <stdlib.h>

static const double confidence = 95;

/* A data set and the vectors of its texts: `left` are queries, `right` documents. */
struct evaluation {
    const struct options *options;
    struct source source;
    struct formats formats;
    struct sizes sizes;
    struct dataset dataset;
    struct scored_pairs pairs;
    struct embedder *embedder;
    struct vectors left;
    struct vectors right;
    struct report report;
    struct report_row *rows; /* the report's */
};

enum status evaluate_check(const struct options *options, struct error *error)
{
    struct formats formats;
    struct source source;
    enum status status = source_init(&source, options, error);

    if (status)
        return status;
    source_release(&source);
    if (options->query_prompt && options->query_prompt_name)
        return error_set(error, STATUS_INVALID,
                         "--query-prompt: expected no --query-prompt-name beside it");
    if (options->corpus_prompt && options->corpus_prompt_name)
        return error_set(error, STATUS_INVALID,
                         "--corpus-prompt: expected no --corpus-prompt-name beside it");
    return formats_choose(&formats, options, error);
}

/* What is worth knowing and no error. */
static void warn_of_absent(const struct evaluation *evaluation)
{
    const struct dataset *dataset = &evaluation->dataset;

    if (dataset->n_absent_documents > 0)
        log_write(LOG_WARNING,
                  "%s: %zu documents are relevant that the corpus lacks: they count as not found",
                  evaluation->source.qrels, dataset->n_absent_documents);
    if (dataset->n_absent_queries > 0)
        log_write(LOG_WARNING, "%s: %zu rows name a query that %s lacks: they count for nothing",
                  evaluation->source.qrels, dataset->n_absent_queries, evaluation->source.queries);
}

static enum status read_data(struct evaluation *evaluation, struct error *error)
{
    const struct source *source = &evaluation->source;
    enum status status;

    if (source->sts)
        status = scored_pairs_read(&evaluation->pairs, source->sts, error);
    else if (source->pairs)
        status = dataset_read_pairs(&evaluation->dataset, source->pairs, error);
    else
        status = dataset_read_files(&evaluation->dataset, source->queries, source->corpus,
                                    source->qrels, error);
    if (status)
        return status;
    if (source->sts)
        log_write(LOG_INFO, "%zu pairs", evaluation->pairs.left.n_items);
    else
        log_write(LOG_INFO, "%zu queries, %zu documents, %zu relevant",
                  evaluation->dataset.queries.n_items, evaluation->dataset.documents.n_items,
                  evaluation->dataset.first[evaluation->dataset.queries.n_items]);
    warn_of_absent(evaluation);
    return STATUS_OK;
}

/* What does not fit the model is the options' fault. */
static enum status open_model(struct evaluation *evaluation, struct error *error)
{
    const struct options *options = evaluation->options;
    const struct embedder_info *info;
    enum status status = embedder_open(&evaluation->embedder, options, EMBEDDER_FULL_DIMS, error);

    if (status)
        return status == STATUS_INVALID ? STATUS_UNSUPPORTED : status;
    info = embedder_get_info(evaluation->embedder);
    return sizes_choose(&evaluation->sizes, options, info->n_dims, info->dims, info->n_dims_listed,
                        error);
}

static enum status encode_pairs(struct evaluation *evaluation, struct error *error)
{
    struct embedder *embedder = evaluation->embedder;
    const char *path = evaluation->source.sts;
    struct embed_prompt prompt;
    enum status status = embedder_find_prompt(embedder, NULL, &prompt, error);

    if (!status)
        status = encoding_encode(embedder, &evaluation->pairs.left, prompt, "first texts", path,
                                 &evaluation->left, error);
    if (!status)
        status = encoding_encode(embedder, &evaluation->pairs.right, prompt, "second texts", path,
                                 &evaluation->right, error);
    return status;
}

static enum status encode_dataset(struct evaluation *evaluation, struct error *error)
{
    static const char *const query_names[] = {"query", NULL};
    static const char *const corpus_names[] = {"document", "passage", "corpus", NULL};
    const struct options *options = evaluation->options;
    const struct source *source = &evaluation->source;
    struct embedder *embedder = evaluation->embedder;
    struct embed_prompt query_prompt;
    struct embed_prompt corpus_prompt;
    enum status status =
        encoding_find_prompt(embedder, options, options->query_prompt, options->query_prompt_name,
                             query_names, &query_prompt, error);

    if (!status)
        status =
            encoding_find_prompt(embedder, options, options->corpus_prompt,
                                 options->corpus_prompt_name, corpus_names, &corpus_prompt, error);
    if (status)
        return status == STATUS_INVALID ? STATUS_UNSUPPORTED : status;
    status =
        encoding_encode(embedder, &evaluation->dataset.queries, query_prompt, "queries",
                        source->pairs ? source->pairs : source->queries, &evaluation->left, error);
    if (!status)
        status = encoding_encode(embedder, &evaluation->dataset.documents, corpus_prompt,
                                 "documents", source->pairs ? source->pairs : source->corpus,
                                 &evaluation->right, error);
    return status;
}

static void describe(struct evaluation *evaluation)
{
    const struct options *options = evaluation->options;
    const struct embedder_info *info = embedder_get_info(evaluation->embedder);
    bool is_pairs = evaluation->source.sts;

    evaluation->report = (struct report){
        .model_name = info->model_name,
        .dataset_name = options->dataset_name ? options->dataset_name : "",
        .is_pairs = is_pairs,
        .n_queries = evaluation->left.n,
        .n_documents = evaluation->right.n,
        .similarity = info->similarity,
        .resampling = {(size_t)options->resamples, (uint64_t)options->seed, confidence},
        .n_texts = (uint64_t)options->storage_texts,
        .n_figures = is_pairs ? N_CORRELATIONS : N_RETRIEVAL_METRICS,
        .main_figure = is_pairs ? 2 * (size_t)info->similarity + 1 : RETRIEVAL_NDCG_10,
        .rows = evaluation->rows,
    };
}

static enum status measure(const struct evaluation *evaluation, const struct vectors *left,
                           const struct vectors *right, enum vector_format format,
                           struct sample *ret_sample)
{
    const struct report *report = &evaluation->report;

    if (report->is_pairs)
        return measure_pairs(evaluation->pairs.scores, left, right, format, &report->resampling,
                             ret_sample);
    return measure_retrieval(&evaluation->dataset, left, right, format, report->similarity,
                             &report->resampling, ret_sample);
}

static void add_row(struct evaluation *evaluation, size_t n_dims, enum vector_format format,
                    const struct sample *sample, const struct sample *full, double *scratch)
{
    struct report *report = &evaluation->report;
    struct report_row *row = &evaluation->rows[report->n_rows++];

    *row = (struct report_row){.n_dims = n_dims, .format = format};
    for (size_t i = 0; i < report->n_figures; i++)
        row->figures[i] = measure_figure(sample, full, i, &report->resampling, scratch);
    row->share = measure_share(sample, full, report->main_figure, REPORT_KEPT,
                               report->resampling.n_resamples);
}

/* A size in all formats; *full is made of the first. */
static enum status measure_size(struct evaluation *evaluation, size_t n_dims, struct sample *full,
                                double *scratch)
{
    bool normalize = embedder_get_info(evaluation->embedder)->normalize;
    struct vectors left = {0};
    struct vectors right = {0};
    enum status status = vectors_cut(&evaluation->left, n_dims, normalize, &left);

    if (!status)
        status = vectors_cut(&evaluation->right, n_dims, normalize, &right);
    for (enum vector_format format = 0; format < N_VECTOR_FORMATS && !status; format++) {
        struct sample sample = {0};

        /* Full size in float32 is there to compare with, asked for or not. */
        if (!evaluation->formats.wanted[format] && full->resampled)
            continue;
        status = measure(evaluation, &left, &right, format, &sample);
        if (status)
            break;
        add_row(evaluation, n_dims, format, &sample, full->resampled ? full : &sample, scratch);
        if (full->resampled)
            free(sample.resampled);
        else
            *full = sample;
    }
    free(left.values);
    free(right.values);
    return status;
}

static enum status measure_all(struct evaluation *evaluation, struct error *error)
{
    size_t n_resamples = (size_t)evaluation->options->resamples;
    double *scratch = calloc(n_resamples, sizeof *scratch);
    struct sample full = {0};
    enum status status = STATUS_NO_MEMORY;

    evaluation->rows =
        calloc(evaluation->sizes.n_sizes, N_VECTOR_FORMATS * sizeof *evaluation->rows);
    if (scratch && evaluation->rows) {
        status = STATUS_OK;
        describe(evaluation);
    }
    for (size_t i = 0; i < evaluation->sizes.n_sizes && !status; i++)
        status = measure_size(evaluation, evaluation->sizes.n_dims[i], &full, scratch);
    free(full.resampled);
    free(scratch);
    return status ? error_set(error, status, "not enough memory to compare so many vectors")
                  : STATUS_OK;
}

static void release(struct evaluation *evaluation)
{
    embedder_close(evaluation->embedder);
    free(evaluation->left.values);
    free(evaluation->right.values);
    free(evaluation->rows);
    dataset_release(&evaluation->dataset);
    scored_pairs_release(&evaluation->pairs);
    source_release(&evaluation->source);
}

enum status evaluate_run(const struct options *options, struct error *error)
{
    struct evaluation evaluation = {.options = options};
    enum status status = source_init(&evaluation.source, options, error);

    if (!status)
        status = formats_choose(&evaluation.formats, options, error);
    if (!status)
        status = read_data(&evaluation, error);
    if (!status)
        status = open_model(&evaluation, error);
    if (!status)
        status = evaluation.source.sts ? encode_pairs(&evaluation, error)
                                       : encode_dataset(&evaluation, error);
    if (!status)
        status = measure_all(&evaluation, error);
    if (!status)
        status = output_write(&evaluation.report, options->format, options->plot, error);
    release(&evaluation);
    return status;
}
