/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/tables/rotary.h"

#include "engine/base/memory.h"
#include "engine/model/model.h"

#include <math.h>
#include <stdlib.h>

/* Frequencies and angles in float32, as torch computes them: at position 8191 the angle's rounding
 * is as large as 5e-4, and vectors are to agree. */
static void fill_turns(const struct rotary *rotary, size_t n_positions, size_t head_size,
                       float *turns)
{
    size_t half = head_size / 2;

    for (size_t k = 0; k < half; k++) {
        float exponent = (float)(2 * k) / (float)head_size;
        float frequency = 1.0f / (float)pow((double)rotary->theta, (double)exponent);

        frequency /= (float)rotary->divisor;

        for (size_t i = 0; i < n_positions; i++) {
            float angle = (float)i * frequency;

            turns[i * head_size + k] = (float)cos((double)angle);
            turns[i * head_size + half + k] = (float)sin((double)angle);
        }
    }
}

enum status rotary_tables_init(struct rotary_tables *tables, const struct model *model)
{
    const struct arch *arch = &model->arch;

    *tables = (struct rotary_tables){{NULL, NULL}};
    for (size_t i = 0; arch->rotates && i < 1u + arch_has_local_layers(arch); i++) {
        tables->turns[i] = memory_new_aligned(model->max_tokens * arch->head_size * sizeof(float));
        if (!tables->turns[i])
            return STATUS_NO_MEMORY;
        fill_turns(&arch->rotary[i], model->max_tokens, arch->head_size, tables->turns[i]);
    }
    return STATUS_OK;
}

void rotary_tables_release(struct rotary_tables *tables)
{
    free(tables->turns[0]);
    free(tables->turns[1]);
}
