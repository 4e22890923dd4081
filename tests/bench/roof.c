/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/roof.h"

#include "engine/base/memory.h"
#include "engine/kernels/cpu.h"

#include <pthread.h>
#include <time.h>

enum { N_PRODUCTS = 4, N_ROWS = 512 };

struct roof {
    enum gemm_format format;
    struct gemm *gemm;
    struct gemm_weights *weights[N_PRODUCTS];
    size_t n_in[N_PRODUCTS];
    size_t n_out[N_PRODUCTS];
    size_t widest;  /* of all inputs and outputs */
    double until_s; /* of the measurement */
};

struct roof_thread {
    const struct roof *roof;
    pthread_t thread;
    enum status status;
    double flops_per_second;
};

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static enum status pack(struct roof *roof, size_t i, size_t n_out, size_t n_in, struct error *error)
{
    AUTO_FREE float *weights = memory_new_aligned(n_out * n_in * sizeof *weights);

    if (!weights)
        return error_set(error, STATUS_NO_MEMORY, "out of memory while packing the roof's weights");
    for (size_t j = 0; j < n_out * n_in; j++)
        weights[j] = (float)rand() / (float)RAND_MAX - 0.5f;
    roof->n_out[i] = n_out;
    roof->n_in[i] = n_in;
    if (roof->widest < n_out)
        roof->widest = n_out;
    if (roof->widest < n_in)
        roof->widest = n_in;
    return gemm_pack(roof->gemm, roof->format, weights, n_out, n_in, &roof->weights[i], error);
}

/* The products of a layer, in its order: query, key and value together; output; the two of the
 * feed-forward network. */
enum status roof_new(struct roof **ret_roof, const struct arch *arch, enum gemm_format format,
                     struct error *error)
{
    const size_t hidden = arch->hidden_size, inner = arch->intermediate_size;
    struct roof *roof = calloc(1, sizeof *roof);
    struct kernels kernels;
    enum status status;

    if (!roof)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    kernels_choose(&kernels, cpu_flags(CPU_MASK_ALL));
    status = gemm_open(&kernels, &roof->gemm, error);

    if (!status)
        roof->format = format;
    if (!status)
        status = pack(roof, 0, arch_qkv_size(arch), hidden, error);
    if (!status)
        status = pack(roof, 1, hidden, arch->query_size, error);
    if (!status)
        status = pack(roof, 2, arch_wide_size(arch), hidden, error);
    if (!status)
        status = pack(roof, 3, hidden, inner, error);
    if (status) {
        roof_free(roof);
        return error_set(error, status, "out of memory");
    }
    *ret_roof = roof;
    return STATUS_OK;
}

void roof_free(struct roof *roof)
{
    if (!roof)
        return;
    for (size_t i = 0; i < N_PRODUCTS; i++)
        gemm_weights_free(roof->weights[i]);
    gemm_close(roof->gemm);
    free(roof);
}

/* All products of the layer once; adds their FLOP. */
static enum status multiply(const struct roof *roof, struct gemm_context *context, const void *a,
                            void *c, double *flop)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < N_PRODUCTS && !status; i++) {
        status = gemm_multiply(context, roof->weights[i], 0, 0, a, N_ROWS, c);
        *flop += 2.0 * N_ROWS * (double)(roof->n_in[i] * roof->n_out[i]);
    }
    return status;
}

/* Small numbers of the format; a is large enough for floats. */
static void fill(enum gemm_format format, void *a, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (format == GEMM_FLOAT32)
            ((float *)a)[i] = (float)(i % 257) / 257;
        else if (format == GEMM_BFLOAT16)
            ((uint16_t *)a)[i] = (uint16_t)(0x3e80 + i % 257); /* 0.25 to 1 */
        else
            ((uint8_t *)a)[i] = (uint8_t)(i % 251);
    }
}

static void *run(void *user)
{
    struct roof_thread *thread = user;
    const struct roof *roof = thread->roof;
    const size_t n = N_ROWS * roof->widest;
    AUTO_FREE void *a = memory_new_aligned(n * sizeof(float));
    AUTO_FREE void *c = memory_new_aligned(n * sizeof(float));
    struct gemm_context *context = NULL;
    double start_s, flop = 0;

    thread->status = a && c ? gemm_context_new(roof->gemm, &context) : STATUS_NO_MEMORY;
    if (!thread->status)
        fill(roof->format, a, n);
    start_s = seconds_now();
    while (!thread->status && seconds_now() < roof->until_s)
        thread->status = multiply(roof, context, a, c, &flop);
    thread->flops_per_second = flop / (seconds_now() - start_s);
    gemm_context_free(context);
    return NULL;
}

enum status roof_measure(struct roof *roof, size_t n_threads, double seconds,
                         double *ret_flops_per_second)
{
    AUTO_FREE struct roof_thread *threads = calloc(n_threads, sizeof *threads);
    enum status status = threads ? STATUS_OK : STATUS_NO_MEMORY;
    size_t n_started = 0;
    double sum = 0;

    roof->until_s = seconds_now() + seconds;
    for (; !status && n_started < n_threads; n_started++) {
        threads[n_started].roof = roof;
        if (pthread_create(&threads[n_started].thread, NULL, run, &threads[n_started])) {
            status = STATUS_NO_MEMORY;
            break;
        }
    }
    for (size_t i = 0; i < n_started; i++) {
        pthread_join(threads[i].thread, NULL);
        if (!status)
            status = threads[i].status;
        sum += threads[i].flops_per_second;
    }
    if (!status)
        *ret_flops_per_second = sum;
    return status;
}
