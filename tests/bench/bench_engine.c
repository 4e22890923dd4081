/* SPDX-License-Identifier: Apache-2.0 */

/* The engine's rate, and the roof over it: what gemm.h does on the same model's products with
 * nothing between them. Texts are random ids of the lengths asked for.
 *
 * Encoding and products take turns in slices of time, so that a machine that slows down slows both;
 * the medians of the slices are printed as one line of JSON. Groups of texts are kept in flight
 * during a slice and given up at its end. A slice's rate is that between its first pass and a later
 * one, a whole number of passes of every worker apart: where passes are alike that has no ragged
 * ends.
 *
 * What the whole process allocates in those slices is counted too, and told for each pass. */
#include "engine/base/memory.h"
#include "engine/engine.h"
#include "engine/kernels/cpu.h"
#include "engine/model/model.h"
#include "tests/bench/roof.h"
#include "tests/torture/calls.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    MAX_SLICES = 64,
    MAX_PASSES = 1 << 20,    /* of one slice */
    MAX_LATENCIES = 1 << 20, /* of all slices */
    N_POOL_IDS = 1 << 20,
    FIRST_ID = 1000, /* past the special ones of BERT's vocabulary */
};

static const char usage[] = "usage: bench_engine MODEL_FOLDER [options]\n"
                            "  --dtype NAME       (auto)\n"
                            "  --tokens N,N,...   the texts' lengths, in turn (128)\n"
                            "  --texts N          of one group (64)\n"
                            "  --groups N         in flight (2)\n"
                            "  --workers N        (0: one per usable core)\n"
                            "  --slices N         (3)\n"
                            "  --seconds S        of one slice (2)\n"
                            "  --products         measure the roof too\n"
                            "  --tune WAY         as nestd's (auto)\n";

struct settings {
    const char *model_dir;
    const char *dtype;
    size_t *lengths; /* [n_lengths] */
    size_t n_lengths;
    size_t n_texts;
    size_t n_groups;
    size_t n_workers;
    size_t n_slices;
    double slice_s;
    bool products;
    const char *tune;
};

/* A pass that has ended. */
struct pass {
    double end_s;
    size_t n_tokens;
};

/* Everything below `mutex` is guarded by it. */
struct bench {
    const struct settings *settings;
    struct engine *engine;
    struct arch arch;
    int32_t *pool; /* [N_POOL_IDS] random ids, which texts are cut from */
    unsigned random;
    size_t next_length;
    double *latencies_s; /* [n_latencies], of the groups that were finished */
    size_t n_latencies;

    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct pass *passes; /* [n_passes], of this slice */
    size_t n_passes;
    struct flight *landed; /* a list */
    size_t n_all_passes;   /* since the first slice that counts */
};

/* One group in flight, again and again. */
struct flight {
    struct job_group group; /* first, so that done() finds the rest */
    struct bench *bench;
    struct flight *next;
};

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "bench_engine: %s\n", what);
    exit(1);
}

