/* SPDX-License-Identifier: Apache-2.0 */

/* What the encoder does between products. kernels_choose() takes the best version of each operation
 * that the CPU flags allow (kernel_set.h); a readable reference of each is in c/. Every version is
 * compared with its reference on awkward lengths. No version reads or writes outside its arguments'
 * shapes; none needs alignment. A row's result depends only on that row, and an element of store,
 * activate and add only on that element, so that panels of columns may be done one by one (promise
 * 1). Any thread. */
#ifndef NESTD_ENGINE_KERNELS_KERNELS_H
#define NESTD_ENGINE_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Number formats of what kernels read and write. A bfloat16 is the upper half of a float32, rounded
 * to nearest even. */
enum kernel_type {
    KERNEL_FLOAT32,
    KERNEL_BFLOAT16,
    KERNEL_INT32, /* what an int8 product leaves: only as an input */
    N_KERNEL_TYPES,
};

/* What a product leaves, before its bias. The value of element [i, j] is
 *   c[i, j] + bias[j]                                                                    (float32)
 *   (c[i, j] - zeros[i] * sums[j]) * (row_scales[i] * column_scales[j]) + bias[j]        (int32)
 * where row i of the product's input was row_scales[i] * (q - zeros[i]), and column j of its
 * weights column_scales[j] * q, with sums[j] the sum of that column's q. zeros[i] * sums[j] fits an
 * int32. */
struct kernel_product {
    const void *c;     /* [n_rows, n], float32 or int32, row after row */
    const float *bias; /* [n] */
    size_t n_rows;
    size_t n;

    /* int32 only */
    const float *row_scales;    /* [n_rows] */
    const int32_t *zeros;       /* [n_rows]: 0 to 255 */
    const float *column_scales; /* [n] */
    const int32_t *sums;        /* [n] */
};

/* y[i, j] = value[i, j], or f(value[i, j]): y's rows are y_stride elements apart, of float32 or
 * bfloat16 by the version. */
typedef void kernel_store(const struct kernel_product *product, void *y, size_t y_stride);

/* x[i, j] += value[i, j] */
typedef void kernel_add(const struct kernel_product *product, float *x, size_t x_stride);

/* x[n_rows, n] = layer_norm(x) * gamma[n] + beta[n], in place. Mean and variance are of one row,
 * the variance divided by n. */
typedef void kernel_layer_norm(float *x, const float *gamma, const float *beta, float eps,
                               size_t n_rows, size_t n);

/* x[n_rows, n] = x / sqrt(mean of x^2 + eps) * gamma[n], in place, each row by itself. */
typedef void kernel_rms_norm(float *x, const float *gamma, float eps, size_t n_rows, size_t n);

/* Turns each pair of numbers k and k + head_size / 2 of a token's heads x[n_heads, head_size], in
 * place: turn[k] is the cosine and turn[k + head_size / 2] the sine of its angle. */
typedef void kernel_rotate(float *x, size_t n_heads, size_t head_size, const float *turn);

/* x[n] *= y[n] */
typedef void kernel_scale_by(float *x, const float *y, size_t n);

/* q[n_rows, n] = asymmetric uint8 of x[n_rows, n], each row by its own range, zero included: x is
 * about scales[i] * (q - zeros[i]). A row that is not finite gets a scale that is not finite. */
typedef void kernel_quantise(const float *x, size_t n_rows, size_t n, uint8_t *q, float *scales,
                             int32_t *zeros);

/* c[n_rows, n_out] = a[n_rows, n_in] w^T of weights w [n_out, n_in] that kernel_float32_pack()
 * packed. An element's bits depend only on its row of a and its column of w. n_rows <=
 * KERNEL_FLOAT32_ROWS. NULL where oneDNN has such a product. */
typedef void kernel_multiply_float32(const float *a, size_t n_rows, const float *packed,
                                     size_t n_out, size_t n_in, float *c);

/* The most rows of a call; the columns of a panel of packed weights. */
enum { KERNEL_FLOAT32_ROWS = 64, KERNEL_FLOAT32_WIDTH = 16 };

/* Packs weights [n_out, n_in] into kernel_float32_packed_bytes(n_out, n_in) bytes. Each
 * KERNEL_FLOAT32_WIDTH columns in turn are packed as if there were no others. */
size_t kernel_float32_packed_bytes(size_t n_out, size_t n_in);
void kernel_float32_pack(const float *weights, size_t n_out, size_t n_in, float *packed);

/* c[n_rows, n_out] = a[n_rows, n_in] w^T of weights w [n_out, n_in] that kernel_int8_pack() packed,
 * exact: each sum must fit an int32. n_rows <= KERNEL_INT8_ROWS; scratch:
 * KERNEL_INT8_SCRATCH int16. NULL where oneDNN's own product is exact and fast. */
typedef void kernel_multiply_int8(const uint8_t *a, size_t n_rows, const int8_t *packed,
                                  size_t n_out, size_t n_in, int16_t *scratch, int32_t *c);

/* The most rows of a call; the columns of a panel of packed weights; how many inputs are multiplied
 * at a time. */
enum { KERNEL_INT8_ROWS = 64, KERNEL_INT8_WIDTH = 16, KERNEL_INT8_DEPTH = 512 };
#define KERNEL_INT8_SCRATCH ((KERNEL_INT8_ROWS + KERNEL_INT8_WIDTH) * KERNEL_INT8_DEPTH)

