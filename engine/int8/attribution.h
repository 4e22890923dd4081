/* SPDX-License-Identifier: Apache-2.0 */

/* Which products of an encoder are to blame for its vectors' distance from float32's. Private to
 * the encoder; for load, before there are workers. */
#ifndef NESTD_ENGINE_INT8_ATTRIBUTION_H
#define NESTD_ENGINE_INT8_ATTRIBUTION_H

#include "engine/base/status.h"
#include "engine/encoder/layer.h"

#include <stddef.h>

struct encoder;
struct encoder_text;

/* ret_shares, [n_layers][N_LAYER_PRODUCTS]: each product's share, all together 1 (or 0, where
 * nothing deviates). The same for the same encoder and texts whatever n_threads is. */
MUST_CHECK enum status attribution_measure(const struct encoder *encoder,
                                           const struct encoder_text *texts, size_t n_texts,
                                           size_t n_threads,
                                           double (*ret_shares)[N_LAYER_PRODUCTS]);

#endif
