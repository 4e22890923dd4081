/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/vector/transform.h"

#include "engine/base/memory.h"
#include "engine/vector/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- activations ------------------------------------------------------------------------------ */

static float identity(float value)
{
    return value;
}

/* A NaN stays one. */
static float relu(float value)
{
    return value < 0 ? 0 : value;
}

static float gelu(float value)
{
    return value * 0.5f * (1 + erff(value * 0.70710678f));
}

static float sigmoid(float value)
{
    return 1 / (1 + expf(-value));
}

static float silu(float value)
{
    return value / (1 + expf(-value));
}

transform_activation *transform_find_activation(const char *name)
{
    static const struct {
        const char *name;
        transform_activation *apply;
    } known[] = {
        {"Identity", identity}, {"Tanh", tanhf}, {"ReLU", relu},
        {"GELU", gelu},         {"SiLU", silu},  {"Sigmoid", sigmoid},
    };
    static const char package[] = "torch.nn.";
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot && i < sizeof known / sizeof *known; i++)
        if (strncmp(name, package, sizeof package - 1) == 0 && strcmp(dot + 1, known[i].name) == 0)
            return known[i].apply;
    return NULL;
}

/* --- steps ------------------------------------------------------------------------------------ */

enum { LANES = 16 };

/* In LANES sums, which a compiler keeps in vector registers, then those in order. */
static float dot(const float *a, const float *b, size_t n)
{
    float lanes[LANES] = {0};
    float sum = 0;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            lanes[j] += a[i + j] * b[i + j];
    for (; i < n; i++)
        lanes[i % LANES] += a[i] * b[i];
    for (size_t j = 0; j < LANES; j++)
        sum += lanes[j];
    return sum;
}

static void apply_dense(const struct transform_step *step, const float *vector, float *ret_vector)
{
    for (size_t i = 0; i < step->n_out; i++) {
        float value = dot(step->weight + i * step->n_in, vector, step->n_in);

        value = step->activation(step->bias ? value + step->bias[i] : value);
        if (step->residual)
            value += dot(step->residual + i * step->n_in, vector, step->n_in);
        else if (step->adds_input)
            value += vector[i];
        ret_vector[i] = value;
    }
}

static void apply_layer_norm(const struct transform_step *step, float *vector)
{
    size_t n = step->n_out;
    double mean = 0;
    double variance = 0;
    double scale;

    for (size_t i = 0; i < n; i++)
        mean += (double)vector[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        variance += ((double)vector[i] - mean) * ((double)vector[i] - mean) / (double)n;
    scale = 1 / sqrt(variance + step->eps);
    for (size_t i = 0; i < n; i++)
        vector[i] = (float)(((double)vector[i] - mean) * scale) * step->weight[i] + step->bias[i];
}

void transform_apply(const struct transform *transform, float *vector, float *scratch)
{
    for (size_t i = 0; i < transform->n_steps; i++) {
        const struct transform_step *step = &transform->steps[i];

        switch (step->kind) {
        case TRANSFORM_DENSE:
            apply_dense(step, vector, scratch);
            memcpy(vector, scratch, step->n_out * sizeof *vector);
            break;
        case TRANSFORM_LAYER_NORM:
            apply_layer_norm(step, vector);
            break;
        case TRANSFORM_NORMALIZE:
            vector_normalize(vector, step->n_out);
            break;
        }
    }
}

/* --- the list --------------------------------------------------------------------------------- */

enum status transform_add(struct transform *transform, const struct transform_step *step)
{
    struct transform_step taken = *step;
    struct transform_step *steps =
        reallocarray(transform->steps, transform->n_steps + 1, sizeof *steps);

    if (!steps) {
        transform_step_release(&taken);
        return STATUS_NO_MEMORY;
    }
    transform->steps = steps;
    transform->steps[transform->n_steps++] = taken;
    return STATUS_OK;
}

void transform_step_release(struct transform_step *step)
{
    free(step->weight);
    free(step->bias);
    free(step->residual);
}

void transform_release(struct transform *transform)
{
    for (size_t i = 0; i < transform->n_steps; i++)
        transform_step_release(&transform->steps[i]);
    free(transform->steps);
    *transform = (struct transform){0};
}

size_t transform_count_out(const struct transform *transform, size_t n_in)
{
    return transform->n_steps ? transform->steps[transform->n_steps - 1].n_out : n_in;
}

size_t transform_count_max(const struct transform *transform, size_t n_in)
{
    size_t max = n_in;

    for (size_t i = 0; i < transform->n_steps; i++)
        max = transform->steps[i].n_out > max ? transform->steps[i].n_out : max;
    return max;
}
