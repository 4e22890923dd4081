/* SPDX-License-Identifier: Apache-2.0 */

/* What the model's card says: README.md in the model's folder, as sentence-transformers and the
 * model hub write it. A card is for people. Nothing in it changes a vector, and a card that cannot
 * be read costs a note, never the model. Read-only once read. */
#ifndef NESTD_ENGINE_MODEL_CARD_H
#define NESTD_ENGINE_MODEL_CARD_H

#include "engine/base/status.h"

#include <stddef.h>

/* An example of the card's widget: a text, and the texts it is compared with, if any. */
struct card_example {
    const char *text;
    const char **sentences; /* [n_sentences] */
    size_t n_sentences;
};

/* Each text as the card has it; NULL where it has none. */
struct card_metric {
    const char *type;  /* "cosine_ndcg@10" */
    const char *name;  /* "Cosine Ndcg@10" */
    const char *value; /* the card's own digits: "0.8254" */
};

/* What the card's model-index tells of one data set. */
struct card_result {
    const char *task_type; /* "information-retrieval" */
    const char *task_name;
    const char *dataset_type;
    const char *dataset_name;    /* "dim 768" */
    struct card_metric *metrics; /* [n_metrics] */
    size_t n_metrics;
};

struct card {
    char *license;           /* NULL: the card names none; several are joined by ", " */
    const char **base_model; /* [n_base_models]: what the model was made from */
    size_t n_base_models;
    struct card_example *examples; /* [n_examples] */
    size_t n_examples;
    struct card_result *results; /* [n_results] */
    size_t n_results;
    size_t *dims; /* [n_dims], ascending: the sizes that MatryoshkaLoss was given */
    size_t n_dims;

    struct json_t *front_matter; /* private: most texts above are borrowed from it */
};

/* The card of a model whose vectors have n_vector_dims numbers; an empty one where the folder has
 * none. What cannot be read is left out, and the first such thing is told in *ret_complaint, which
 * is zeroed where there is none. STATUS_NO_MEMORY is the only failure; card_release then, too. */
MUST_CHECK enum status card_read(struct card *ret_card, const char *model_dir, size_t n_vector_dims,
                                 struct error *ret_complaint);

/* The same of a README.md in memory; `len_bytes` of UTF-8, of which nothing is kept. */
MUST_CHECK enum status card_parse(struct card *ret_card, const char *text, size_t len_bytes,
                                  size_t n_vector_dims, struct error *ret_complaint);

/* Also of a zeroed one. */
void card_release(struct card *card);

#endif
