/* SPDX-License-Identifier: Apache-2.0 */

/* What config.json says of a cross-encoder's scores: how many a text gets, what each is called, and
 * what becomes of them. Any thread. */
#ifndef NESTD_ENGINE_MODEL_HEAD_LABELS_H
#define NESTD_ENGINE_MODEL_HEAD_LABELS_H

#include "engine/base/status.h"
#include "engine/vector/scores.h"

#include <stdbool.h>
#include <stddef.h>

struct document;

struct labels {
    char **names;                     /* [n] */
    size_t n;                         /* 0: the model has no head, it embeds */
    enum score_activation activation; /* as sentence-transformers' CrossEncoder applies it */
    bool are_independent; /* several may hold at once: each has a probability of its own */
};

/* What makes probabilities of a model's scores. */
enum score_activation labels_get_probability(const struct labels *labels);

/* Whether config.json is that of a model with a head: "architectures" begins with a
 * ...ForSequenceClassification. */
bool labels_are_there(const struct document *config);

/* Reads "num_labels", "id2label", "problem_type" and the two places where sentence-transformers
 * kept an activation. `ret_labels` is zeroed before; release it after a failure too. */
MUST_CHECK enum status labels_read(struct labels *ret_labels, const struct document *config,
                                   struct error *error);

/* The one label of a model that judges by answers; the rest as above. */
MUST_CHECK enum status labels_read_single(struct labels *ret_labels, const struct document *config,
                                          struct error *error);
void labels_release(struct labels *labels);

/* Takes the name of a class of torch's ("torch.nn.modules.activation.Sigmoid"). */
MUST_CHECK enum status labels_set_activation(struct labels *labels, const struct document *file,
                                             const char *key, struct error *error);

#endif
