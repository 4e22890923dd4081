/* SPDX-License-Identifier: Apache-2.0 */
#include "server/evaluate/choice.h"

#include "config/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MIN_SIZE = 32 };

/* "folder/name.gz" where that is there, else "folder/name". */
static char *join(const char *folder, const char *name)
{
    char *path;

    if (asprintf(&path, "%s/%s.gz", folder, name) < 0)
        return NULL;
    if (access(path, F_OK) != 0)
        path[strlen(path) - strlen(".gz")] = '\0';
    return path;
}

static enum status find_in_folder(struct source *source, const struct options *options)
{
    char qrels[300];

    snprintf(qrels, sizeof qrels, "qrels/%.250s.tsv", options->split);
    source->queries = join(options->data, "queries.jsonl");
    source->corpus = join(options->data, "corpus.jsonl");
    source->qrels = join(options->data, qrels);
    return source->queries && source->corpus && source->qrels ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status take_files(struct source *source, const struct options *options,
                              struct error *error)
{
    if (!options->queries || !options->corpus || !options->qrels)
        return error_set(error, STATUS_INVALID,
                         "expected --queries, --corpus and --qrels together");
    source->queries = strdup(options->queries);
    source->corpus = strdup(options->corpus);
    source->qrels = strdup(options->qrels);
    return source->queries && source->corpus && source->qrels ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status source_init(struct source *ret_source, const struct options *options,
                        struct error *error)
{
    bool has_files = options->queries || options->corpus || options->qrels;
    int n_sets = has_files + !!options->data + !!options->pairs + !!options->sts;
    struct source source = {.pairs = options->pairs, .sts = options->sts};
    enum status status = STATUS_OK;

    if (n_sets != 1)
        return error_set(
            error, STATUS_INVALID,
            "expected one data set: --data FOLDER, or --queries, --corpus and --qrels, "
            "or --pairs FILE, or --sts FILE");
    if (has_files)
        status = take_files(&source, options, error);
    else if (options->data)
        status = find_in_folder(&source, options);
    if (status == STATUS_NO_MEMORY)
        (void)error_set(error, status, "not enough memory to start");
    if (status)
        source_release(&source);
    else
        *ret_source = source;
    return status;
}

void source_release(struct source *source)
{
    free(source->queries);
    free(source->corpus);
    free(source->qrels);
    *source = (struct source){0};
}

enum status formats_choose(struct formats *ret_formats, const struct options *options,
                           struct error *error)
{
    struct formats formats = {0};

    for (enum vector_format i = 0; i < N_VECTOR_FORMATS; i++)
        formats.wanted[i] =
            options->output_dtype.n_values == 0 && !(options->sts && i == FORMAT_BINARY_RESCORED);
    for (size_t i = 0; i < options->output_dtype.n_values; i++) {
        const char *name = options->output_dtype.values[i];
        enum vector_format format;

        if (!vector_format_parse((struct slice){name, strlen(name)}, &format))
            return error_set(error, STATUS_INVALID,
                             "--output-dtype=%.60s: expected float32, int8, binary or "
                             "binary-rescored",
                             name);
        if (options->sts && format == FORMAT_BINARY_RESCORED)
            return error_set(error, STATUS_INVALID,
                             "--output-dtype=binary-rescored: expected another format with --sts, "
                             "which has no documents to rank");
        formats.wanted[format] = true;
    }
    *ret_formats = formats;
    return STATUS_OK;
}

/* Keeps them falling, and none twice. */
static void insert(struct sizes *sizes, size_t n_dims)
{
    size_t at = 0;

    while (at < sizes->n_sizes && sizes->n_dims[at] > n_dims)
        at++;
    if (sizes->n_sizes == MAX_SIZES || (at < sizes->n_sizes && sizes->n_dims[at] == n_dims))
        return;
    memmove(sizes->n_dims + at + 1, sizes->n_dims + at,
            (sizes->n_sizes - at) * sizeof *sizes->n_dims);
    sizes->n_dims[at] = n_dims;
    sizes->n_sizes++;
}

enum status sizes_choose(struct sizes *ret_sizes, const struct options *options, size_t full_dims,
                         const size_t *trained, size_t n_trained, struct error *error)
{
    const struct option_numbers *asked = &options->dimensions;
    struct sizes sizes = {.n_dims = {full_dims}, .n_sizes = 1};

    if (asked->n_values >= MAX_SIZES)
        return error_set(error, STATUS_UNSUPPORTED, "--dimensions: expected at most %d sizes",
                         MAX_SIZES - 1);
    for (size_t i = 0; i < asked->n_values; i++) {
        if ((size_t)asked->values[i] > full_dims)
            return error_set(error, STATUS_UNSUPPORTED,
                             "--dimensions=%lld: expected at most the %zu that the model has",
                             (long long)asked->values[i], full_dims);
        insert(&sizes, (size_t)asked->values[i]);
    }
    for (size_t i = 0; i < n_trained && asked->n_values == 0; i++)
        insert(&sizes, trained[i]);
    for (size_t n_dims = full_dims / 2;
         asked->n_values == 0 && n_trained == 0 && n_dims >= MIN_SIZE; n_dims /= 2)
        insert(&sizes, n_dims);
    *ret_sizes = sizes;
    return STATUS_OK;
}
