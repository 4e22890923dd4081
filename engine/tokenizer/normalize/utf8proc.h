/* SPDX-License-Identifier: Apache-2.0 */

/* What the normalizers ask of utf8proc, in the one file that includes it.
 *
 * Any version of utf8proc from Unicode 13 on: it is asked only for mappings that Unicode has
 * promised never to change, and about code points that the official tokenizer knows too. */
#ifndef NESTD_ENGINE_TOKENIZER_NORMALIZE_UTF8PROC_H
#define NESTD_ENGINE_TOKENIZER_NORMALIZE_UTF8PROC_H

#include "engine/tokenizer/chars.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest compatibility decomposition has 18 code points, the longest canonical one 4. */
enum { MAX_DECOMPOSED = 18, MAX_DECOMPOSED_CANONICALLY = 4 };

/* The decomposition of a code point with its kind, canonical or compatible; how many code points.
 * One that has none decomposes to itself. */
size_t unicode_decompose(uint32_t c, struct code_point_kind kind, bool compatible,
                         uint32_t ret_decomposed[MAX_DECOMPOSED]);

/* Whether the two compose canonically. */
bool unicode_compose(uint32_t first, uint32_t second, uint32_t *ret_composed);

/* Whether a grapheme cluster ends between two code points. *state is 0 at the beginning of a text
 * and carries on from call to call. */
bool unicode_breaks(uint32_t before, uint32_t after, int32_t *state);

#endif
