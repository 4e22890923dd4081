/* SPDX-License-Identifier: Apache-2.0 */

/* An encoder in float32 without packed weights: packing them for a few passes at load would take
 * longer than the passes. One layer's weights at a time are read from the model's file; all else is
 * shared with the encoder that it is made from. Private to the encoder. */
#ifndef NESTD_ENGINE_INT8_REFERENCE_H
#define NESTD_ENGINE_INT8_REFERENCE_H

#include "engine/base/status.h"
#include "engine/encoder/context.h"
#include "engine/encoder/layer.h"

#include <stddef.h>

struct reference {
    struct encoder encoder;
    struct gemm_weights *weights[N_LAYER_PRODUCTS]; /* all layers' */
    float *buffers[N_LAYER_PRODUCTS];               /* what is in them: the layer loaded last */
};

/* `encoder` must outlive it. `exact` is released even after a failure. */
MUST_CHECK enum status reference_init(struct reference *exact, const struct encoder *encoder);
void reference_release(struct reference *exact);

/* Reads a layer's weights, before it is run. They are copied, even where they are float32 in the
 * file: products read them in long strides, which took six times as long from the file's small
 * pages. */
void reference_load(struct reference *exact, size_t layer);

#endif
