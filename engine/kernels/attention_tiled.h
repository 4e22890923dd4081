/* SPDX-License-Identifier: Apache-2.0 */

/* The attention that the vector versions share: they bring the tile products, the softmax row and
 * the transposition. Used inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_ATTENTION_TILED_H
#define NESTD_ENGINE_KERNELS_ATTENTION_TILED_H

#include "engine/kernels/attention_panels.h"

/* Of float32. */
void attention_tiled(const struct attention_tiles *tiles, const struct attention *attention);

#endif
