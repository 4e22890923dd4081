/* SPDX-License-Identifier: Apache-2.0 */

/* VPMADDUBSW multiplies bytes, but saturates the sum of two products at 16 bits. So both sides are
 * widened to 16 bits, of DEPTH inputs at a time, and VPMADDWD multiplies them exactly: sixteen
 * products in the place of a float32 FMA's eight. The wide weights of a panel stay in the
 * first-level cache while all rows pass by.
 *
 * The limit, on Zen 3 at 3.0 GHz, in GOP/s of one core. Two of its four vector pipes multiply: 192.
 * But a VPADDD goes with each VPMADDWD, takes whichever pipe is free, and so those of the products
 * too: in registers alone the pair does 157, the loop below from the first-level cache 154, whole
 * products 141 at best (tests/bench/bench_kernels multiply_int8 prints those; the loops were timed by
 * hand, as those below). Two and six loads for twelve products are no limit.
 *
 * What VPMADDUBSW would give: with a VPMADDWD by ones and a VPADDD, as in ONNX Runtime, it uses the
 * same two pipes as often, with one addition in the place of two: 190. It is exact only where no
 * two weights of a pair that have one sign exceed 128 together (255 x 129 > 32767). In MiniLM 2 %
 * of the pairs do, and half of the groups of a panel have such a pair, which would have to be done
 * otherwise. With |a - 128|, and VPSIGNB to bring its sign to the weights, it is always exact, but
 * has four instructions again. */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/multiply_int8.h"

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

/* Twelve sums, with a panel's two vectors, one pair of a row and a product: all 16 registers. */
enum { TILE_ROWS = 6, WIDTH = KERNEL_INT8_WIDTH, DEPTH = KERNEL_INT8_DEPTH };

_Static_assert(WIDTH == 16 && DEPTH % 16 == 0, "a panel is two vectors wide");

/* Rows by one panel: a[n_rows, n_pairs] pairs of inputs, a_stride numbers from row to row, by
 * panel[n_pairs, WIDTH] pairs. Added to c where `adds`. */
struct tile {
    const int16_t *a;
    size_t a_stride;
    const int16_t *panel;
    size_t n_pairs;
    int32_t *c;
    size_t c_stride;
    bool adds;
};

static inline __m256i load(const void *from)
{
    return _mm256_loadu_si256((const __m256i *)from);
}

static inline void store(void *to, __m256i values)
{
    _mm256_storeu_si256((__m256i *)to, values);
}

/* n_rows is a constant in every call, and the loops over it are unrolled early: else the sums are
 * in memory when registers are given out. */
static inline __attribute__((always_inline)) void multiply_rows(const struct tile *tile,
                                                                const size_t n_rows)
{
    const struct tile t = *tile;
    __m256i left[TILE_ROWS], right[TILE_ROWS];

#pragma GCC unroll 6
    for (size_t row = 0; row < n_rows; row++) {
        left[row] = t.adds ? load(t.c + row * t.c_stride) : _mm256_setzero_si256();
        right[row] = t.adds ? load(t.c + row * t.c_stride + 8) : _mm256_setzero_si256();
    }
    for (size_t i = 0; i < t.n_pairs; i++) {
        const __m256i panel_left = load(t.panel + 2 * WIDTH * i);
        const __m256i panel_right = load(t.panel + 2 * WIDTH * i + WIDTH);

#pragma GCC unroll 6
        for (size_t row = 0; row < n_rows; row++) {
            int32_t pair;
            __m256i pairs;

            memcpy(&pair, t.a + row * t.a_stride + 2 * i, sizeof pair);
            pairs = _mm256_set1_epi32(pair);
            left[row] = _mm256_add_epi32(left[row], _mm256_madd_epi16(pairs, panel_left));
            right[row] = _mm256_add_epi32(right[row], _mm256_madd_epi16(pairs, panel_right));
        }
    }
#pragma GCC unroll 6
    for (size_t row = 0; row < n_rows; row++) {
        store(t.c + row * t.c_stride, left[row]);
        store(t.c + row * t.c_stride + 8, right[row]);
    }
}

static void multiply_tile(const struct tile *tile, size_t n_rows)
{
    switch (n_rows) {
    case 6:
        multiply_rows(tile, 6);
        break;
    case 5:
        multiply_rows(tile, 5);
        break;
    case 4:
        multiply_rows(tile, 4);
        break;
    case 3:
        multiply_rows(tile, 3);
        break;
    case 2:
        multiply_rows(tile, 2);
        break;
    case 1:
        multiply_rows(tile, 1);
        break;
    }
}

