/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine/kernels/kernel_test.h"

#include "engine/kernels/c/kernels_c.h"
#include "tests/engine/kernels/attention_amx_emulated.h"

#include <stdlib.h>

/* Texts and heads round the tiles' and panels' sizes (6, 8, 16, 24, 32), and models' own. */
static const size_t TOKENS[] = {1,  2,  3,  5,  7,  8,  9,  15, 16, 17,
                                23, 24, 25, 31, 32, 33, 47, 63, 64, 100};
static const size_t HEADS[] = {1, 3, 8, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 80, 96, 128, 256};
enum {
    N_TOKENS = sizeof TOKENS / sizeof *TOKENS,
    N_HEADS = sizeof HEADS / sizeof *HEADS,
};

/* A version in its format; attention_bfloat16_c is in no set. */
struct version {
    struct level level;
    enum kernel_type type;
    kernel_attention *reference; /* or NULL: what kernels_choose() gives */
};

static const struct version VERSION_C = {{"c", 0}, KERNEL_FLOAT32, NULL};
static const struct version VERSION_BFLOAT16_C = {
    {"bfloat16 c", 0}, KERNEL_BFLOAT16, attention_bfloat16_c};
#define TEST_REFERENCES(test)                                                                      \
    TEST_OF_LEVEL(test, VERSION_C), TEST_OF_LEVEL(test, VERSION_BFLOAT16_C)

#if defined(__x86_64__)
static const struct version VERSION_AVX2 = {{"avx2", CPU_AVX2}, KERNEL_FLOAT32, NULL};
static const struct version VERSION_AVX512 = {
    {"avx512", CPU_AVX2 | CPU_AVX512}, KERNEL_FLOAT32, NULL};
static const struct version VERSION_AVX512_BF16 = {
    {"avx512_bf16", CPU_AVX2 | CPU_AVX512 | CPU_AVX512_BF16}, KERNEL_BFLOAT16, NULL};
static const struct version VERSION_AMX_BF16 = {
    {"amx_bf16", CPU_AVX2 | CPU_AVX512 | CPU_AVX512_BF16 | CPU_AMX_BF16}, KERNEL_BFLOAT16, NULL};
static const struct version VERSION_AMX_EMULATED = {
    {"avx512_bf16", CPU_AVX2 | CPU_AVX512 | CPU_AVX512_BF16},
    KERNEL_BFLOAT16,
    attention_amx_emulated};
#define TEST_AMX_VERSIONS(test)                                                                    \
    TEST_OF_LEVEL(test, VERSION_AMX_EMULATED), TEST_OF_LEVEL(test, VERSION_AMX_BF16)
#define TEST_VERSIONS(test)                                                                        \
    TEST_REFERENCES(test), TEST_OF_LEVEL(test, VERSION_AVX2), TEST_OF_LEVEL(test, VERSION_AVX512), \
        TEST_OF_LEVEL(test, VERSION_AVX512_BF16), TEST_AMX_VERSIONS(test)
#define TEST_BFLOAT16_VERSIONS(test)                                                               \
    TEST_OF_LEVEL(test, VERSION_BFLOAT16_C), TEST_OF_LEVEL(test, VERSION_AVX512_BF16),             \
        TEST_AMX_VERSIONS(test)
#define TEST_FLOAT32_VERSIONS(test)                                                                \
    TEST_OF_LEVEL(test, VERSION_C), TEST_OF_LEVEL(test, VERSION_AVX2),                             \
        TEST_OF_LEVEL(test, VERSION_AVX512)
#else
#if defined(__aarch64__)
static const struct version VERSION_NEON = {{"neon", CPU_NEON}, KERNEL_FLOAT32, NULL};
#define TEST_VERSIONS(test) TEST_REFERENCES(test), TEST_OF_LEVEL(test, VERSION_NEON)
#define TEST_FLOAT32_VERSIONS(test)                                                                \
    TEST_OF_LEVEL(test, VERSION_C), TEST_OF_LEVEL(test, VERSION_NEON)
