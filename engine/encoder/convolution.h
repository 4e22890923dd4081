/* SPDX-License-Identifier: Apache-2.0 */

/* The convolution beside the first layer, as a product: a row's input is the row and those around
 * it in its text, zeros beyond its ends. In float32 whatever the dtype: it is one product. Private
 * to the encoder. */
#ifndef NESTD_ENGINE_ENCODER_CONVOLUTION_H
#define NESTD_ENGINE_ENCODER_CONVOLUTION_H

#include "engine/base/status.h"

struct encoder;

/* Packs the model's. What was packed is freed with the encoder, after a failure too. */
MUST_CHECK enum status convolution_init(struct encoder *encoder, struct error *error);

#endif
