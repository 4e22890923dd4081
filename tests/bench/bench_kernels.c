/* SPDX-License-Identifier: Apache-2.0 */

/* Times every version of every kernel that this CPU has, on the shapes of MiniLM-L6 (hidden 384,
 * heads of 32) and bge-large (hidden 1,024, heads of 64). Prints ns an element beside the
 * reference's, for attention GFLOP/s of its two products too. The best of several short runs, on
 * one thread. */
#include "engine/kernels/c/kernels_c.h"
#include "engine/kernels/cpu.h"
#include "engine/kernels/kernels.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BLOCK_ROWS = 64, MAX_COLUMNS = 4096, MAX_TOKENS = 512, MAX_STRIDE = 3 * 1024 };
enum { MAX_SQUARE = 1024 };

static const struct {
    const char *name;
    unsigned cpu_flags;
} LEVELS[] = {
    {"c", 0},
    {"avx2", CPU_AVX2},
    {"avx_vnni", CPU_AVX2 | CPU_AVX_VNNI},
    {"avx512", CPU_AVX2 | CPU_AVX512},
    {"bf16", CPU_AVX2 | CPU_AVX512 | CPU_AVX512_BF16},
    {"amx", CPU_AVX2 | CPU_AVX512 | CPU_AVX512_BF16 | CPU_AMX_BF16},
    {"neon", CPU_NEON},
    {"dotprod", CPU_NEON | CPU_DOTPROD},
};
enum { N_LEVELS = sizeof LEVELS / sizeof *LEVELS };

/* One kernel in one format on one shape; `run` does it once. */
struct bench {
    const char *operation;
    void (*run)(const struct bench *bench, const struct kernels *kernels);
    enum kernel_type input;
    enum kernel_type output;
    size_t n_rows;
    size_t n; /* columns, or the head size */
};

static const char *const TYPE_NAMES[] = {"f32", "bf16", "s32"};

static float out[MAX_TOKENS * MAX_COLUMNS];
static float floats[MAX_TOKENS * MAX_STRIDE];
static uint16_t halves[MAX_TOKENS * MAX_STRIDE];
static int32_t ints[BLOCK_ROWS * MAX_COLUMNS];
static float bias[MAX_COLUMNS], beta[MAX_COLUMNS], column_scales[MAX_COLUMNS];
static int32_t sums[MAX_COLUMNS], zeros[BLOCK_ROWS];
static float row_scales[BLOCK_ROWS];
static uint8_t bytes[BLOCK_ROWS * MAX_COLUMNS];
static int8_t weights[MAX_SQUARE * MAX_SQUARE];
static int16_t int8_scratch[KERNEL_INT8_SCRATCH];
static float scratch[KERNEL_ATTENTION_SCRATCH_FLOATS(MAX_TOKENS, 64)];

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static struct kernel_product product_of(const struct bench *b)
{
    return (struct kernel_product){
        .c = b->input == KERNEL_INT32 ? (const void *)ints : floats,
        .bias = bias,
        .n_rows = b->n_rows,
        .n = b->n,
        .row_scales = row_scales,
        .zeros = zeros,
        .column_scales = column_scales,
        .sums = sums,
    };
}

static void run_store(const struct bench *b, const struct kernels *kernels)
{
    const struct kernel_product product = product_of(b);

    kernels->store[b->input][b->output](&product, out, b->n);
}

static void run_relu(const struct bench *b, const struct kernels *kernels)
{
    const struct kernel_product product = product_of(b);

    kernels->relu[b->input][b->output](&product, out, b->n);
}

static void run_gelu(const struct bench *b, const struct kernels *kernels)
{
    const struct kernel_product product = product_of(b);

    kernels->gelu[b->input][b->output](&product, out, b->n);
}

static void run_gelu_tanh(const struct bench *b, const struct kernels *kernels)
{
    const struct kernel_product product = product_of(b);

    kernels->gelu_tanh[b->input][b->output](&product, out, b->n);
}

static void run_add(const struct bench *b, const struct kernels *kernels)
{
    const struct kernel_product product = product_of(b);

    kernels->add[b->input](&product, out, b->n);
}

/* gamma is one: out, normalised in place again and again, stays as it is. */
static void run_layer_norm(const struct bench *b, const struct kernels *kernels)
{
    static float gamma[MAX_COLUMNS];

    for (size_t i = 0; i < b->n; i++)
        gamma[i] = 1;
    kernels->layer_norm(out, gamma, beta, 1e-12f, b->n_rows, b->n);
}