static void *new_or_die(size_t n, size_t size)
{
    void *memory = calloc(n ? n : 1, size);

    if (!memory)
        die("out of memory");
    return memory;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Sorts the values; 0 where there are none. */
static double quantile(double *values, size_t n, double share)
{
    if (!n)
        return 0;
    qsort(values, n, sizeof *values, compare);
    return values[(size_t)(share * (double)(n - 1) + 0.5)];
}

/* ---- encoding ---- */

static void note_pass(void *user, size_t n_texts, size_t n_tokens, int64_t duration_us)
{
    struct bench *bench = user;

    (void)n_texts;
    (void)duration_us;
    pthread_mutex_lock(&bench->mutex);
    bench->n_all_passes++;
    if (bench->n_passes < MAX_PASSES)
        bench->passes[bench->n_passes++] = (struct pass){seconds_now(), n_tokens};
    pthread_mutex_unlock(&bench->mutex);
}

static void note_landing(struct job_group *group)
{
    struct flight *flight = (struct flight *)group;
    struct bench *bench = flight->bench;

    pthread_mutex_lock(&bench->mutex);
    flight->next = bench->landed;
    bench->landed = flight;
    pthread_cond_signal(&bench->changed);
    pthread_mutex_unlock(&bench->mutex);
}

static void submit(struct bench *bench, struct flight *flight)
{
    const struct settings *settings = bench->settings;
    struct job *jobs = flight->group.jobs;

    for (size_t i = 0; i < settings->n_texts; i++) {
        size_t n_tokens = settings->lengths[bench->next_length++ % settings->n_lengths];

        bench->random = bench->random * 1664525 + 1013904223;
        jobs[i].n_tokens = n_tokens;
        jobs[i].ids = bench->pool + (bench->random >> 8) % (N_POOL_IDS - n_tokens);
    }
    flight->group.status = STATUS_OK;
    if (engine_submit(bench->engine, &flight->group))
        die("the engine took no more work");
}

static void init_flight(struct flight *flight, struct bench *bench)
{
    const size_t n_texts = bench->settings->n_texts;
    const size_t n_dims = engine_get_info(bench->engine)->n_dims;
    float *vectors = new_or_die(n_texts * n_dims, sizeof *vectors);

    flight->bench = bench;
    flight->group.done = note_landing;
    flight->group.n_jobs = n_texts;
    flight->group.jobs = new_or_die(n_texts, sizeof *flight->group.jobs);
    for (size_t i = 0; i < n_texts; i++) {
        flight->group.jobs[i].vector = vectors + i * n_dims;
        flight->group.jobs[i].n_dims = n_dims;
        flight->group.jobs[i].normalize = true;
    }
}

/* Waits until a flight has landed, or until `until_s`: then NULL. */
static struct flight *wait_landing(struct bench *bench, double until_s)
{
    const struct timespec until = {(time_t)until_s,
                                   (long)(1e9 * (until_s - (double)(time_t)until_s))};
    struct flight *flight;
    int late = 0;

    pthread_mutex_lock(&bench->mutex);
    while (!bench->landed && late != ETIMEDOUT)
        late = pthread_cond_timedwait(&bench->changed, &bench->mutex, &until);
    flight = bench->landed;
    if (flight)
        bench->landed = flight->next;
    pthread_mutex_unlock(&bench->mutex);
    return flight;
}

/* Whether every worker has ended passes enough for a rate. */
static bool has_passes(struct bench *bench)
{
    bool enough;

    pthread_mutex_lock(&bench->mutex);
    enough = bench->n_passes > 2 * engine_get_info(bench->engine)->n_workers;
    pthread_mutex_unlock(&bench->mutex);
    return enough;
}

/* Tokens a second from the first pass to the last that is a whole number of passes of every worker
 * later. */
static double pass_rate(struct bench *bench)
{
    const size_t n_workers = engine_get_info(bench->engine)->n_workers;
    double n_tokens = 0, start_s, end_s;
    size_t last;

    pthread_mutex_lock(&bench->mutex);
    last = (bench->n_passes - 1) / n_workers * n_workers;
    for (size_t i = 1; i <= last; i++)
        n_tokens += (double)bench->passes[i].n_tokens;
    start_s = bench->passes[0].end_s;
    end_s = bench->passes[last].end_s;
    pthread_mutex_unlock(&bench->mutex);
    return n_tokens / (end_s - start_s);
}

static void note_latency(struct bench *bench, const struct job_group *group)
{
    if (bench->n_latencies < MAX_LATENCIES)
        bench->latencies_s[bench->n_latencies++] =
            1e-6 * (double)(group->finished_us - group->submitted_us);
}

static void keep_in_flight(struct bench *bench, double until_s)
{
    struct flight *flight;

    while ((flight = wait_landing(bench, until_s))) {
        if (flight->group.status)
            die("a text was not encoded");
        note_latency(bench, &flight->group);
        submit(bench, flight);
    }
}

/* Tokens a second of one slice, which is longer than asked for where its passes are few. */
static double encode_slice(struct bench *bench, struct flight *flights)
{
    const size_t n_flights = bench->settings->n_groups;
    double rate;

    pthread_mutex_lock(&bench->mutex);
    bench->n_passes = 0;
    pthread_mutex_unlock(&bench->mutex);
    for (size_t i = 0; i < n_flights; i++)
        submit(bench, &flights[i]);
    keep_in_flight(bench, seconds_now() + bench->settings->slice_s);
    while (!has_passes(bench))
        keep_in_flight(bench, seconds_now() + 0.1 * bench->settings->slice_s);
    rate = pass_rate(bench);
    for (size_t i = 0; i < n_flights; i++)
        engine_cancel(bench->engine, &flights[i].group);
    for (size_t i = 0; i < n_flights; i++)
        if (!wait_landing(bench, seconds_now() + 600))
            die("a group was not handed back");
    return rate;
}

/* ---- the whole ---- */

static double linear_flop_per_token(const struct arch *arch)
{
    const size_t columns =
        arch_qkv_size(arch) + arch->query_size + arch_wide_size(arch) + arch->intermediate_size;

    return 2 * (double)arch->n_layers * (double)arch->hidden_size * (double)columns;
}

static enum gemm_format gemm_format_of(const char *dtype)
{
    if (!strcmp(dtype, "int8"))
        return GEMM_INT8;
    return strcmp(dtype, "bfloat16") ? GEMM_FLOAT32 : GEMM_BFLOAT16;
}

static void measure(struct bench *bench)
{
    const struct settings *settings = bench->settings;
    const struct engine_info *info = engine_get_info(bench->engine);
    struct flight *flights = new_or_die(settings->n_groups, sizeof *flights);
    struct roof *roof = NULL;
    double rates[MAX_SLICES], roofs[MAX_SLICES];
    double linear, roof_rate;
    uint64_t n_allocations = 0;
    struct error error = {0};

    for (size_t i = 0; i < settings->n_groups; i++)
        init_flight(&flights[i], bench);
    if (settings->products && roof_new(&roof, &bench->arch, gemm_format_of(info->dtype), &error))
        die(error.text);
    encode_slice(bench, flights); /* the first one warms up */
    bench->n_latencies = 0;
    bench->n_all_passes = 0;
    for (size_t i = 0; i < settings->n_slices; i++) {
        uint64_t n_before = calls_get(CALL_ALLOCATE)->count;

        rates[i] = encode_slice(bench, flights);
        n_allocations += calls_get(CALL_ALLOCATE)->count - n_before;
        if (roof && roof_measure(roof, info->n_workers, settings->slice_s, &roofs[i]))
            die("a product failed");
    }
    linear = quantile(rates, settings->n_slices, 0.5) * linear_flop_per_token(&bench->arch);
    roof_rate = roof ? quantile(roofs, settings->n_slices, 0.5) : 0;
    printf("{\"dtype\": \"%s\", \"gemm\": \"%s\", \"passes\": \"%s\", \"workers\": %zu, "
           "\"tokens_per_second\": %.1f, "
           "\"linear_gflops\": %.2f, \"roof_gflops\": %.2f, \"groups\": %zu, \"p50_ms\": %.4f, "
           "\"p99_ms\": %.4f, \"allocations_per_pass\": %.3f}\n",
           info->dtype, info->gemm_name, info->ways, info->n_workers,
           linear / linear_flop_per_token(&bench->arch), 1e-9 * linear, 1e-9 * roof_rate,
           bench->n_latencies, 1e3 * quantile(bench->latencies_s, bench->n_latencies, 0.5),
           1e3 * quantile(bench->latencies_s, bench->n_latencies, 0.99),
           (double)n_allocations / (double)bench->n_all_passes);
    roof_free(roof);
    for (size_t i = 0; i < settings->n_groups; i++) {
        free(flights[i].group.jobs[0].vector);
        free(flights[i].group.jobs);
    }
    free(flights);
}

static void check_lengths(const struct settings *settings, const struct engine_info *info)
{
    for (size_t i = 0; i < settings->n_lengths; i++)
        if (!settings->lengths[i] || settings->lengths[i] > info->max_tokens)
            die("a length in --tokens is 0 or more than the model takes");
}

static void check_dtype(const struct bench *bench)
{
    const char *asked = bench->settings->dtype;

    if (strcmp(asked, "auto") && strcmp(asked, engine_get_info(bench->engine)->dtype))
        die("the engine does not compute in the --dtype asked for");
}

static void read_arch(struct bench *bench)
{
    struct error error = {0};
    struct model *model;

    if (model_load(&model, bench->settings->model_dir, NULL, &error))
        die(error.text);
    bench->arch = model->arch;
    model_free(model);
}

static void open_bench(struct bench *bench)
{
    const struct engine_options options = {
        .model_dir = bench->settings->model_dir,
        .dtype = bench->settings->dtype,
        .n_workers = bench->settings->n_workers,
        .max_pass_tokens = 512,
        .max_queued_tokens = SIZE_MAX / 2,
        .cpu_mask = CPU_MASK_ALL,
        .tune = bench->settings->tune,
    };
    const struct engine_observer observer = {note_pass, bench};
    pthread_condattr_t attributes;
    struct error error = {0};
    size_t vocab_size;

    pthread_mutex_init(&bench->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&bench->changed, &attributes);
    bench->passes = new_or_die(MAX_PASSES, sizeof *bench->passes);
    bench->latencies_s = new_or_die(MAX_LATENCIES, sizeof *bench->latencies_s);
    bench->pool = new_or_die(N_POOL_IDS, sizeof *bench->pool);
    if (engine_open(&bench->engine, &options, &observer, &error))
        die(error.text);
    check_dtype(bench);
    check_lengths(bench->settings, engine_get_info(bench->engine));
    read_arch(bench);
    vocab_size = bench->arch.vocab_size;
    if (vocab_size <= FIRST_ID)
        die("the vocabulary is too small to draw random texts from");
    for (size_t i = 0; i < N_POOL_IDS; i++)
        bench->pool[i] = (int32_t)(FIRST_ID + (size_t)rand() % (vocab_size - FIRST_ID));
}

static size_t parse_count(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*end || end == text || !value || value > 1 << 24)
        die("an option is not a number from 1 to 16777216");
    return value;
}

