/* SPDX-License-Identifier: Apache-2.0 */

/* What the kernels' tests share: every level of this CPU, memory with forbidden pages on both
 * sides, random numbers and comparisons. */
#ifndef NESTD_TESTS_ENGINE_KERNELS_KERNEL_TEST_H
#define NESTD_TESTS_ENGINE_KERNELS_KERNEL_TEST_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/base/memory.h"
#include "engine/kernels/cpu.h"
#include "engine/kernels/kernels.h"
#include "tests/engine/kernels/require_cpu.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct level {
    const char *name;
    unsigned cpu_flags;
};

/* What the exact formulas are computed in, by oracle_of(exp)(x). x87's long double has 64 bits of
 * precision; where it has more it is software's, so slow that double has to do: its errors are a
 * thousandth of any tolerance. */
#if LDBL_MANT_DIG <= 64
typedef long double oracle;
#define oracle_of(function) function##l
#else
typedef double oracle;
#define oracle_of(function) function
#endif

/* A test for each level; its state is the level. */
#define TEST_OF_LEVEL(test, level)                                                                 \
    {                                                                                              \
#test " " #level, test, NULL, NULL, (void *)&(level)                                       \
    }

static const struct level LEVEL_C = {"c", 0};
#if defined(__x86_64__)
static const struct level LEVEL_AVX2 = {"avx2", CPU_AVX2};
static const struct level LEVEL_AVX512 = {"avx512", CPU_AVX2 | CPU_AVX512};
static const struct level LEVEL_AVX512_BF16 = {"avx512_bf16",
                                               CPU_AVX2 | CPU_AVX512 | CPU_AVX512_BF16};
#define TEST_LEVELS(test)                                                                          \
    TEST_OF_LEVEL(test, LEVEL_C), TEST_OF_LEVEL(test, LEVEL_AVX2),                                 \
        TEST_OF_LEVEL(test, LEVEL_AVX512), TEST_OF_LEVEL(test, LEVEL_AVX512_BF16)
#elif defined(__aarch64__)
static const struct level LEVEL_NEON = {"neon", CPU_NEON};
#define TEST_LEVELS(test) TEST_OF_LEVEL(test, LEVEL_C), TEST_OF_LEVEL(test, LEVEL_NEON)
#else
#define TEST_LEVELS(test) TEST_OF_LEVEL(test, LEVEL_C)
#endif

/* Skips the test where this CPU lacks the level. */
static inline void level_require(const struct level *level)
{
    require_cpu(level->cpu_flags, level->name);
}

/* The kernels of the test's level. */
static inline struct kernels level_kernels(void **state)
{
    const struct level *level = *state;
    struct kernels kernels;

    level_require(level);
    kernels_choose(&kernels, level->cpu_flags);
    return kernels;
}

/* n numbers that end where a page begins that may not be touched, so that reading or writing one
 * too many ends the test; the bytes before them, back to another such page, are filled and
 * checked. The start is on no particular alignment: that of the page's end less their size. */
struct fence {
    union {
        float *data;
        uint16_t *halves;
        int32_t *ints;
        uint8_t *bytes;
    };
    size_t n;
    unsigned char *map;
    size_t len_map;
};

enum { FENCE_FILL = 0xa5 };

static inline struct fence fence_new_of(size_t n, size_t size)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t len = round_up(n * size, page);
    struct fence fence = {.n = n, .len_map = len + 2 * page};

    fence.map = mmap(NULL, fence.len_map, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(fence.map, MAP_FAILED);
    assert_int_equal(mprotect(fence.map + page, len, PROT_READ | PROT_WRITE), 0);
    memset(fence.map + page, FENCE_FILL, len);
    fence.bytes = fence.map + page + len - n * size;
    return fence;
}

static inline struct fence fence_new(size_t n)
{
    return fence_new_of(n, sizeof(float));
}

static inline void fence_free(struct fence *fence)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);

    for (unsigned char *p = fence->map + page; p < fence->bytes; p++)
        assert_int_equal(*p, FENCE_FILL);
    assert_int_equal(munmap(fence->map, fence->len_map), 0);
}

/* Numbers that are the same on every run: a linear congruential generator with Knuth's MMIX
 * constants. */
struct random {
    uint64_t state;
};

static inline float random_uniform(struct random *random, float low, float high)
{
    random->state = random->state * 6364136223846793005u + 1442695040888963407u;
    return low + (high - low) * (float)(random->state >> 40) * 0x1p-24f;
}

static inline void random_fill(struct random *random, float low, float high, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = random_uniform(random, low, high);
}

static inline struct fence fence_new_random(struct random *random, float low, float high, size_t n)
{
    struct fence fence = fence_new(n);

    random_fill(random, low, high, fence.data, n);
    return fence;
}

static inline struct fence fence_new_copy(const float *from, size_t n)
{
    struct fence fence = fence_new(n);

    memcpy(fence.data, from, n * sizeof *from);
    return fence;
}

/* |actual - expected| <= absolute + relative |expected| for each of n. */
#define assert_close(actual, expected, n, absolute, relative)                                      \
    assert_close_at(actual, expected, n, absolute, relative, __FILE__, __LINE__)

static inline void assert_close_at(const float *actual, const float *expected, size_t n,
                                   double absolute, double relative, const char *file, int line)
{
    for (size_t i = 0; i < n; i++) {
        const double max = absolute + relative * fabs((double)expected[i]);

        if (fabs((double)actual[i] - (double)expected[i]) <= max)
            continue;
        print_error("element %zu of %zu: %.9g, expected %.9g\n", i, n, (double)actual[i],
                    (double)expected[i]);
        _fail(file, line);
    }
}

/* Bit for bit. */
#define assert_same(actual, expected, n) assert_memory_equal(actual, expected, (n) * sizeof(float))

/* The oracle of rounding to bfloat16: eight significant bits, ties to even, as one does it by hand.
 */
static inline float exact_bfloat16(float x)
{
    const int unit = (fabsf(x) < 0x1p-126f ? -126 : ilogbf(x)) - 7;

    if (x == 0 || !isfinite(x))
        return x;
    return (float)ldexp(nearbyint(ldexp((double)x, -unit)), unit);
}

static inline float bfloat16_value(uint16_t y)
{
    const uint32_t bits = (uint32_t)y << 16;
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Row lengths round the vectors' and unrolled loops' sizes, and models' own. */
static const size_t AWKWARD[] = {1,  2,  3,  7,   8,   9,   15,  16,  17,   31,   32,   33,  63,
                                 64, 65, 96, 100, 127, 128, 253, 384, 1024, 1038, 1536, 4096};
enum { N_AWKWARD = sizeof AWKWARD / sizeof *AWKWARD };

#endif
