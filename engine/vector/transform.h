/* SPDX-License-Identifier: Apache-2.0 */

/* From a pooled vector to the finished one, before it is cut and normalised: sentence-transformers'
 * Dense, LayerNorm and Normalize modules, one after the other. In float32; a number's bits depend
 * on its vector alone (promise 1), and nothing is allocated (promise 6). Read-only once made; any
 * thread. */
#ifndef NESTD_ENGINE_VECTOR_TRANSFORM_H
#define NESTD_ENGINE_VECTOR_TRANSFORM_H

#include "engine/base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef float transform_activation(float value);

enum transform_kind {
    TRANSFORM_DENSE,      /* activation(W x + b), plus R x or x */
    TRANSFORM_LAYER_NORM, /* of torch.nn.LayerNorm */
    TRANSFORM_NORMALIZE,  /* vector_normalize() */
};

struct transform_step {
    enum transform_kind kind;
    size_t n_in;
    size_t n_out;
    float *weight;                    /* Dense: [n_out, n_in]; layer norm: [n_out]; owned */
    float *bias;                      /* [n_out]; NULL: none; owned */
    double eps;                       /* of layer norm */
    transform_activation *activation; /* of Dense */
    bool adds_input;                  /* of Dense: a residual connection */
    float *residual;                  /* [n_out, n_in] of the input added; NULL: it is added as it
                                         is; owned */
};

struct transform {
    struct transform_step *steps; /* [n_steps] */
    size_t n_steps;
};

/* The function of a torch.nn class by its full name, "torch.nn.modules.activation.Tanh"; NULL where
 * it is not one of Identity, Tanh, ReLU, GELU (exact), SiLU and Sigmoid. */
transform_activation *transform_find_activation(const char *name);

/* Takes the step, which is released with the transform, and after a failure here too. */
MUST_CHECK enum status transform_add(struct transform *transform,
                                     const struct transform_step *step);
void transform_release(struct transform *transform);
void transform_step_release(struct transform_step *step);

/* How many numbers come out of n_in, and how many there are where they are most. */
size_t transform_count_out(const struct transform *transform, size_t n_in);
size_t transform_count_max(const struct transform *transform, size_t n_in);

/* vector, scratch: [transform_count_max()]; the result is in `vector`. */
void transform_apply(const struct transform *transform, float *vector, float *scratch);

#endif