static double parse_seconds(const char *text)
{
    char *end;
    double value = strtod(text, &end);

    if (*end || end == text || !(value > 0) || value > 3600)
        die("--seconds is not a number up to 3600");
    return value;
}

static void parse_lengths(struct settings *settings, char *text)
{
    char *rest = NULL;

    free(settings->lengths);
    settings->lengths = new_or_die(strlen(text), sizeof *settings->lengths);
    settings->n_lengths = 0;
    for (char *word = strtok_r(text, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
        settings->lengths[settings->n_lengths++] = parse_count(word);
    if (!settings->n_lengths)
        die("--tokens names no length");
}

static void parse(struct settings *settings, int argc, char **argv)
{
    static const struct option options[] = {
        {"dtype", required_argument, NULL, 'd'},   {"tokens", required_argument, NULL, 't'},
        {"texts", required_argument, NULL, 'n'},   {"groups", required_argument, NULL, 'g'},
        {"workers", required_argument, NULL, 'w'}, {"slices", required_argument, NULL, 's'},
        {"seconds", required_argument, NULL, 'S'}, {"products", no_argument, NULL, 'p'},
        {"tune", required_argument, NULL, 'u'},    {0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'd':
            settings->dtype = optarg;
            break;
        case 't':
            parse_lengths(settings, optarg);
            break;
        case 'n':
            settings->n_texts = parse_count(optarg);
            break;
        case 'g':
            settings->n_groups = parse_count(optarg);
            break;
        case 'w':
            settings->n_workers = parse_count(optarg);
            break;
        case 's':
            settings->n_slices = parse_count(optarg);
            break;
        case 'S':
            settings->slice_s = parse_seconds(optarg);
            break;
        case 'p':
            settings->products = true;
            break;
        case 'u':
            settings->tune = optarg;
            break;
        default:
            fputs(usage, stderr);
            exit(2);
        }
    }
    if (optind != argc - 1 || settings->n_slices > MAX_SLICES) {
        fputs(usage, stderr);
        exit(2);
    }
    settings->model_dir = argv[optind];
}

int main(int argc, char **argv)
{
    char default_lengths[] = "128";
    struct settings settings = {
        .dtype = "auto", .tune = "auto", .n_texts = 64, .n_groups = 2, .n_slices = 3, .slice_s = 2};
    struct bench bench = {.settings = &settings, .random = 1};

    parse_lengths(&settings, default_lengths);
    parse(&settings, argc, argv);
    open_bench(&bench);
    measure(&bench);
    engine_close(bench.engine);
    free(bench.pool);
    free(bench.latencies_s);
    free(bench.passes);
    free(settings.lengths);
    return 0;
}