#else
#define TEST_VERSIONS(test)         TEST_REFERENCES(test)
#define TEST_FLOAT32_VERSIONS(test) TEST_OF_LEVEL(test, VERSION_C)
#endif
#define TEST_BFLOAT16_VERSIONS(test) TEST_OF_LEVEL(test, VERSION_BFLOAT16_C)
#endif

static kernel_attention *version_kernel(const struct version *version)
{
    struct kernels kernels;

    level_require(&version->level);
    kernels_choose(&kernels, version->level.cpu_flags);
    return version->reference ? version->reference : kernels.attention[version->type];
}

/* One head's view of rows that hold q, k and v side by side, as the encoder's do. */
struct trial {
    enum kernel_type type;
    size_t n_tokens, head_size, stride, out_stride;
    float scale;
    struct fence values;  /* [n_tokens, stride]: q, k, v of head_size each, and one float between */
    struct fence qkv;     /* the same in the version's format */
    struct fence scratch; /* exactly what the header asks for */
    struct fence out;     /* [n_tokens, out_stride], the last row of head_size */
    struct fence bias;    /* [2 (n_tokens + margin) + 1], by distance; empty: there is none */
    size_t n_before, n_after;
    struct fence position_keys; /* [n_positions, head_size]; empty: not disentangled */
    struct fence position_queries;
    struct fence rows; /* [2 n_tokens - 1], by distance */
};

/* Numbers that either format can hold. */
static struct trial trial_new(struct random *random, const struct version *version, size_t n_tokens,
                              size_t head_size, float largest)
{
    struct trial a = {
        .type = version->type,
        .n_tokens = n_tokens,
        .head_size = head_size,
        .stride = 3 * head_size + 1,
        .out_stride = head_size + 2,
        .scale = 1 / sqrtf((float)head_size),
    };
    const size_t n = (n_tokens - 1) * a.stride + 3 * head_size;

    a.values = fence_new_random(random, -largest, largest, n);
    for (size_t i = 0; i < n && a.type == KERNEL_BFLOAT16; i++)
        a.values.data[i] = exact_bfloat16(a.values.data[i]);
    a.qkv = fence_new_of(n, a.type == KERNEL_BFLOAT16 ? sizeof(uint16_t) : sizeof(float));
    a.scratch = fence_new(KERNEL_ATTENTION_SCRATCH_FLOATS(n_tokens, head_size));
    a.out = fence_new((n_tokens - 1) * a.out_stride + head_size);
    return a;
}

static void trial_free(struct trial *a)
{
    fence_free(&a->values);
    fence_free(&a->qkv);
    fence_free(&a->scratch);
    fence_free(&a->out);
    if (a->bias.data)
        fence_free(&a->bias);
    if (a->position_keys.data)
        fence_free(&a->position_keys);
    if (a->position_queries.data)
        fence_free(&a->position_queries);
    if (a->rows.data)
        fence_free(&a->rows);
}

static void trial_run(struct trial *a, kernel_attention *kernel)
{
    const size_t size = a->type == KERNEL_BFLOAT16 ? sizeof(uint16_t) : sizeof(float);
    const uint8_t *q = a->qkv.bytes;

    for (size_t i = 0; i < a->qkv.n; i++)
        if (a->type == KERNEL_BFLOAT16)
            a->qkv.halves[i] = (uint16_t)(a->values.ints[i] >> 16);
        else
            a->qkv.data[i] = a->values.data[i];
    kernel(&(struct attention){
        .q = q,
        .k = q + a->head_size * size,
        .v = q + 2 * a->head_size * size,
        .stride = a->stride,
        .n_tokens = a->n_tokens,
        .head_size = a->head_size,
        .scale = a->scale,
        .scratch = a->scratch.data,
        .out = a->out.data,
        .out_stride = a->out_stride,
        .bias = a->bias.data ? a->bias.data + a->bias.n / 2 : NULL,
        .n_before = a->n_before,
        .n_after = a->n_after,
        .rows = a->rows.data ? (const uint32_t *)a->rows.ints + a->n_tokens - 1 : NULL,
        .position_keys = a->position_keys.data,
        .position_queries = a->position_queries.data,
    });
}

