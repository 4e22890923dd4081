/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/memory.h"
#include "engine/gemm/gemm.h"
#include "engine/kernels/cpu.h"
#include "tests/engine/kernels/require_cpu.h"

#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    MAX_TEST_ROWS = 130,
    ROOM_ROWS = 192, /* MAX_TEST_ROWS rounded up to whole blocks */
};

static const struct {
    size_t n_out;
    size_t n_in;
} shapes[] = {{1, 1},     {7, 3},      {96, 32},    {33, 65},
              {384, 384}, {1152, 384}, {384, 1536}, {1024, 1024}};

/* What multiplies: the CPU flags that it needs, and those that kernels are chosen by. */
struct way {
    enum gemm_format format;
    unsigned needs;
    unsigned kernels;
};

static const struct way ways[] = {
    {GEMM_FLOAT32, 0, 0},
    {GEMM_FLOAT32, CPU_NEON, CPU_NEON},
    {GEMM_BFLOAT16, CPU_AVX512_BF16, 0},
    {GEMM_INT8, CPU_AVX512_VNNI, CPU_AVX512_VNNI}, /* oneDNN */
    {GEMM_INT8, CPU_AVX2, CPU_AVX2},
    {GEMM_INT8, CPU_AVX_VNNI, CPU_AVX_VNNI},
    {GEMM_INT8, CPU_DOTPROD, CPU_DOTPROD},
    {GEMM_INT8, 0, 0}, /* the reference */
};
enum { N_WAYS = sizeof ways / sizeof *ways };

static bool cpu_has(const struct way *way)
{
    return (cpu_flags(CPU_MASK_ALL) & way->needs) == way->needs;
}

/* tests/run says by EMULATED that each operation takes a hundred times as long. */
static bool is_emulated(void)
{
    return getenv("EMULATED") != NULL;
}

/* A thousand products would take the references minutes, and an emulator hours. */
static bool is_too_slow(const struct way *way, size_t n_out, size_t n_in)
{
    const bool is_reference =
        !way->kernels && (way->format == GEMM_INT8 || !(cpu_flags(CPU_MASK_ALL) & CPU_AVX2));

    return (is_reference && n_out * n_in > 4096) || (is_emulated() && n_out * n_in > 384 * 384);
}

static size_t element_bytes(enum gemm_format format)
{
    return format == GEMM_FLOAT32 ? 4 : format == GEMM_BFLOAT16 ? 2 : 1;
}

static float random_float(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (float)((double)*seed / 2147483648.0 - 1.0);
}

static float *random_floats(size_t n, uint32_t seed)
{
    float *values = memory_new_aligned(n * sizeof(float));

    assert_non_null(values);
    for (size_t i = 0; i < n; i++)
        values[i] = random_float(&seed);
    return values;
}

/* Cut, which is a way of rounding that needs no care: what matters is that the reference sees the
 * same. */
static uint16_t cut_to_bfloat16(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)(bits >> 16);
}

static double element(enum gemm_format format, const void *a, size_t i)
{
    uint32_t bits;
    float value;

    if (format == GEMM_FLOAT32)
        return ((const float *)a)[i];
    if (format == GEMM_INT8)
        return ((const uint8_t *)a)[i];
    bits = (uint32_t)((const uint16_t *)a)[i] << 16;
    memcpy(&value, &bits, sizeof value);
    return value;
}

struct product {
    enum gemm_format format;
    struct gemm *gemm;
    struct gemm_weights *packed;
    struct gemm_context *context;
    size_t n_out;
    size_t n_in;
    float *weights; /* [n_out, n_in] */
    char *a;        /* [ROOM_ROWS, n_in] of the format */
    float *c;       /* [ROOM_ROWS, n_out] */
};

