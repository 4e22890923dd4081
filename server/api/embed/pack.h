/* SPDX-License-Identifier: Apache-2.0 */

/* Vectors with one byte or one bit per number, for requests that ask for them. The scale is fixed
 * and not taken from the data, so a text has the same bytes whatever it is sent with. Pure; any
 * thread. */
#ifndef NESTD_SERVER_API_EMBED_PACK_H
#define NESTD_SERVER_API_EMBED_PACK_H

#include "server/text/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* How the numbers of a vector are written. */
enum pack {
    PACK_INT8,    /* round(127 x) of the vector at length 1, half to even */
    PACK_UINT8,   /* that plus 128 */
    PACK_BINARY,  /* that of PACK_UBINARY minus 128 */
    PACK_UBINARY, /* eight bits x > 0 per byte, highest first; zeros fill the last byte */
    N_PACKS
};

/* "int8", "uint8", "binary", "ubinary". */
const char *pack_name(enum pack pack);
bool pack_parse(struct slice name, enum pack *ret_pack);

/* The number of bytes of a vector of n_values numbers. */
size_t pack_count_bytes(enum pack pack, size_t n_values);

/* The factor that brings values[n_values] to length 1; 1 for a vector of zeros. */
float pack_find_scale(const float *values, size_t n_values);

/* The i-th byte as a number: -128 to 127, or 0 to 255. */
int pack_get_byte(enum pack pack, const float *values, size_t n_values, float scale, size_t i);

#endif