enum { MAX_TOKENS = 8192, MAX_HEAD = 256 };

static oracle exact_dot(const float *a, const float *b, size_t n)
{
    oracle sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (oracle)a[i] * b[i];
    return sum;
}

static oracle exact_positions(const struct trial *a, size_t query, size_t key)
{
    const float *q = a->values.data + query * a->stride;
    const float *k = a->values.data + a->head_size + key * a->stride;
    size_t row = (size_t)a->rows.ints[a->n_tokens - 1 + key - query];
    oracle sum = 0;

    if (a->position_keys.data)
        sum += exact_dot(q, a->position_keys.data + row * a->head_size, a->head_size);
    if (a->position_queries.data)
        sum += exact_dot(k, a->position_queries.data + row * a->head_size, a->head_size);
    return sum;
}

/* The formula, of one query. */
static void exact_attention(const struct trial *a, size_t query, float *result)
{
    const float *q = a->values.data + query * a->stride;
    const float *k = a->values.data + a->head_size, *v = k + a->head_size;
    oracle scores[MAX_TOKENS], largest = -INFINITY, sum = 0;

    assert_true(a->n_tokens <= MAX_TOKENS);

    for (size_t j = 0; j < a->n_tokens; j++) {
        scores[j] = exact_dot(q, k + j * a->stride, a->head_size);
        if (a->rows.data)
            scores[j] += exact_positions(a, query, j);
        if (a->bias.data)
            scores[j] += a->bias.data[a->bias.n / 2 + j - query];
        scores[j] *= a->scale;
        largest = oracle_of(fmax)(largest, scores[j]);
    }
    for (size_t j = 0; j < a->n_tokens; j++) {
        scores[j] = oracle_of(exp)(scores[j] - largest);
        sum += scores[j];
    }
    for (size_t d = 0; d < a->head_size; d++) {
        oracle value = 0;

        for (size_t j = 0; j < a->n_tokens; j++)
            value += scores[j] * v[j * a->stride + d];
        result[d] = (float)(value / sum);
    }
}

/* Rounding a weight to bfloat16 is a relative error of up to 2^-8, and of their sum as much. */
static double tolerance_of(const struct trial *a, double of_float32, float largest_value)
{
    return a->type == KERNEL_BFLOAT16 ? of_float32 + 0x1p-7 * largest_value : of_float32;
}

static void check_query(const struct trial *a, size_t query, double tolerance)
{
    float result[MAX_HEAD];

    assert_true(a->head_size <= MAX_HEAD);
    exact_attention(a, query, result);
    assert_close(a->out.data + query * a->out_stride, result, a->head_size, tolerance, 0);
}

static void check_against_formula(const struct trial *a, double tolerance)
{
    for (size_t i = 0; i < a->n_tokens; i++)
        check_query(a, i, tolerance);
}

/* Values and results are below 1. A score's error, 6e-8 of the sum of up to 256 products below 1,
 * scaled, is an error of the weights as large; the sums over the keys add less. */
static void test_attention__awkward_shapes(void **state)
{
    const struct version *version = *state;
    kernel_attention *kernel = version_kernel(version);
    struct random random = {1};

    for (size_t i = 0; i < N_TOKENS; i++)
        for (size_t j = 0; j < N_HEADS; j++) {
            struct trial a = trial_new(&random, version, TOKENS[i], HEADS[j], 1);

            trial_run(&a, kernel);
            check_against_formula(&a, tolerance_of(&a, 1e-6, 1));
            trial_free(&a);
        }
}