static void product_init(struct product *product, const struct way *way, size_t n_out, size_t n_in)
{
    enum gemm_format format = way->format;
    struct kernels kernels;
    struct error error = {0};
    uint32_t seed = 2;

    *product = (struct product){.format = format, .n_out = n_out, .n_in = n_in};
    kernels_choose(&kernels, way->kernels);
    assert_int_equal(gemm_open(&kernels, &product->gemm, &error), STATUS_OK);
    product->weights = random_floats(n_out * n_in, 1);
    product->a = memory_new_aligned(ROOM_ROWS * n_in * sizeof(float));
    product->c = random_floats(ROOM_ROWS * n_out, 3);
    assert_non_null(product->a);
    for (size_t i = 0; i < ROOM_ROWS * n_in; i++) {
        float value = random_float(&seed);

        if (format == GEMM_FLOAT32)
            ((float *)(void *)product->a)[i] = value;
        else if (format == GEMM_BFLOAT16)
            ((uint16_t *)(void *)product->a)[i] = cut_to_bfloat16(value);
        else
            ((uint8_t *)product->a)[i] = (uint8_t)(seed >> 24);
    }
    if (gemm_pack(product->gemm, format, product->weights, n_out, n_in, &product->packed, &error))
        fail_msg("%s", error.text);
    assert_int_equal(gemm_context_new(product->gemm, &product->context), STATUS_OK);
}

static void product_release(struct product *product)
{
    gemm_context_free(product->context);
    gemm_weights_free(product->packed);
    gemm_close(product->gemm);
    free(product->weights);
    free(product->a);
    free(product->c);
}

static const char *row_of(const struct product *product, size_t row)
{
    return product->a + row * product->n_in * element_bytes(product->format);
}

/* The element in double, and the sum of its terms' magnitudes. */
static double expect_element(const struct product *product, size_t i, size_t j,
                             double *ret_magnitude)
{
    double sum = 0;

    *ret_magnitude = 0;
    for (size_t k = 0; k < product->n_in; k++) {
        double term = element(product->format, product->a, i * product->n_in + k) *
                      product->weights[j * product->n_in + k];

        sum += term;
        *ret_magnitude += fabs(term);
    }
    return sum;
}

static void compare_with_double(const struct way *way, size_t n_out, size_t n_in)
{
    /* Relative to the terms' magnitudes. float32: each of n_in additions rounds once, and the
     * errors cancel to far below this. bfloat16: a weight is rounded to 8 bits. int8: to steps of
     * 1/127 of its channel's largest. */
    static const double tolerances[] = {
        [GEMM_FLOAT32] = 5e-7, [GEMM_BFLOAT16] = 1.0 / 256, [GEMM_INT8] = 0.02};
    enum gemm_format format = way->format;
    struct product product;

    product_init(&product, way, n_out, n_in);
    assert_int_equal(
        gemm_multiply(product.context, product.packed, 0, 0, product.a, MAX_TEST_ROWS, product.c),
        STATUS_OK);
    for (size_t i = 0; i < MAX_TEST_ROWS; i += 13) {
        for (size_t j = 0; j < n_out; j++) {
            double magnitude;
            double expected = expect_element(&product, i, j, &magnitude);
            double got = product.c[i * n_out + j];

            if (format == GEMM_INT8)
                got = ((int32_t *)(void *)product.c)[i * n_out + j] *
                      (double)product.packed->scales[j];
            assert_true(fabs(got - expected) <= magnitude * tolerances[format]);
        }
    }
    product_release(&product);
}

static void test_gemm__agrees_with_double_arithmetic(void **state)
{
    (void)state;
    for (size_t w = 0; w < N_WAYS; w++)
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes && cpu_has(&ways[w]); s++)
            if (!is_emulated() || shapes[s].n_out * shapes[s].n_in <= 384 * 1536)
                compare_with_double(&ways[w], shapes[s].n_out, shapes[s].n_in);
}

enum {
    EXACT_OUT = 64,
    EXACT_IN = 4096,
};

/* The quantised weights, as products with rows of one 1 show them: each the nearest step to its
 * weight. */
static int32_t *read_quantised(struct product *product)
{
    int32_t *q = calloc(EXACT_OUT * EXACT_IN, sizeof *q); /* [EXACT_IN, EXACT_OUT] */

    assert_non_null(q);
    for (size_t k = 0; k < EXACT_IN; k += GEMM_MAX_ROWS) {
        memset(product->a, 0, GEMM_MAX_ROWS * EXACT_IN);
        for (size_t i = 0; i < GEMM_MAX_ROWS; i++)
            product->a[i * EXACT_IN + k + i] = 1;
        assert_int_equal(gemm_multiply(product->context, product->packed, 0, 0, product->a,
                                       GEMM_MAX_ROWS, q + k * EXACT_OUT),
                         STATUS_OK);
    }
    for (size_t k = 0; k < EXACT_IN; k++) {
        for (size_t j = 0; j < EXACT_OUT; j++) {
            float steps = product->weights[j * EXACT_IN + k] / product->packed->scales[j];

            assert_true(fabsf((float)q[k * EXACT_OUT + j] - steps) < 0.5001f);
        }
    }
    return q;
}

