/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine/kernels/kernel_test.h"

#include <stdlib.h>

/* Texts and heads round the tiles' and panels' sizes (6, 8, 16, 24, 32), and models' own. */
static const size_t TOKENS[] = {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 33, 47, 64, 100};
static const size_t HEADS[] = {1, 3, 8, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 80, 96, 128};
enum {
    N_TOKENS = sizeof TOKENS / sizeof *TOKENS,
    N_HEADS = sizeof HEADS / sizeof *HEADS,
};

/* One head's view of rows that hold q, k and v side by side, as the encoder's do. */
struct attention {
    size_t n_tokens, head_size, stride, out_stride;
    float scale;
    struct fence qkv;     /* [n_tokens, stride]: q, k, v of head_size each, and one float between */
    struct fence scratch; /* exactly what the header asks for */
    struct fence out;     /* [n_tokens, out_stride], the last row of head_size */
};

static struct attention attention_new(struct random *random, size_t n_tokens, size_t head_size,
                                      float largest)
{
    struct attention a = {
        .n_tokens = n_tokens,
        .head_size = head_size,
        .stride = 3 * head_size + 1,
        .out_stride = head_size + 2,
        .scale = 1 / sqrtf((float)head_size),
    };

    a.qkv = fence_new_random(random, -largest, largest, (n_tokens - 1) * a.stride + 3 * head_size);
    a.scratch = fence_new(KERNEL_ATTENTION_SCRATCH_FLOATS(n_tokens, head_size));
    a.out = fence_new((n_tokens - 1) * a.out_stride + head_size);
    return a;
}

static void attention_free(struct attention *a)
{
    fence_free(&a->qkv);
    fence_free(&a->scratch);
    fence_free(&a->out);
}

static void attention_run(struct attention *a, kernel_attention *kernel)
{
    const float *q = a->qkv.data;

    kernel(q, q + a->head_size, q + 2 * a->head_size, a->stride, a->n_tokens, a->head_size,
           a->scale, a->scratch.data, a->out.data, a->out_stride);
}

/* The formula in long double, of one query. */
static void exact_attention(const struct attention *a, size_t query, float *result)
{
    const float *q = a->qkv.data + query * a->stride;
    const float *k = a->qkv.data + a->head_size, *v = k + a->head_size;
    long double scores[512], largest = -INFINITY, sum = 0;

    for (size_t j = 0; j < a->n_tokens; j++) {
        scores[j] = 0;
        for (size_t d = 0; d < a->head_size; d++)
            scores[j] += (long double)q[d] * k[j * a->stride + d];
        scores[j] *= a->scale;
        largest = fmaxl(largest, scores[j]);
    }
    for (size_t j = 0; j < a->n_tokens; j++) {
        scores[j] = expl(scores[j] - largest);
        sum += scores[j];
    }
    for (size_t d = 0; d < a->head_size; d++) {
        long double value = 0;

        for (size_t j = 0; j < a->n_tokens; j++)
            value += scores[j] * v[j * a->stride + d];
        result[d] = (float)(value / sum);
    }
}

static void check_against_formula(const struct attention *a, double tolerance)
{
    float result[128];

    for (size_t i = 0; i < a->n_tokens; i++) {
        exact_attention(a, i, result);
        assert_close(a->out.data + i * a->out_stride, result, a->head_size, tolerance, 0);
    }
}

/* Values and results are below 1. A score's error, 6e-8 of the sum of up to 128 products below 1,
 * scaled, is an error of the weights as large; the sums over the keys add less. */
static void test_attention__awkward_shapes(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {1};

    for (size_t i = 0; i < N_TOKENS; i++)
        for (size_t j = 0; j < N_HEADS; j++) {
            struct attention a = attention_new(&random, TOKENS[i], HEADS[j], 1);

            attention_run(&a, kernels.attention);
            check_against_formula(&a, 1e-6);
            attention_free(&a);
        }
}

static void test_attention__whole_texts(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {2};

    for (size_t head_size = 32; head_size <= 64; head_size += 32)
        for (size_t n_tokens = 511; n_tokens <= 512; n_tokens++) {
            struct attention a = attention_new(&random, n_tokens, head_size, 2);

            attention_run(&a, kernels.attention);
            check_against_formula(&a, 2e-6);
            attention_free(&a);
        }
}

/* Scores of about -80 to 80 before the softmax: nearly one-hot rows, where a score's error, 6e-8 x
 * 80 and more, is the weights'. */