static void test_attention__whole_texts(void **state)
{
    const struct version *version = *state;
    kernel_attention *kernel = version_kernel(version);
    struct random random = {2};

    for (size_t head_size = 32; head_size <= 64; head_size += 32)
        for (size_t n_tokens = 511; n_tokens <= 512; n_tokens++) {
            struct trial a = trial_new(&random, version, n_tokens, head_size, 2);

            trial_run(&a, kernel);
            check_against_formula(&a, tolerance_of(&a, 2e-6, 2));
            trial_free(&a);
        }
}

/* Scores of about -80 to 80 before the softmax: nearly one-hot rows, where a score's error, 6e-8 x
 * 80 and more, is the weights'. */
static void test_attention__large_scores(void **state)
{
    const struct version *version = *state;
    kernel_attention *kernel = version_kernel(version);
    struct random random = {3};

    for (size_t i = 0; i < N_TOKENS; i++) {
        struct trial a = trial_new(&random, version, TOKENS[i], 64, 6);

        trial_run(&a, kernel);
        check_against_formula(&a, tolerance_of(&a, 2e-4, 6));
        trial_free(&a);
    }
}

static void test_attention__one_token_attends_to_itself(void **state)
{
    const struct version *version = *state;
    kernel_attention *kernel = version_kernel(version);
    struct random random = {4};

    for (size_t i = 0; i < N_HEADS; i++) {
        struct trial a = trial_new(&random, version, 1, HEADS[i], 10);

        trial_run(&a, kernel);
        assert_same(a.out.data, a.values.data + 2 * a.head_size, a.head_size);
        trial_free(&a);
    }
}

/* Equal keys weigh the same, so the result is the values' mean, whatever the query. */
static void test_attention__equal_keys_give_the_mean(void **state)
{
    const struct version *version = *state;
    kernel_attention *kernel = version_kernel(version);
    struct random random = {5};

    for (size_t i = 0; i < N_TOKENS; i++) {
        struct trial a = trial_new(&random, version, TOKENS[i], 32, 1);
        float *k = a.values.data + 32, *v = k + 32;

        for (size_t j = 1; j < a.n_tokens; j++)
            memcpy(k + j * a.stride, k, 32 * sizeof *k);
        trial_run(&a, kernel);
        for (size_t d = 0; d < 32; d++) {
            double sum = 0;

            for (size_t j = 0; j < a.n_tokens; j++)
                sum += v[j * a.stride + d];
            for (size_t j = 0; j < a.n_tokens; j++)
                assert_true(fabs(a.out.data[j * a.out_stride + d] - sum / (double)a.n_tokens) <
                            1e-6);
        }
        trial_free(&a);
    }
}

/* Promise 10: one bad number reaches every query of its text. */
static void test_attention__what_is_not_finite_stays_so(void **state)
{
    const struct version *version = *state;
    kernel_attention *kernel = version_kernel(version);
    struct random random = {6};

    for (size_t i = 0; i < N_TOKENS; i++) {
        struct trial a = trial_new(&random, version, TOKENS[i], 33, 1);

        a.values.data[a.values.n - 1 - 33] = NAN; /* the last key's last number */
        trial_run(&a, kernel);
        for (size_t j = 0; j < a.n_tokens; j++)
            assert_true(isnan(a.out.data[j * a.out_stride]));
        trial_free(&a);
    }
}

static void trial_widen_stride(struct trial *a, size_t more)
{
    const size_t size = a->type == KERNEL_BFLOAT16 ? sizeof(uint16_t) : sizeof(float);
    size_t n;

    fence_free(&a->values);
    fence_free(&a->qkv);
    a->stride += more;
    n = (a->n_tokens - 1) * a->stride + 3 * a->head_size + 1;
    a->values = fence_new(n);
    a->qkv = fence_new_of(n, size);
}

/* Promise 1: the bytes depend on the text alone: not on what the scratch held, on alignment or on
 * strides, nor on where among its text's queries a query stands. */