static void run_quantise(const struct bench *b, const struct kernels *kernels)
{
    kernels->quantise(floats, b->n_rows, b->n, bytes, row_scales, zeros);
}

/* By a square matrix. */
static void run_multiply_int8(const struct bench *b, const struct kernels *kernels)
{
    kernels->multiply_int8(bytes, b->n_rows, weights, b->n, b->n, int8_scratch, ints);
}

static void run_round(const struct bench *b, const struct kernels *kernels)
{
    kernels->round(floats, b->n_rows * b->n, (uint16_t *)out);
}

static void run_widen_float16(const struct bench *b, const struct kernels *kernels)
{
    kernels->widen_float16(halves, b->n_rows * b->n, out);
}

static void run_widen_bfloat16(const struct bench *b, const struct kernels *kernels)
{
    kernels->widen_bfloat16(halves, b->n_rows * b->n, out);
}

static void run_attention(const struct bench *b, const struct kernels *kernels)
{
    const size_t hidden = b->n == 64 ? 1024 : 384, size = b->input == KERNEL_BFLOAT16 ? 2 : 4;
    const char *q = b->input == KERNEL_BFLOAT16 ? (const char *)halves : (const char *)floats;

    kernels->attention[b->input](&(struct attention){
        .q = q,
        .k = q + hidden * size,
        .v = q + 2 * hidden * size,
        .stride = 3 * hidden,
        .n_tokens = b->n_rows,
        .head_size = b->n,
        .scale = 1 / sqrtf((float)b->n),
        .scratch = scratch,
        .out = out,
        .out_stride = hidden,
    });
}

