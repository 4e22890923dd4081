/* SPDX-License-Identifier: Apache-2.0 */

/* From what a cross-encoder's head gives to the scores that a client sees. Pure; any thread. */
#ifndef NESTD_ENGINE_VECTOR_SCORES_H
#define NESTD_ENGINE_VECTOR_SCORES_H

#include <stddef.h>

enum score_activation {
    SCORES_RAW,     /* as the head gives them */
    SCORES_SIGMOID, /* 1 / (1 + e^-x), of each by itself */
    SCORES_SOFTMAX, /* e^x over the sum of all: they add up to 1 */
};

/* In place; finite numbers become finite numbers. */
void scores_activate(enum score_activation activation, float *scores, size_t n);

#endif