static void check_exactness(const struct way *way)
{
    struct product product;
    int32_t *q;
    int32_t *c;

    product_init(&product, way, EXACT_OUT, EXACT_IN);
    q = read_quantised(&product);
    for (size_t k = 0; k < EXACT_IN; k++) {
        product.a[k] = (char)255;
        product.a[EXACT_IN + k] = (char)(k * 37);
    }
    assert_int_equal(gemm_multiply(product.context, product.packed, 0, 0, product.a, 2, product.c),
                     STATUS_OK);
    c = (int32_t *)(void *)product.c;
    for (size_t j = 0; j < EXACT_OUT; j++) {
        int64_t sums[3] = {0};

        for (size_t k = 0; k < EXACT_IN; k++) {
            sums[0] += 255 * q[k * EXACT_OUT + j];
            sums[1] += (uint8_t)(k * 37) * q[k * EXACT_OUT + j];
            sums[2] += q[k * EXACT_OUT + j];
        }
        assert_int_equal(c[j], sums[0]);
        assert_int_equal(c[EXACT_OUT + j], sums[1]);
        assert_int_equal(product.packed->sums[j], sums[2]);
    }
    free(q);
    product_release(&product);
}

/* int8 products are exact: the same integers as plain arithmetic, at the largest magnitudes too. */
static void test_gemm__int8_is_exact(void **state)
{
    (void)state;
    for (size_t w = 0; w < N_WAYS; w++)
        if (ways[w].format == GEMM_INT8 && cpu_has(&ways[w]))
            check_exactness(&ways[w]);
}

/* Rows [first, MAX_TEST_ROWS) alone, in panels, against what all rows gave. */
static void compare_part(const struct product *product, float *part, size_t first, size_t split)
{
    size_t n_rows = MAX_TEST_ROWS - first;
    size_t width = product->n_out >> split;

    for (size_t panel = 0; panel < (size_t)1 << split; panel++) {
        assert_int_equal(gemm_multiply(product->context, product->packed, split, panel,
                                       row_of(product, first), n_rows, part),
                         STATUS_OK);
        for (size_t i = 0; i < n_rows; i++)
            assert_memory_equal(part + i * width,
                                product->c + (first + i) * product->n_out + panel * width,
                                width * sizeof(float));
    }
}

/* All heights up to a block's and beyond. Emulated, large products have the first few, and some
 * round what blocks are made of. */
static size_t next_n_rows(size_t n_rows, size_t n_out, size_t n_in)
{
    if (is_emulated() && n_out * n_in > 4096)
        return n_rows < 3 ? n_rows + 1 : n_rows + 31;
    return n_rows + (n_rows < 70 ? 1 : 17);
}

/* Promise 1: an element's bits depend neither on how many rows there are, nor on its place among
 * them, nor on the panel of columns. */
static void test_gemm__bits_do_not_depend_on_company(void **state)
{
    (void)state;
    for (size_t t = 0; t < N_WAYS * sizeof shapes / sizeof *shapes; t++) {
        const struct way *way = &ways[t % N_WAYS];
        struct product product;
        float *part;

        if (!cpu_has(way) || is_too_slow(way, shapes[t / N_WAYS].n_out, shapes[t / N_WAYS].n_in))
            continue;
        product_init(&product, way, shapes[t / N_WAYS].n_out, shapes[t / N_WAYS].n_in);
        part = random_floats(ROOM_ROWS * product.n_out, 4);
        assert_int_equal(gemm_multiply(product.context, product.packed, 0, 0, product.a,
                                       MAX_TEST_ROWS, product.c),
                         STATUS_OK);
        for (size_t n_rows = 1; n_rows <= MAX_TEST_ROWS;
             n_rows = next_n_rows(n_rows, product.n_out, product.n_in))
            for (size_t split = 0; split < product.packed->n_splits; split++)
                compare_part(&product, part, MAX_TEST_ROWS - n_rows, split);
        free(part);
        product_release(&product);
    }
}

/* A silent fall to another implementation costs up to a thousandfold, and a lone text needs panels:
 * see both here. */