static void test_attention__depends_on_its_text_alone(void **state)
{
    const struct version *version = *state;
    kernel_attention *kernel = version_kernel(version);
    struct random random = {7};

    for (size_t i = 0; i < N_TOKENS; i++)
        for (size_t j = 0; j < N_HEADS; j++) {
            struct trial a = trial_new(&random, version, TOKENS[i], HEADS[j], 1);
            struct trial b = trial_new(&random, version, TOKENS[i], HEADS[j], 1);

            trial_widen_stride(&b, 5);
            for (size_t row = 0; row < b.n_tokens; row++)
                memcpy(b.values.data + row * b.stride, a.values.data + row * a.stride,
                       3 * b.head_size * sizeof(float));
            for (size_t s = 0; s < b.scratch.n; s++)
                b.scratch.data[s] = NAN;
            trial_run(&a, kernel);
            trial_run(&b, kernel);
            for (size_t row = 0; row < a.n_tokens; row++)
                assert_same(b.out.data + row * b.out_stride, a.out.data + row * a.out_stride,
                            a.head_size);
            trial_free(&a);
            trial_free(&b);
        }
}

static void test_attention__query_does_not_depend_on_its_place(void **state)
{
    const struct version *version = *state;
    kernel_attention *kernel = version_kernel(version);
    struct random random = {8};

    for (size_t i = 0; i < N_TOKENS; i++) {
        struct trial a = trial_new(&random, version, TOKENS[i], 64, 1);

        for (size_t j = 1; j < a.n_tokens; j++)
            memcpy(a.values.data + j * a.stride, a.values.data, 64 * sizeof(float));
        trial_run(&a, kernel);
        for (size_t j = 1; j < a.n_tokens; j++)
            assert_same(a.out.data + j * a.out_stride, a.out.data, 64);
        trial_free(&a);
    }
}

/* A bias for each distance, and none of what is further away than some. */
static void trial_add_bias(struct trial *a, struct random *random, size_t n_before, size_t n_after)
{
    size_t n = a->n_tokens + KERNEL_BIAS_MARGIN;

    a->bias = fence_new_random(random, -3, 3, 2 * n + 1);
    a->n_before = n_before;
    a->n_after = n_after;
    for (size_t i = 0; i < a->bias.n; i++)
        if ((i < n && n - i > n_before) || (i > n && i - n > n_after))
            a->bias.data[i] = -INFINITY;
}

static void test_attention__sees_by_distance(void **state)
{
    static const size_t reaches[][2] = {
        {SIZE_MAX, SIZE_MAX}, {SIZE_MAX, 0}, {0, 0}, {2, 2}, {8, 8}, {7, 0}, {40, 40}};
    const struct version *version = *state;
    kernel_attention *kernel = version_kernel(version);
    struct random random = {10};

    for (size_t i = 0; i < N_TOKENS; i++)
        for (size_t j = 0; j < sizeof reaches / sizeof *reaches; j++) {
            struct trial a = trial_new(&random, version, TOKENS[i], HEADS[(i + j) % N_HEADS], 1);

            trial_add_bias(&a, &random, reaches[j][0], reaches[j][1]);
            for (size_t s = 0; s < a.scratch.n; s++)
                a.scratch.data[s] = NAN;
            trial_run(&a, kernel);
            check_against_formula(&a, tolerance_of(&a, 2e-6, 1));
            trial_free(&a);
        }
}

/* Texts of several blocks of keys and of queries, whose ends are seen or not. */
static void test_attention__sees_by_distance_in_long_texts(void **state)
{
    static const struct {
        size_t n_tokens, head_size, n_before, n_after;
    } cases[] = {
        {257, 48, SIZE_MAX, SIZE_MAX},
        {511, 64, SIZE_MAX, 0},
        {600, 256, 300, 300},
        {1000, 96, SIZE_MAX, 0},
        {1000, 80, 8, 8},
        {1000, 32, 0, 0},
        {1000, 64, 64, 1},
        {1000, 33, 256, 0},
    };
    const struct version *version = *state;
    kernel_attention *kernel = version_kernel(version);
    struct random random = {13};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trial a = trial_new(&random, version, cases[i].n_tokens, cases[i].head_size, 2);

        trial_add_bias(&a, &random, cases[i].n_before, cases[i].n_after);
        for (size_t s = 0; s < a.scratch.n; s++)
            a.scratch.data[s] = NAN;
        trial_run(&a, kernel);
        for (size_t j = 0; j < a.n_tokens; j += 13)
            check_query(&a, j, tolerance_of(&a, 1e-5, 2));
        check_query(&a, a.n_tokens - 1, tolerance_of(&a, 1e-5, 2));
        trial_free(&a);
    }
}

