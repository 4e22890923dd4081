/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/vector/scores.h"

#include <math.h>

/* Less the largest, so that no power overflows. */
static void softmax(float *scores, size_t n)
{
    float max = -INFINITY;
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        max = scores[i] > max ? scores[i] : max;
    for (size_t i = 0; i < n; i++)
        sum += exp((double)scores[i] - (double)max);
    for (size_t i = 0; i < n; i++)
        scores[i] = (float)(exp((double)scores[i] - (double)max) / sum);
}

void scores_activate(enum score_activation activation, float *scores, size_t n)
{
    if (activation == SCORES_SOFTMAX)
        softmax(scores, n);
    for (size_t i = 0; i < n && activation == SCORES_SIGMOID; i++)
        scores[i] = (float)(1 / (1 + exp(-(double)scores[i])));
}