static void test_attention__large_scores(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {3};

    for (size_t i = 0; i < N_TOKENS; i++) {
        struct attention a = attention_new(&random, TOKENS[i], 64, 6);

        attention_run(&a, kernels.attention);
        check_against_formula(&a, 2e-4);
        attention_free(&a);
    }
}

static void test_attention__one_token_attends_to_itself(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {4};

    for (size_t i = 0; i < N_HEADS; i++) {
        struct attention a = attention_new(&random, 1, HEADS[i], 10);

        attention_run(&a, kernels.attention);
        assert_same(a.out.data, a.qkv.data + 2 * a.head_size, a.head_size);
        attention_free(&a);
    }
}

/* Equal keys weigh the same, so the result is the values' mean, whatever the query. */
static void test_attention__equal_keys_give_the_mean(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {5};

    for (size_t i = 0; i < N_TOKENS; i++) {
        struct attention a = attention_new(&random, TOKENS[i], 32, 1);
        float *k = a.qkv.data + 32, *v = k + 32;

        for (size_t j = 1; j < a.n_tokens; j++)
            memcpy(k + j * a.stride, k, 32 * sizeof *k);
        attention_run(&a, kernels.attention);
        for (size_t d = 0; d < 32; d++) {
            double sum = 0;

            for (size_t j = 0; j < a.n_tokens; j++)
                sum += v[j * a.stride + d];
            for (size_t j = 0; j < a.n_tokens; j++)
                assert_true(fabs(a.out.data[j * a.out_stride + d] - sum / a.n_tokens) < 1e-6);
        }
        attention_free(&a);
    }
}

/* Promise 10: one bad number reaches every query of its text. */
static void test_attention__what_is_not_finite_stays_so(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {6};

    for (size_t i = 0; i < N_TOKENS; i++) {
        struct attention a = attention_new(&random, TOKENS[i], 33, 1);

        a.qkv.data[a.qkv.n - 1 - 33] = NAN; /* the last key's last number */
        attention_run(&a, kernels.attention);
        for (size_t j = 0; j < a.n_tokens; j++)
            assert_true(isnan(a.out.data[j * a.out_stride]));
        attention_free(&a);
    }
}

/* Promise 1: the bytes depend on the text alone: not on what the scratch held, on alignment or on
 * strides, nor on where among its text's queries a query stands. */
static void test_attention__depends_on_its_text_alone(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {7};

    for (size_t i = 0; i < N_TOKENS; i++)
        for (size_t j = 0; j < N_HEADS; j++) {
            struct attention a = attention_new(&random, TOKENS[i], HEADS[j], 1);
            struct attention b = attention_new(&random, TOKENS[i], HEADS[j], 1);

            fence_free(&b.qkv);
            b.stride = a.stride + 5;
            b.qkv = fence_new((b.n_tokens - 1) * b.stride + 3 * b.head_size + 1);
            for (size_t row = 0; row < b.n_tokens; row++)
                memcpy(b.qkv.data + row * b.stride, a.qkv.data + row * a.stride,
                       3 * b.head_size * sizeof(float));
            for (size_t s = 0; s < b.scratch.n; s++)
                b.scratch.data[s] = NAN;
            attention_run(&a, kernels.attention);
            attention_run(&b, kernels.attention);
            for (size_t row = 0; row < a.n_tokens; row++)
                assert_same(b.out.data + row * b.out_stride, a.out.data + row * a.out_stride,
                            a.head_size);
            attention_free(&a);
            attention_free(&b);
        }
}

static void test_attention__query_does_not_depend_on_its_place(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {8};

    for (size_t i = 0; i < N_TOKENS; i++) {
        struct attention a = attention_new(&random, TOKENS[i], 64, 1);

        for (size_t j = 1; j < a.n_tokens; j++)
            memcpy(a.qkv.data + j * a.stride, a.qkv.data, 64 * sizeof(float));
        attention_run(&a, kernels.attention);
        for (size_t j = 1; j < a.n_tokens; j++)
            assert_same(a.out.data + j * a.out_stride, a.out.data, 64);
        attention_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_LEVELS(test_attention__awkward_shapes),
        TEST_LEVELS(test_attention__whole_texts),
        TEST_LEVELS(test_attention__large_scores),
        TEST_LEVELS(test_attention__one_token_attends_to_itself),
        TEST_LEVELS(test_attention__equal_keys_give_the_mean),
        TEST_LEVELS(test_attention__what_is_not_finite_stays_so),
        TEST_LEVELS(test_attention__depends_on_its_text_alone),
        TEST_LEVELS(test_attention__query_does_not_depend_on_its_place),
    };

    return cmocka_run_group_tests_name("attention", tests, NULL, NULL);
}
