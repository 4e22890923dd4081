/* SPDX-License-Identifier: Apache-2.0 */

/* Reading stored values as float32. Nothing here is fast; kernels that read stored weights have
 * their own. */
#include "engine/files/tensor.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct {
    const char *name;
    size_t size_bytes;
} dtypes[] = {
    [DTYPE_FLOAT32] = {"float32", 4},   [DTYPE_FLOAT16] = {"float16", 2},
    [DTYPE_BFLOAT16] = {"bfloat16", 2}, [DTYPE_INT8] = {"int8", 1},
    [DTYPE_INT64] = {"int64", 8},
};

size_t dtype_size_bytes(enum dtype dtype)
{
    return dtypes[dtype].size_bytes;
}

const char *dtype_name(enum dtype dtype)
{
    return dtypes[dtype].name;
}

static float float_from_bits(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE 754 binary16: 1 sign, 5 exponent (bias 15) and 10 fraction bits. Every value is a float32.
 */
static float widen_float16(uint16_t half)
{
    uint32_t sign = (uint32_t)(half >> 15) << 31;
    uint32_t exponent = half >> 10 & 0x1f;
    uint32_t fraction = half & 0x3ff;
    float magnitude;

    if (exponent == 0x1f) /* infinity or NaN */
        return float_from_bits(sign | 0xffu << 23 | fraction << 13);
    if (exponent > 0)
        return float_from_bits(sign | (exponent + 127 - 15) << 23 | fraction << 13);
    magnitude = (float)fraction * 0x1p-24f; /* subnormal, or zero */
    return sign ? -magnitude : magnitude;
}

static void widen_int8(const unsigned char *bytes, size_t n, float *ret_values)
{
    for (size_t i = 0; i < n; i++)
        ret_values[i] = (float)(int8_t)bytes[i];
}

static void widen_int64(const unsigned char *bytes, size_t n, float *ret_values)
{
    for (size_t i = 0; i < n; i++) {
        int64_t stored;

        memcpy(&stored, bytes + i * sizeof stored, sizeof stored);
        ret_values[i] = (float)stored;
    }
}

static void widen_halves(const unsigned char *bytes, size_t n, bool is_float16, float *ret_values)
{
    for (size_t i = 0; i < n; i++) {
        uint16_t stored;

        memcpy(&stored, bytes + i * sizeof stored, sizeof stored);
        ret_values[i] =
            is_float16 ? widen_float16(stored) : float_from_bits((uint32_t)stored << 16);
    }
}

void tensor_widen(const struct tensor *tensor, size_t first, size_t n, float *ret_values)
{
    const unsigned char *bytes = tensor->data;

    if (n == 0)
        return;
    bytes += first * dtype_size_bytes(tensor->dtype);
    switch (tensor->dtype) {
    case DTYPE_FLOAT32:
        memcpy(ret_values, bytes, n * sizeof *ret_values);
        break;
    case DTYPE_FLOAT16:
    case DTYPE_BFLOAT16:
        widen_halves(bytes, n, tensor->dtype == DTYPE_FLOAT16, ret_values);
        break;
    case DTYPE_INT8:
        widen_int8(bytes, n, ret_values);
        break;
    case DTYPE_INT64:
        widen_int64(bytes, n, ret_values);
        break;
    }
}

float tensor_get(const struct tensor *tensor, size_t index)
{
    float value;

    tensor_widen(tensor, index, 1, &value);
    return value;
}

int64_t tensor_get_whole(const struct tensor *tensor, size_t index)
{
    int64_t value;

    memcpy(&value, (const unsigned char *)tensor->data + index * sizeof value, sizeof value);
    return value;
}

void tensor_forget(const struct tensor *tensor)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = (uintptr_t)tensor->data;
    size_t n = 1;
    uintptr_t end;

    for (size_t i = 0; i < tensor->n_dims; i++)
        n *= tensor->dims[i];
    /* Only whole pages: those at the boundaries hold other tensors too. */
    end = (begin + n * dtype_size_bytes(tensor->dtype)) / page * page;
    begin = (begin + page - 1) / page * page;
    if (begin < end)
        madvise((void *)begin, end - begin, MADV_DONTNEED);
}
