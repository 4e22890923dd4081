/* SPDX-License-Identifier: Apache-2.0 */

/* Questions, documents, and which documents answer which question; read from files, untrusted. A
 * complaint names the file and the line. Read-only once it is read. */
#ifndef NESTD_SERVER_EVALUATE_DATASET_H
#define NESTD_SERVER_EVALUATE_DATASET_H

#include "server/evaluate/data/text_list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers in the two lists. */
struct relevance {
    size_t query;
    size_t document;
};

/* Zeroed: empty. */
struct dataset {
    struct text_list queries;   /* those that have a relevant document, by ascending id */
    struct text_list documents; /* by ascending id: equal scores rank in this order */

    /* Ascending by query and document. What is relevant to query q is relevant[first[q]] to
     * relevant[first[q + 1] - 1]. */
    struct relevance *relevant;
    size_t *first;      /* [n_queries + 1] */
    size_t *n_relevant; /* [n_queries]: those that the corpus lacks count too */

    size_t n_absent_documents; /* relevant ones that the corpus lacks */
    size_t n_absent_queries;   /* judgements of a query that the queries lack */
};

enum { DATASET_MAX_RECORD_BYTES = 16 << 20 };

void dataset_release(struct dataset *dataset);

/* The files of BEIR: `corpus` with _id, title (may be missing) and text, `queries` with _id and
 * text, `qrels` with query-id, corpus-id and score, where a score above 0 says relevant. JSON Lines,
 * CSV or TSV, also compressed by gzip (records/table.h). A document's title and text are joined by
 * a space, as BEIR and MTEB do it. A query or a document whose id is there twice is INVALID. */
MUST_CHECK enum status dataset_read_files(struct dataset *ret_dataset, const char *queries,
                                          const char *corpus, const char *qrels,
                                          struct error *error);

/* A question and its answer a row: question (or query, anchor) and answer (positive, document). Each
 * different question is a query, each different answer a document, numbered as they come. */
MUST_CHECK enum status dataset_read_pairs(struct dataset *ret_dataset, const char *path,
                                          struct error *error);

/* Whether that document answers that query. */
bool dataset_is_relevant(const struct dataset *dataset, size_t query, size_t document);

/* Two texts a row, and how close people found them. */
struct scored_pairs {
    struct text_list left; /* ids are empty */
    struct text_list right;
    double *scores; /* [n_pairs], as many as both lists have */
};

/* sentence1 (or text1), sentence2 (text2) and score (label). At least two rows, STATUS_INVALID
 * otherwise. */
MUST_CHECK enum status scored_pairs_read(struct scored_pairs *ret_pairs, const char *path,
                                         struct error *error);
void scored_pairs_release(struct scored_pairs *pairs);

#endif
