/* SPDX-License-Identifier: Apache-2.0 */

/* Filling a new encoder with its model's weights, in the number format of its dtype. Private to the
 * encoder. */
#ifndef NESTD_ENGINE_ENCODER_PACKING_H
#define NESTD_ENGINE_ENCODER_PACKING_H

#include "engine/base/status.h"

#include <stddef.h>

struct encoder;

/* Packs the layers in n_threads threads, this one among them. The encoder's model, dtype and
 * kernels are set before; what was packed is freed with the encoder, after a failure too. */
MUST_CHECK enum status packing_run(struct encoder *encoder, size_t n_threads, struct error *error);

#endif
