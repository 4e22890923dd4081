/* SPDX-License-Identifier: Apache-2.0 */

/* Times every version of every kernel that this CPU has, on the shapes of MiniLM-L6 (hidden 384,
 * heads of 32) and bge-large (hidden 1,024, heads of 64). Prints ns an element beside the
 * reference's, for attention GFLOP/s of its two products too. The best of several short runs, on
 * one thread. */
#include "engine/kernels/cpu.h"
#include "engine/kernels/kernels.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BLOCK_ROWS = 64, MOST_COLUMNS = 4096, MOST_TOKENS = 512, MOST_STRIDE = 3 * 1024 };

static const struct {
    const char *name;
    unsigned cpu_flags;
} LEVELS[] = {
    {"c", 0},
    {"avx2", CPU_AVX2},
    {"avx512", CPU_AVX2 | CPU_AVX512},
};
enum { N_LEVELS = sizeof LEVELS / sizeof *LEVELS };

/* One kernel on one shape; `run` does it once. */
struct bench {
    const char *operation;
    size_t n_rows;
    size_t n; /* columns, or the head size */
    void (*run)(const struct bench *bench, const struct kernels *kernels);
    size_t n_levels; /* of versions, from the reference up */
};

static float x[MOST_TOKENS * MOST_STRIDE], start[BLOCK_ROWS * MOST_COLUMNS];
static float residual[BLOCK_ROWS * MOST_COLUMNS];
static float bias[MOST_COLUMNS], gamma_[MOST_COLUMNS], beta[MOST_COLUMNS];
static float out[MOST_TOKENS * MOST_STRIDE / 3];
static float scratch[KERNEL_ATTENTION_SCRATCH_FLOATS(MOST_TOKENS, 64)];

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void run_bias(const struct bench *b, const struct kernels *kernels)
{
    kernels->bias(x, bias, b->n_rows, b->n);
}

static void run_relu(const struct bench *b, const struct kernels *kernels)
{
    kernels->bias_relu(x, bias, b->n_rows, b->n);
}

static void run_gelu(const struct bench *b, const struct kernels *kernels)
{
    kernels->bias_gelu(x, bias, b->n_rows, b->n);
}

static void run_gelu_tanh(const struct bench *b, const struct kernels *kernels)
{
    kernels->bias_gelu_tanh(x, bias, b->n_rows, b->n);
}

static void run_layer_norm(const struct bench *b, const struct kernels *kernels)
{
    kernels->layer_norm(x, bias, residual, gamma_, beta, 1e-12f, b->n_rows, b->n, out);
}

static void run_attention(const struct bench *b, const struct kernels *kernels)
{
    const size_t hidden = b->n == 64 ? 1024 : 384;

    kernels->attention(x, x + hidden, x + 2 * hidden, 3 * hidden, b->n_rows, b->n,
                       1 / sqrtf((float)b->n), scratch, out, hidden);
}

static const struct bench BENCHES[] = {
    {"bias", BLOCK_ROWS, 1152, run_bias, 1},
    {"bias", BLOCK_ROWS, 3072, run_bias, 1},
    {"bias_relu", BLOCK_ROWS, 1536, run_relu, 1},
    {"bias_relu", BLOCK_ROWS, 4096, run_relu, 1},
    {"bias_gelu", BLOCK_ROWS, 1536, run_gelu, N_LEVELS},
    {"bias_gelu", BLOCK_ROWS, 4096, run_gelu, N_LEVELS},
    {"bias_gelu_tanh", BLOCK_ROWS, 1536, run_gelu_tanh, N_LEVELS},
    {"bias_gelu_tanh", BLOCK_ROWS, 4096, run_gelu_tanh, N_LEVELS},
    {"layer_norm", BLOCK_ROWS, 384, run_layer_norm, N_LEVELS},
    {"layer_norm", BLOCK_ROWS, 1024, run_layer_norm, N_LEVELS},
    {"attention", 16, 32, run_attention, N_LEVELS},
    {"attention", 54, 32, run_attention, N_LEVELS},
    {"attention", 128, 32, run_attention, N_LEVELS},
    {"attention", 512, 32, run_attention, N_LEVELS},
    {"attention", 16, 64, run_attention, N_LEVELS},
    {"attention", 54, 64, run_attention, N_LEVELS},
    {"attention", 128, 64, run_attention, N_LEVELS},
    {"attention", 512, 64, run_attention, N_LEVELS},
};
enum { N_BENCHES = sizeof BENCHES / sizeof *BENCHES };

static float uniform(void)
{
    return (float)rand() / (float)RAND_MAX * 4 - 2;
}

/* Seconds of one run: the best of nine times at least 2 ms. The activations work in place, so x is
 * filled anew before each time and the bias is small, lest it drift. */
static double time_bench(const struct bench *bench, const struct kernels *kernels)
{
    double best = INFINITY;
    size_t n_runs = 1;

    for (int attempt = 0; attempt < 9;) {
        double seconds;

        for (size_t i = 0; i < sizeof x / sizeof *x; i++)
            x[i] = start[i % (sizeof start / sizeof *start)];
        seconds = seconds_now();
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

static void report(const struct bench *bench)
{
    const bool attention = bench->run == run_attention;
    const size_t n_elements = attention ? bench->n_rows * bench->n_rows : bench->n_rows * bench->n;
    double reference = 0;

    printf("%-15s %4zu x %4zu ", bench->operation, bench->n_rows, bench->n);
    for (size_t level = 0; level < bench->n_levels; level++) {
        struct kernels kernels;
        double seconds;

        if (cpu_flags(LEVELS[level].cpu_flags) != LEVELS[level].cpu_flags)
            continue;
        kernels_choose(&kernels, LEVELS[level].cpu_flags);
        seconds = time_bench(bench, &kernels);
        if (!level)
            reference = seconds;
        printf(" | %s %.3f ns (%.1fx)", LEVELS[level].name, seconds / (double)n_elements * 1e9,
               reference / seconds);
        if (attention)
            printf(" %.1f GFLOP/s", 4e-9 * (double)(n_elements * bench->n) / seconds);
    }
    printf("\n");
}

int main(void)
{
    for (size_t i = 0; i < sizeof start / sizeof *start; i++) {
        start[i] = uniform();
        residual[i] = uniform();
    }
    for (size_t i = 0; i < MOST_COLUMNS; i++) {
        bias[i] = 1e-6f * uniform();
        gamma_[i] = uniform();
        beta[i] = uniform();
    }
    printf("ns an element (attention: a score), and times the reference's speed\n");
    for (size_t i = 0; i < N_BENCHES; i++)
        report(&BENCHES[i]);
    return 0;
}