/* Packs weights [n_out, n_in], row after row, into kernel_int8_packed_bytes(n_out, n_in) bytes,
 * which are at most 2^31. Each KERNEL_INT8_WIDTH columns in turn are packed as if there were no
 * others. */
size_t kernel_int8_packed_bytes(size_t n_out, size_t n_in);
void kernel_int8_pack(const int8_t *weights, size_t n_out, size_t n_in, int8_t *packed);

/* y[n] = bfloat16 of x[n] */
typedef void kernel_round(const float *x, size_t n, uint16_t *y);

/* x[n] = float32 of y[n]: embedding rows as they are stored */
typedef void kernel_widen(const void *y, size_t n, float *x);

/* The self-attention of one text and one head: out = softmax((q k^T + bias) * scale) v.
 * Disentangled (He et al., arXiv 2006.03654), by kernels.disentangled only, the score of query i
 * and key j also gets q_i . position_keys[row] + k_j . position_queries[row], row = rows[j - i]. */
struct attention {
    const void *q; /* [n_tokens, head_size] of float32 or of bfloat16, by the version */
    const void *k;
    const void *v;
    size_t stride; /* elements from a row of q, k or v to the next */
    size_t n_tokens;
    size_t head_size;
    float scale;    /* > 0 */
    float *scratch; /* KERNEL_ATTENTION_SCRATCH_FLOATS floats */

    /* By distance: query i sees key j with bias[j - i], and not at all where that is -INFINITY.
     * From bias[-n] to bias[n], n = n_tokens + KERNEL_BIAS_MARGIN, may be read. NULL: no bias. */
    const float *bias;
    /* Where there is a bias, keys further before a query, or further after it, are not seen. */
    size_t n_before;
    size_t n_after;

    /* By distance, as bias: from rows[1 - n_tokens] to rows[n_tokens - 1], none larger than the one
     * before it. NULL: not disentangled. */
    const uint32_t *rows;
    const float *position_keys;    /* [more than rows[1 - n_tokens], head_size]; NULL: none */
    const float *position_queries; /* as large; NULL: none */

    float *out;        /* [n_tokens, head_size] */
    size_t out_stride; /* floats from a row of out to the next */
};

enum { KERNEL_BIAS_MARGIN = 32 };

typedef void kernel_attention(const struct attention *attention);

/* Room for K and V, padded to whole panels of up to KERNEL_ATTENTION_WIDTH keys or columns, and for
 * the queries, scores and results of KERNEL_ATTENTION_ROWS queries at a time. */
enum { KERNEL_ATTENTION_ROWS = 24, KERNEL_ATTENTION_WIDTH = 32 };
#define KERNEL_ATTENTION_SCRATCH_FLOATS(n_tokens, head_size)                                       \
    (((n_tokens) + 2 * KERNEL_ATTENTION_ROWS + KERNEL_ATTENTION_WIDTH) *                           \
     (2 * ((head_size) + KERNEL_ATTENTION_WIDTH) + KERNEL_ATTENTION_ROWS))

/* What disentangled attention takes beside that, where there are n_rows positions or fewer. */
#define KERNEL_POSITIONS_SCRATCH_FLOATS(n_tokens, head_size, n_rows)                               \
    (((n_rows) + KERNEL_ATTENTION_WIDTH) *                                                         \
     (2 * (head_size) + 2 * KERNEL_ATTENTION_ROWS + (n_tokens)))

/* Indexed by input type (FLOAT32 or INT32) and output type (FLOAT32 or BFLOAT16), or by the type of
 * what is read. */
struct kernels {
    kernel_store *store[N_KERNEL_TYPES][N_KERNEL_TYPES];
    kernel_store *gelu[N_KERNEL_TYPES][N_KERNEL_TYPES]; /* exact, by erf */
    kernel_store *gelu_tanh[N_KERNEL_TYPES][N_KERNEL_TYPES];
    kernel_store *relu[N_KERNEL_TYPES][N_KERNEL_TYPES];
    kernel_store *silu[N_KERNEL_TYPES][N_KERNEL_TYPES];
    kernel_add *add[N_KERNEL_TYPES];
    kernel_layer_norm *layer_norm;
    kernel_rms_norm *rms_norm;
    kernel_rotate *rotate;
    kernel_scale_by *scale_by;
    kernel_quantise *quantise;
    kernel_multiply_float32 *multiply_float32;
    kernel_multiply_int8 *multiply_int8;
    kernel_round *round;
    kernel_widen *widen_float16;
    kernel_widen *widen_bfloat16;
    kernel_attention
        *attention[N_KERNEL_TYPES]; /* BFLOAT16: NULL where the CPU has no such products */
    kernel_attention *disentangled; /* of float32 */

    /* What the CPU is good at. */
    bool multiplies_bfloat16; /* natively, which is faster than float32 */
    bool multiplies_int8;     /* exactly, and faster than float32 */

    char name[64]; /* "avx2, avx_vnni", "c": the sets that were laid over each other, for the log */
};

void kernels_choose(struct kernels *ret_kernels, unsigned cpu_flags);

/* The CPU flags up to the set of that name ("avx2"); "all" has all, "none" none. False if this
 * architecture has no such set. */
bool kernels_find_mask(const char *name, unsigned *ret_mask);

#endif
