/* SPDX-License-Identifier: Apache-2.0 */

/* What the number format int8 costs a model, measured at load, and what was done about it. */
#ifndef NESTD_ENGINE_ENCODER_ACCURACY_REPORT_H
#define NESTD_ENGINE_ENCODER_ACCURACY_REPORT_H

#include <stdbool.h>
#include <stddef.h>

/* A product that int8 would have hurt too much. */
struct fallback {
    size_t layer;        /* from 0 */
    const char *product; /* as the layer's tensors are called: "output.dense" */
};

/* Cosines of the probe texts' vectors to float32's. */
struct accuracy_report {
    size_t n_texts;          /* 0: nothing was measured */
    double int8_mean_cosine; /* with int8 throughout */
    double int8_min_cosine;
    double mean_cosine; /* as it is now */
    double min_cosine;
    bool is_within;             /* of the limits: a mean of 0.998, and 0.99 for each text */
    const char *fallback_dtype; /* "bfloat16" */
    struct fallback *fallbacks; /* [n_fallbacks], in the order of the layers */
    size_t n_fallbacks;
};

#endif