/* A tile of the last columns, fewer than WIDTH. */
static void multiply_edge(const struct tile *tile, size_t n_rows, size_t n_columns)
{
    int32_t whole[TILE_ROWS * WIDTH] = {0};
    struct tile edge = *tile;

    edge.c = whole;
    edge.c_stride = WIDTH;
    for (size_t row = 0; row < n_rows && tile->adds; row++)
        memcpy(whole + row * WIDTH, tile->c + row * tile->c_stride, n_columns * sizeof *whole);
    multiply_tile(&edge, n_rows);
    for (size_t row = 0; row < n_rows; row++)
        memcpy(tile->c + row * tile->c_stride, whole + row * WIDTH, n_columns * sizeof *whole);
}

/* Of a group of four inputs first 0 and 2, then 1 and 3: shifts alone take the weights apart so. */
static inline void widen_groups(__m128i groups, int16_t *wide)
{
    const __m128i even = _mm_and_si128(groups, _mm_set1_epi16(255)),
                  odd = _mm_srli_epi16(groups, 8);

    _mm_storeu_si128((__m128i *)wide, _mm_unpacklo_epi32(even, odd));
    _mm_storeu_si128((__m128i *)(wide + 8), _mm_unpackhi_epi32(even, odd));
}

/* wide[round_up(n, 16)], with zeros beyond n */
static void widen_row(const uint8_t *a, size_t n, int16_t *wide)
{
    size_t i;

    for (i = 0; i + 16 <= n; i += 16)
        widen_groups(_mm_loadu_si128((const __m128i *)(a + i)), wide + i);
    if (i < n) {
        __m128i rest = _mm_setzero_si128();

        memcpy(&rest, a + i, n - i);
        widen_groups(rest, wide + i);
    }
}

/* Eight columns of a group: inputs 0 and 2, and those of 1 and 3 past all columns' 0 and 2. */
static inline void widen_columns(const int8_t *packed, int16_t *wide)
{
    const __m256i groups = load(packed);

    store(wide, _mm256_srai_epi16(_mm256_slli_epi16(groups, 8), 8));
    store(wide + 2 * WIDTH, _mm256_srai_epi16(groups, 8));
}

/* packed[n_groups, WIDTH, 4] to wide[2 n_groups, WIDTH, 2] */
static void widen_panel(const int8_t *packed, size_t n_groups, int16_t *wide)
{
    for (size_t group = 0; group < n_groups; group++, packed += 4 * WIDTH, wide += 4 * WIDTH) {
        widen_columns(packed, wide);
        widen_columns(packed + 2 * WIDTH, wide + WIDTH);
    }
}

/* A panel is read in one go, and the next only after all rows have passed by: the hardware does not
 * fetch it ahead. With weights beyond the second-level cache that took 2 to 4 % of 64 rows' time,
 * and 6 to 9 of 16's. */
static void prefetch_panel(const int8_t *packed, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i += 64)
        _mm_prefetch((const char *)packed + i, _MM_HINT_T1);
}

void multiply_int8_avx2(const uint8_t *a, size_t n_rows, const int8_t *packed, size_t n_out,
                        size_t n_in, int16_t *scratch, int32_t *c)
{
    int16_t *const rows = scratch;                             /* [n_rows, depth, rounded up] */
    int16_t *const panel = scratch + KERNEL_INT8_ROWS * DEPTH; /* [pairs, WIDTH, 2] */
    const size_t panel_bytes = multiply_int8_panel_bytes(n_in);

    for (size_t k = 0; k < n_in; k += DEPTH) {
        const size_t depth = n_in - k < DEPTH ? n_in - k : DEPTH;
        struct tile tile = {.a_stride = round_up(depth, 16),
                            .panel = panel,
                            .n_pairs = round_up(depth, KERNEL_INT8_GROUP) / 2,
                            .c_stride = n_out,
                            .adds = k > 0};

        for (size_t row = 0; row < n_rows; row++)
            widen_row(a + row * n_in + k, depth, rows + row * tile.a_stride);
        for (size_t column = 0; column < n_out; column += WIDTH) {
            const size_t n_columns = n_out - column;
            const int8_t *from = packed + column / WIDTH * panel_bytes + k * WIDTH;

            widen_panel(from, tile.n_pairs / 2, panel);
            if (n_columns > WIDTH)
                prefetch_panel(from + panel_bytes, depth * WIDTH);
            for (size_t row = 0; row < n_rows; row += TILE_ROWS) {
                const size_t height = n_rows - row < TILE_ROWS ? n_rows - row : TILE_ROWS;

                tile.a = rows + row * tile.a_stride;
                tile.c = c + row * n_out + column;
                if (n_columns < WIDTH)
                    multiply_edge(&tile, height, n_columns);
                else
                    multiply_tile(&tile, height);
            }
        }
    }
}
