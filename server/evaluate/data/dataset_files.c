/* SPDX-License-Identifier: Apache-2.0 */
#include "server/evaluate/data/judgements.h"

#include "server/evaluate/data/rows.h"
#include "server/text/buffer.h"

#include <stdlib.h>
#include <string.h>

static const struct table_column corpus_columns[] = {
    {.names = {"_id", "id", "corpus-id"}},
    {.names = {"text"}},
    {.names = {"title"}, .is_optional = true},
};
static const struct table_column query_columns[] = {
    {.names = {"_id", "id", "query-id"}},
    {.names = {"text"}},
};
static const struct table_column qrels_columns[] = {
    {.names = {"query-id", "query_id", "qid"}},
    {.names = {"corpus-id", "corpus_id", "docid"}},
    {.names = {"score"}, .is_number = true},
};

static struct slice strip(struct slice text)
{
    static const char spaces[] = " \t\n\v\f\r";

    while (text.len_bytes > 0 && memchr(spaces, text.bytes[0], sizeof spaces - 1)) {
        text.bytes++;
        text.len_bytes--;
    }
    while (text.len_bytes > 0 && memchr(spaces, text.bytes[text.len_bytes - 1], sizeof spaces - 1))
        text.len_bytes--;
    return text;
}

/* The list that rows are added to, and where a title and a text are joined. */
struct filling {
    struct text_list *list;
    struct buffer joined;
};

static enum status take_document(void *user, const struct table *table, const struct slice *fields,
                                 struct error *error)
{
    struct filling *filling = user;
    struct buffer *joined = &filling->joined;

    (void)error;
    joined->len_bytes = 0;
    buffer_append(joined, fields[2].bytes, fields[2].len_bytes);
    buffer_append(joined, " ", 1);
    buffer_append(joined, fields[1].bytes, fields[1].len_bytes);
    if (buffer_failed(joined))
        return STATUS_NO_MEMORY;
    return text_list_add(filling->list, fields[0],
                         strip((struct slice){joined->bytes, joined->len_bytes}),
                         reader_get_line(table_get_reader(table)));
}

static enum status take_query(void *user, const struct table *table, const struct slice *fields,
                              struct error *error)
{
    struct filling *filling = user;

    (void)error;
    return text_list_add(filling->list, fields[0], fields[1],
                         reader_get_line(table_get_reader(table)));
}

static enum status sort(struct text_list *list, const char *path, struct error *error)
{
    const struct text_item *second = text_list_sort(list);

    if (list->n_items == 0)
        return error_set(error, STATUS_INVALID, "%s: holds no texts", path);
    if (!second)
        return STATUS_OK;
    return error_set(error, STATUS_INVALID, "%s:%zu: the id \"%.*s\" stands on line %zu too", path,
                     second->line, (int)(second->id.len_bytes < 60 ? second->id.len_bytes : 60),
                     second->id.bytes, second[-1].line);
}

/* Judgements on their way into a data set whose texts are read. */
struct judging {
    struct dataset *dataset;
    struct judgements judgements;
    struct text_list absent; /* ids that the corpus lacks, as texts: one for each judgement */
};

/* What the corpus lacks gets a number above those of documents, so that it counts. */
static enum status take_judgement(void *user, const struct table *table, const struct slice *fields,
                                  struct error *error)
{
    const struct slice no_id = {0};
    struct judging *judging = user;
    struct dataset *dataset = judging->dataset;
    struct text_list *absent = &judging->absent;
    struct relevance relevance;
    double score;
    enum status status = table_read_number(table, fields[2], &score, error);

    if (status || score <= 0)
        return status;
    if (!text_list_find(&dataset->queries, fields[0], &relevance.query)) {
        dataset->n_absent_queries++;
        return STATUS_OK;
    }
    if (!text_list_find(&dataset->documents, fields[1], &relevance.document)) {
        relevance.document = dataset->documents.n_items + absent->n_items;
        status = text_list_add(absent, no_id, fields[1], reader_get_line(table_get_reader(table)));
    }
    return status ? status : judgements_add(&judging->judgements, relevance);
}

/* Gives judgements of the same absent document the same number. */
static enum status unite_absent(struct judging *judging)
{
    size_t n_documents = judging->dataset->documents.n_items;
    size_t *numbers = calloc(judging->absent.n_items + 1, sizeof *numbers);
    enum status status = numbers ? text_list_unite(&judging->absent, numbers) : STATUS_NO_MEMORY;

    for (size_t i = 0; i < judging->judgements.n_items && !status; i++) {
        size_t *document = &judging->judgements.items[i].document;

        if (*document >= n_documents)
            *document = n_documents + numbers[*document - n_documents];
    }
    free(numbers);
    judging->dataset->n_absent_documents = judging->absent.n_items;
    return status;
}

static enum status read_judgements(struct dataset *dataset, const char *path, struct error *error)
{
    struct judging judging = {.dataset = dataset};
    enum status status = rows_read(path, qrels_columns, 3, take_judgement, &judging, error);

    if (!status)
        status = unite_absent(&judging);
    if (!status)
        status = judgements_settle(&judging.judgements, dataset);
    if (status == STATUS_NO_MEMORY)
        (void)error_set(error, status, "%s: not enough memory for all of it", path);
    if (!status && dataset->queries.n_items == 0)
        status =
            error_set(error, STATUS_INVALID,
                      "%s: names no document with a score above 0 for any of the queries", path);
    judgements_release(&judging.judgements);
    text_list_release(&judging.absent);
    return status;
}

enum status dataset_read_files(struct dataset *ret_dataset, const char *queries, const char *corpus,
                               const char *qrels, struct error *error)
{
    struct dataset dataset = {0};
    struct filling documents = {.list = &dataset.documents};
    struct filling questions = {.list = &dataset.queries};
    enum status status = rows_read(queries, query_columns, 2, take_query, &questions, error);

    if (!status)
        status = sort(&dataset.queries, queries, error);
    if (!status)
        status = rows_read(corpus, corpus_columns, 3, take_document, &documents, error);
    buffer_release(&documents.joined);
    if (!status)
        status = sort(&dataset.documents, corpus, error);
    if (!status)
        status = read_judgements(&dataset, qrels, error);
    if (status)
        dataset_release(&dataset);
    else
        *ret_dataset = dataset;
    return status;
}