#define STORE_ROWS(operation, n)                                                                   \
    {#operation, run_##operation, KERNEL_FLOAT32, KERNEL_FLOAT32, BLOCK_ROWS, n},                  \
        {#operation, run_##operation, KERNEL_FLOAT32, KERNEL_BFLOAT16, BLOCK_ROWS, n},             \
        {#operation, run_##operation, KERNEL_INT32, KERNEL_FLOAT32, BLOCK_ROWS, n},                \
    {                                                                                              \
#operation, run_##operation, KERNEL_INT32, KERNEL_BFLOAT16, BLOCK_ROWS, n                  \
    }
#define ROWS(operation, input, output, n)                                                          \
    {                                                                                              \
#operation, run_##operation, KERNEL_##input, KERNEL_##output, BLOCK_ROWS, n                \
    }
#define ATTENTION(input, n)                                                                        \
    {"attention", run_attention, KERNEL_##input, KERNEL_FLOAT32, 16, n},                           \
        {"attention", run_attention, KERNEL_##input, KERNEL_FLOAT32, 54, n},                       \
        {"attention", run_attention, KERNEL_##input, KERNEL_FLOAT32, 128, n},                      \
        {"attention", run_attention, KERNEL_##input, KERNEL_FLOAT32, 256, n},                      \
    {                                                                                              \
        "attention", run_attention, KERNEL_##input, KERNEL_FLOAT32, 512, n                         \
    }

static const struct bench BENCHES[] = {
    STORE_ROWS(store, 1152),
    STORE_ROWS(store, 3072),
    STORE_ROWS(relu, 1536),
    STORE_ROWS(gelu, 1536),
    STORE_ROWS(gelu, 4096),
    STORE_ROWS(gelu_tanh, 1536),
    STORE_ROWS(gelu_tanh, 4096),
    ROWS(add, FLOAT32, FLOAT32, 384),
    ROWS(add, INT32, FLOAT32, 384),
    ROWS(add, FLOAT32, FLOAT32, 1024),
    ROWS(add, INT32, FLOAT32, 1024),
    ROWS(layer_norm, FLOAT32, FLOAT32, 384),
    ROWS(layer_norm, FLOAT32, FLOAT32, 1024),
    ROWS(quantise, FLOAT32, FLOAT32, 384),
    ROWS(quantise, FLOAT32, FLOAT32, 1024),
    ROWS(quantise, FLOAT32, FLOAT32, 1536),
    ROWS(quantise, FLOAT32, FLOAT32, 4096),
    ROWS(multiply_int8, INT32, INT32, 384),
    ROWS(multiply_int8, INT32, INT32, 1024),
    ROWS(round, FLOAT32, BFLOAT16, 384),
    ROWS(round, FLOAT32, BFLOAT16, 1024),
    ROWS(widen_float16, FLOAT32, FLOAT32, 384),
    ROWS(widen_bfloat16, BFLOAT16, FLOAT32, 384),
    ATTENTION(FLOAT32, 32),
    ATTENTION(BFLOAT16, 32),
    ATTENTION(FLOAT32, 64),
    ATTENTION(BFLOAT16, 64),
};
enum { N_BENCHES = sizeof BENCHES / sizeof *BENCHES };

static float uniform(void)
{
    return (float)rand() / (float)RAND_MAX * 4 - 2;
}

/* Seconds of one run: the best of nine times at least 2 ms. */
static double time_bench(const struct bench *bench, const struct kernels *kernels)
{
    double best = INFINITY;
    size_t n_runs = 1;

    for (int attempt = 0; attempt < 9;) {
        double seconds = seconds_now();

        for (size_t i = 0; i < n_runs; i++)
            bench->run(bench, kernels);
        seconds = seconds_now() - seconds;
        if (seconds < 2e-3) {
            n_runs *= 2;
            continue;
        }
        attempt++;
        best = fmin(best, seconds / (double)n_runs);
    }
    return best;
}

/* Whether the bench's kernel has a version of its own at levels of one feature more. */
static bool has_version(const struct bench *bench, unsigned cpu_flags)
{
    if (cpu_flags & (CPU_AVX_VNNI | CPU_DOTPROD))
        return bench->run == run_multiply_int8;
    if (cpu_flags & CPU_AVX512_BF16)
        return bench->run == run_attention && bench->input == KERNEL_BFLOAT16;
    return true;
}

static void report(const struct bench *bench)
{
    const bool attention = bench->run == run_attention;
    const size_t n_elements = attention ? bench->n_rows * bench->n_rows : bench->n_rows * bench->n;
    double reference = 0;

    printf("%-14s %4s %4s %4zu x %4zu", bench->operation, TYPE_NAMES[bench->input],
           TYPE_NAMES[bench->output], bench->n_rows, bench->n);
    memcpy(out, floats, sizeof floats);
    for (size_t level = 0; level < N_LEVELS; level++) {
        struct kernels kernels;
        double seconds;

        if (cpu_flags(LEVELS[level].cpu_flags) != LEVELS[level].cpu_flags ||
            !has_version(bench, LEVELS[level].cpu_flags))
            continue;
        kernels_choose(&kernels, LEVELS[level].cpu_flags);
        if (!level)
            kernels.attention[KERNEL_BFLOAT16] = attention_bfloat16_c;
        if (attention && !kernels.attention[bench->input])
            continue;
        seconds = time_bench(bench, &kernels);
        if (!level)
            reference = seconds;
        printf(" | %s %.3f ns (%.1fx)", LEVELS[level].name, seconds / (double)n_elements * 1e9,
               reference / seconds);
        if (attention)
            printf(" %.1f GFLOP/s", 4e-9 * (double)(n_elements * bench->n) / seconds);
    }
    printf("\n");
    fflush(stdout);
}

int main(int n_arguments, char **arguments)
{
    struct kernels references;

    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
        floats[i] = uniform();
    kernels_choose(&references, 0);
    references.round(floats, sizeof floats / sizeof *floats, halves);
    for (size_t i = 0; i < sizeof ints / sizeof *ints; i++)
        ints[i] = rand() % 100000 - 50000;
    for (size_t i = 0; i < sizeof weights; i++)
        weights[i] = (int8_t)(rand() % 255 - 127);
    for (size_t i = 0; i < MAX_COLUMNS; i++) {
        bias[i] = 1e-6f * uniform();
        beta[i] = uniform();
        column_scales[i] = 1e-3f * uniform();
        sums[i] = rand() % 1000 - 500;
    }
    for (size_t i = 0; i < BLOCK_ROWS; i++) {
        row_scales[i] = 1e-2f;
        zeros[i] = rand() % 256;
    }
    printf("ns an element (attention: a score), and times the reference's speed\n");
    for (size_t i = 0; i < N_BENCHES; i++)
        if (n_arguments < 2 || !strcmp(arguments[1], BENCHES[i].operation))
            report(&BENCHES[i]);
    return 0;
}
