/* SPDX-License-Identifier: Apache-2.0 */

/* How far an encoder's vectors are from float32's, on probe texts: 1 - cosine of each finished
 * vector, which errors cannot hide from by cancelling out. Private to the encoder; for load, before
 * there are workers.
 *
 * The same encoder and texts give the same numbers whatever n_threads is: each job is a fixed group
 * of texts, encoded by one thread. */
#ifndef NESTD_ENGINE_INT8_ACCURACY_H
#define NESTD_ENGINE_INT8_ACCURACY_H

#include "engine/base/status.h"

#include <stddef.h>

struct encoder;
struct encoder_text;

struct accuracy {
    const struct encoder *encoder; /* what is measured, as it is at the time of each call */
    const struct encoder_text *texts;
    size_t n_texts;
    size_t n_threads;
    float *exact; /* [n_texts, n_dims]: float32's vectors */
};

struct deviation {
    double mean;
    double max;
};

/* Encodes the texts in float32, with the model's stored weights. The caller keeps encoder and
 * texts; `ret_accuracy` is released even after a failure. */
MUST_CHECK enum status accuracy_init(struct accuracy *ret_accuracy, const struct encoder *encoder,
                                     const struct encoder_text *texts, size_t n_texts,
                                     size_t n_threads);
void accuracy_release(struct accuracy *accuracy);

MUST_CHECK enum status accuracy_measure(const struct accuracy *accuracy,
                                        struct deviation *ret_deviation);

/* How many of the texts have at most max_tokens together; one at least, if there are any. */
size_t accuracy_count_fitting(const struct encoder_text *texts, size_t n_texts, size_t max_tokens);

#endif