/* What rises from key to key is the hardest for sums that are kept up to date. */
static void test_attention__scores_rise(void **state)
{
    const struct version *version = *state;
    kernel_attention *kernel = version_kernel(version);
    struct random random = {14};
    struct trial a = trial_new(&random, version, 1000, 32, 1);

    for (size_t i = 0; i < a.n_tokens; i++)
        for (size_t d = 0; d < 32; d++) {
            a.values.data[i * a.stride + d] = 1;
            a.values.data[i * a.stride + 32 + d] = exact_bfloat16((float)i / 50);
        }
    trial_run(&a, kernel);
    for (size_t i = 0; i < a.n_tokens; i += 111)
        check_query(&a, i, tolerance_of(&a, 1e-4, 1));
    trial_free(&a);
}

#if defined(__x86_64__)
/* A window, since the emulation is slow. */
static void test_attention__longest_texts(void **state)
{
    const struct version *version = *state;
    kernel_attention *kernel = version_kernel(version);
    struct random random = {15};
    struct trial a = trial_new(&random, version, MAX_TOKENS, 32, 1);

    trial_add_bias(&a, &random, 300, 300);
    trial_run(&a, kernel);
    for (size_t i = 0; i < MAX_TOKENS; i += 1117)
        check_query(&a, i, tolerance_of(&a, 1e-5, 1));
    trial_free(&a);
}

/* As attention_tiles_amx.h tells. */
static void test_attention__tile_products_are_as_many_as_told(void **state)
{
    kernel_attention *kernel = version_kernel(*state);
    struct random random = {16};
    struct trial a = trial_new(&random, *state, 512, 64, 1);
    const size_t before = attention_amx_emulated_products();

    trial_run(&a, kernel);
    assert_int_equal(attention_amx_emulated_products() - before, 8 * 512);
    trial_free(&a);
}
#endif

/* A number that a query does not see does not reach it. */
static void test_attention__later_tokens_change_nothing_where_unseen(void **state)
{
    const struct version *version = *state;
    kernel_attention *kernel = version_kernel(version);
    struct random random = {11};

    for (size_t i = 0; i < N_TOKENS; i++) {
        struct trial a = trial_new(&random, version, TOKENS[i], 48, 1);
        struct fence before = fence_new(a.out.n);
        float *last = a.values.data + (a.n_tokens - 1) * a.stride;

        trial_add_bias(&a, &random, SIZE_MAX, 0);
        trial_run(&a, kernel);
        memcpy(before.data, a.out.data, a.out.n * sizeof *a.out.data);
        for (size_t d = 0; d < 3 * a.head_size; d++)
            last[d] = 0.5f;
        trial_run(&a, kernel);
        for (size_t row = 0; row + 1 < a.n_tokens; row++)
            assert_same(a.out.data + row * a.out_stride, before.data + row * a.out_stride,
                        a.head_size);
        fence_free(&before);
        trial_free(&a);
    }
}

