/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/embed/pack.h"

#include <math.h>

static const char *const names[N_PACKS] = {
    [PACK_INT8] = "int8",
    [PACK_UINT8] = "uint8",
    [PACK_BINARY] = "binary",
    [PACK_UBINARY] = "ubinary",
};

const char *pack_name(enum pack pack)
{
    return names[pack];
}

bool pack_parse(struct slice name, enum pack *ret_pack)
{
    for (size_t i = 0; i < N_PACKS; i++) {
        if (slice_is(name, names[i])) {
            *ret_pack = (enum pack)i;
            return true;
        }
    }
    return false;
}

size_t pack_count_bytes(enum pack pack, size_t n_values)
{
    return pack == PACK_INT8 || pack == PACK_UINT8 ? n_values : n_values / 8 + (n_values % 8 != 0);
}

float pack_find_scale(const float *values, size_t n_values)
{
    double sum = 0;

    for (size_t i = 0; i < n_values; i++)
        sum += (double)values[i] * values[i];
    return sum > 0 ? (float)(1 / sqrt(sum)) : 1;
}

static int get_int8(float value, float scale)
{
    float rounded = rintf(127 * (value * scale));

    return (int)fminf(fmaxf(rounded, -128), 127);
}

static int get_bits(const float *values, size_t n_values, size_t i)
{
    int bits = 0;

    for (size_t bit = 0; bit < 8; bit++) {
        size_t at = 8 * i + bit;

        bits = 2 * bits + (at < n_values && values[at] > 0);
    }
    return bits;
}

int pack_get_byte(enum pack pack, const float *values, size_t n_values, float scale, size_t i)
{
    switch (pack) {
    case PACK_INT8:
        return get_int8(values[i], scale);
    case PACK_UINT8:
        return get_int8(values[i], scale) + 128;
    case PACK_BINARY:
        return get_bits(values, n_values, i) - 128;
    default:
        return get_bits(values, n_values, i);
    }
}
