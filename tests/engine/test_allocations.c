/* SPDX-License-Identifier: Apache-2.0 */

/* Promise 6: from the first pass on the encode path allocates nothing. What the whole process
 * allocates is counted, oneDNN's share of it too. */
#include "engine/engine.h"
#include "engine/kernels/kernels.h"
#include "tests/engine/model/folder.h"
#include "tests/engine/run_group.h"
#include "tests/torture/calls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    MAX_TOKENS = 24, /* of the tiny models, as the rest */
    MAX_DIMS = 256,
    VOCABULARY = 60,
    N_JOBS = 12,
    N_ROUNDS = 100,
};

static void encode(struct engine *engine, struct job *jobs, size_t n_jobs)
{
    struct job_group group;

    assert_int_equal(run_group(engine, jobs, n_jobs, &group), STATUS_OK);
}

/* Lone texts and batches of all lengths. */
static void encode_many(struct engine *engine)
{
    static int32_t ids[N_JOBS][MAX_TOKENS];
    static float vectors[N_JOBS][MAX_DIMS];
    size_t n_longest = engine_get_info(engine)->max_tokens;
    unsigned random = 1;

    assert_true(n_longest <= MAX_TOKENS);

    for (size_t round = 0; round < N_ROUNDS; round++) {
        struct job jobs[N_JOBS];
        size_t n_jobs = round % 3 == 0 ? 1 : 1 + round % N_JOBS;

        for (size_t i = 0; i < n_jobs; i++) {
            jobs[i] = (struct job){.ids = ids[i],
                                   .n_tokens = 1 + (round + 5 * i) % n_longest,
                                   .vector = vectors[i],
                                   .n_dims = engine_get_info(engine)->n_dims};
            for (size_t j = 0; j < jobs[i].n_tokens; j++) {
                random = random * 1664525u + 1013904223u;
                ids[i][j] = (int32_t)(random >> 8) % VOCABULARY;
            }
        }
        encode(engine, jobs, n_jobs);
    }
}

/* Has the vectors go through a Dense, which no tiny model has. */
static void add_dense(const struct folder *folder)
{
    static const float weights[20 * 12] = {1, 2, 3};
    const struct folder_tensor tensor = {"linear.weight", 20, 12, weights};

    folder_write_tensors(folder, "2/model.safetensors", &tensor, 1);
    folder_write_text(folder, "2/config.json",
                      "{\"in_features\": 12, \"out_features\": 20, \"bias\": false}");
    folder_write_text(folder, "modules.json",
                      "[{\"path\": \"\", \"type\": \"sentence_transformers.models.Transformer\"}, "
                      "{\"path\": \"1_Pooling\", \"type\": "
                      "\"sentence_transformers.models.Pooling\"}, "
                      "{\"path\": \"2\", \"type\": \"sentence_transformers.models.Dense\"}]");
}

/* A static embedding of as many tokens, cut at as many. */
static void make_static(const struct folder *folder)
{
    static const float rows[VOCABULARY * 12] = {1, 2, 3};
    const struct folder_tensor tensor = {"embedding.weight", VOCABULARY, 12, rows};
    char text[2000];
    size_t len = (size_t)sprintf(
        text,
        "{\"version\":\"1.0\",\"truncation\":{\"direction\":\"Right\",\"max_length\":%d},"
        "\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"w0\",\"vocab\":{\"w0\":0",
        MAX_TOKENS);

    for (int i = 1; i < VOCABULARY; i++)
        len += (size_t)sprintf(text + len, ",\"w%d\":%d", i, i);
    sprintf(text + len, "}}}");
    folder_write_text(folder, "tokenizer.json", text);
    folder_write_tensors(folder, "model.safetensors", &tensor, 1);
    folder_write_text(
        folder, "modules.json",
        "[{\"path\": \"\", \"type\": \"sentence_transformers.models.StaticEmbedding\"}]");
}

static uint64_t count_allocations(void (*make)(const struct folder *folder), size_t n_dims,
                                  const char *dtype, size_t n_workers, unsigned cpu_mask)
{
    struct folder folder;
    struct engine_options options = {
        .dtype = dtype,
        .n_workers = n_workers,
        .max_pass_tokens = 128,
        .max_queued_tokens = 100000,
        .cpu_mask = cpu_mask,
    };
    struct engine *engine = NULL;
    struct error error = {0};
    uint64_t n_before;

    folder_init_copy(&folder, "tiny-mean");
    make(&folder);
    options.model_dir = folder.path;
    if (engine_open(&engine, &options, NULL, &error))
        fail_msg("%s", error.text);
    assert_int_equal(engine_get_info(engine)->n_dims, n_dims);
    n_before = calls_get(CALL_ALLOCATE)->count;
    encode_many(engine);
    n_before = calls_get(CALL_ALLOCATE)->count - n_before;
    engine_close(engine);
    folder_release(&folder);
    return n_before;
}

static bool cpu_has(const char *dtype)
{
    struct kernels kernels;

    kernels_choose(&kernels, cpu_flags(CPU_MASK_ALL));
    if (strcmp(dtype, "bfloat16") == 0)
        return kernels.multiplies_bfloat16;
    return strcmp(dtype, "int8") != 0 || kernels.multiplies_int8;
}

/* GCC's thread sanitizer does not tell of aligned_alloc. */
#ifdef __SANITIZE_THREAD__
enum { N_COUNTED = 3 };
#else
enum { N_COUNTED = 4 };
#endif

static void test_allocations__are_counted(void **state)
{
    uint64_t n_before = calls_get(CALL_ALLOCATE)->count;
    void *volatile memory = malloc(1000);

    (void)state;
    assert_non_null(memory);
    free(memory);
    memory = calloc(10, 10);
    free(memory);
    memory = aligned_alloc(64, 640);
    memory = realloc(memory, 10000);
    free(memory);
    assert_int_equal(calls_get(CALL_ALLOCATE)->count - n_before, N_COUNTED);
}

static void test_allocations__no_pass_makes_any(void **state)
{
    static const char *const dtypes[] = {"float32", "bfloat16", "int8"};

    (void)state;
#ifndef __x86_64__
    print_message("oneDNN's products for this CPU are not the ones that were looked into\n");
    skip();
#endif
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        for (size_t n_workers = 1; cpu_has(dtypes[i]) && n_workers <= 3; n_workers++)
            assert_int_equal(count_allocations(add_dense, 20, dtypes[i], n_workers, CPU_MASK_ALL),
                             0);
    for (size_t n_workers = 1; n_workers <= 3; n_workers++)
        assert_int_equal(count_allocations(make_static, 12, "float32", n_workers, CPU_MASK_ALL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocations__are_counted),
        cmocka_unit_test(test_allocations__no_pass_makes_any),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