static void test_gemm__takes_the_fast_implementation(void **state)
{
    const char *fast = cpu_flags(CPU_MASK_ALL) & CPU_AVX512 ? " brg" : " jit_1x1";

    (void)state;
    require_cpu(CPU_AVX2, "avx2");
    for (size_t w = 0; w < N_WAYS; w++) {
        bool is_own = ways[w].format == GEMM_INT8 && !(ways[w].needs & CPU_AVX512_VNNI);
        struct product product;
        const char *name;

        if (!cpu_has(&ways[w]))
            continue;
        product_init(&product, &ways[w], 1024, 1024);
        name = gemm_name(product.gemm);
        if (is_own)
            assert_string_equal(name, "multiply_int8");
        else
            assert_true(strstr(name, fast) || strstr(name, " brg"));
        assert_int_equal(product.packed->n_splits, GEMM_MAX_SPLIT + 1);
        product_release(&product);
    }
}

static size_t count_threads(void)
{
    DIR *folder = opendir("/proc/self/task");
    size_t n = 0;

    assert_non_null(folder);
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

static void *multiply_and_count(void *argument)
{
    struct product *product = argument;
    struct gemm_context *context = NULL;
    size_t n_threads = count_threads();

    if (gemm_context_new(product->gemm, &context) ||
        gemm_multiply(context, product->packed, 0, 0, product->a, 64, product->c))
        return NULL;
    gemm_context_free(context);
    return count_threads() == n_threads ? product : NULL;
}

/* As a worker does, in a thread that packed nothing; and of sizes that have no kernel of their own
 * on some CPUs. */
static void test_gemm__multiplies_in_the_calling_thread_alone(void **state)
{
    static const size_t sizes[][2] = {{1024, 1024}, {1023, 1023}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct product product;
        pthread_t thread;
        void *passed = NULL;

        product_init(&product, &ways[0], sizes[i][0], sizes[i][1]);
        assert_int_equal(pthread_create(&thread, NULL, multiply_and_count, &product), 0);
        pthread_join(thread, &passed);
        assert_ptr_equal(passed, &product);
        product_release(&product);
    }
}

/* 255 x 127 that often is the largest sum below 2^31. */
static void test_gemm__int8_refuses_sums_beyond_32_bits(void **state)
{
    struct gemm_weights *packed = NULL;
    struct product product;
    struct error error = {0};
    float *weights = random_floats(66312, 1);

    (void)state;
    product_init(&product, &ways[0], 96, 32);
    assert_int_equal(gemm_pack(product.gemm, GEMM_INT8, weights, 1, 66312, &packed, &error),
                     STATUS_UNSUPPORTED);
    assert_non_null(strstr(error.text, "int8 cannot multiply weights of 1 x 66312"));
    assert_null(packed);
    free(weights);
    product_release(&product);
}

static void test_gemm__one_shape_packs_many_weights(void **state)
{
    struct product product;
    struct gemm_weights *second = NULL;
    struct gemm_context *context = NULL;
    float *twice;
    struct error error = {0};

    (void)state;
    product_init(&product, &ways[0], 96, 32);
    twice = random_floats(96 * 32, 1);
    for (size_t i = 0; i < 96 * 32; i++)
        twice[i] *= 2;
    assert_int_equal(gemm_pack(product.gemm, GEMM_FLOAT32, twice, 96, 32, &second, &error),
                     STATUS_OK);
    assert_int_equal(gemm_context_new(product.gemm, &context), STATUS_OK);
    assert_int_equal(gemm_multiply(context, product.packed, 0, 0, product.a, 5, product.c),
                     STATUS_OK);
    assert_int_equal(gemm_multiply(context, second, 0, 0, product.a, 5, product.c + 64 * 96),
                     STATUS_OK);
    for (size_t i = 0; i < 5 * 96; i++)
        assert_true(product.c[64 * 96 + i] == 2 * product.c[i]);
    gemm_context_free(context);
    gemm_weights_free(second);
    free(twice);
    product_release(&product);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gemm__agrees_with_double_arithmetic),
        cmocka_unit_test(test_gemm__int8_is_exact),
        cmocka_unit_test(test_gemm__bits_do_not_depend_on_company),
        cmocka_unit_test(test_gemm__takes_the_fast_implementation),
        cmocka_unit_test(test_gemm__multiplies_in_the_calling_thread_alone),
        cmocka_unit_test(test_gemm__int8_refuses_sums_beyond_32_bits),
        cmocka_unit_test(test_gemm__one_shape_packs_many_weights),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