/* Positions for distances up to `reach` each way: those further have the last. */
static void trial_add_positions(struct trial *a, struct random *random, size_t reach, bool keys,
                                bool queries)
{
    const size_t n_positions = 2 * reach;

    a->scale = 1 / sqrtf((float)(a->head_size * (1u + keys + queries)));
    if (keys)
        a->position_keys = fence_new_random(random, -1, 1, n_positions * a->head_size);
    if (queries)
        a->position_queries = fence_new_random(random, -1, 1, n_positions * a->head_size);
    a->rows = fence_new(2 * a->n_tokens - 1);
    for (size_t i = 0; i < a->rows.n; i++) {
        ptrdiff_t row = (ptrdiff_t)(a->n_tokens - 1 + reach) - (ptrdiff_t)i;

        a->rows.ints[i] = (int32_t)(row < 0                         ? 0
                                    : row >= (ptrdiff_t)n_positions ? (ptrdiff_t)n_positions - 1
                                                                    : row);
    }
    fence_free(&a->scratch);
    a->scratch = fence_new(
        KERNEL_ATTENTION_SCRATCH_FLOATS(a->n_tokens, a->head_size) +
        KERNEL_POSITIONS_SCRATCH_FLOATS(a->n_tokens, a->head_size,
                                        n_positions < a->rows.n ? n_positions : a->rows.n));
    for (size_t i = 0; i < a->scratch.n; i++)
        a->scratch.data[i] = NAN;
}

static void test_attention__disentangled(void **state)
{
    static const size_t reaches[] = {1, 5, 16, 200};
    const struct version *version = *state;
    struct kernels kernels;
    struct random random = {12};

    level_require(&version->level);
    kernels_choose(&kernels, version->level.cpu_flags);
    for (size_t i = 0; i < N_TOKENS; i++)
        for (unsigned terms = 1; terms < 4; terms++)
            for (size_t j = 0; j < sizeof reaches / sizeof *reaches; j++) {
                struct trial a =
                    trial_new(&random, version, TOKENS[i], HEADS[(i + j) % N_HEADS], 1);

                trial_add_positions(&a, &random, reaches[j], terms & 1, terms & 2);
                trial_run(&a, kernels.disentangled);
                check_against_formula(&a, 2e-6);
                trial_free(&a);
            }
}

/* The rounding errors of many weights do not add up, and no polynomial adds one of its own. */
static void test_attention__bfloat16_is_close_to_float32_on_average(void **state)
{
    const struct version *version = *state;
    kernel_attention *kernel = version_kernel(version);
    struct random random = {9};
    struct trial a = trial_new(&random, version, 128, 32, 1);
    double error = 0;
    float result[32];

    trial_run(&a, kernel);
    for (size_t i = 0; i < 128; i++) {
        exact_attention(&a, i, result);
        for (size_t d = 0; d < 32; d++)
            error += fabs((double)a.out.data[i * a.out_stride + d] - result[d]) / (128 * 32);
    }
    print_message("mean error %.2e\n", error);
    assert_true(error < 0x1p-12);
    trial_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_VERSIONS(test_attention__awkward_shapes),
        TEST_VERSIONS(test_attention__whole_texts),
        TEST_VERSIONS(test_attention__large_scores),
        TEST_VERSIONS(test_attention__one_token_attends_to_itself),
        TEST_VERSIONS(test_attention__equal_keys_give_the_mean),
        TEST_VERSIONS(test_attention__what_is_not_finite_stays_so),
        TEST_VERSIONS(test_attention__depends_on_its_text_alone),
        TEST_VERSIONS(test_attention__query_does_not_depend_on_its_place),
        TEST_VERSIONS(test_attention__sees_by_distance),
        TEST_VERSIONS(test_attention__sees_by_distance_in_long_texts),
        TEST_VERSIONS(test_attention__scores_rise),
#if defined(__x86_64__)
        TEST_AMX_VERSIONS(test_attention__longest_texts),
        TEST_OF_LEVEL(test_attention__tile_products_are_as_many_as_told, VERSION_AMX_EMULATED),
#endif
        TEST_VERSIONS(test_attention__later_tokens_change_nothing_where_unseen),
        TEST_FLOAT32_VERSIONS(test_attention__disentangled),
        TEST_BFLOAT16_VERSIONS(test_attention__bfloat16_is_close_to_float32_on_average),
    };

    return cmocka_run_group_tests_name("attention", tests, NULL, NULL);
}
