/* SPDX-License-Identifier: Apache-2.0 */

/* The engine as the server uses it, on tiny models whose vectors an independent float64
 * implementation computed (tests/models/reference.py). */
#include "engine/engine.h"
#include "engine/kernels/cpu.h"
#include "engine/kernels/kernels.h"
#include "tests/engine/model/folder.h"
#include "tests/engine/run_group.h"

#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    MAX_TOKENS = 24, /* of the tiny models */
    MAX_DIMS = 256,
    VOCABULARY = 60,
};

static struct engine *open_tuned(const char *folder, const char *dtype, size_t n_workers,
                                 size_t max_pass_tokens, unsigned cpu_mask, const char *tune)
{
    const struct engine_options options = {
        .model_dir = folder,
        .dtype = dtype,
        .n_workers = n_workers,
        .max_pass_tokens = max_pass_tokens,
        .max_queued_tokens = 100000,
        .cpu_mask = cpu_mask,
        .tune = tune,
    };
    struct engine *engine = NULL;
    struct error error = {0};

    if (engine_open(&engine, &options, NULL, &error))
        fail_msg("%s", error.text);
    return engine;
}

static struct engine *open_engine(const char *folder, const char *dtype, size_t n_workers,
                                  size_t max_pass_tokens, unsigned cpu_mask)
{
    return open_tuned(folder, dtype, n_workers, max_pass_tokens, cpu_mask, NULL);
}

/* ---- one group, waited for ---- */

static enum status encode(struct engine *engine, struct job *jobs, size_t n_jobs)
{
    struct job_group group = {0};
    enum status status = run_group(engine, jobs, n_jobs, &group);

    assert_true(group.queue_us >= 0 && group.encode_us >= 0);
    assert_int_equal(group.queue_us + group.encode_us, group.finished_us - group.submitted_us);
    return status;
}

/* ---- texts without a token ---- */

/* More of them than a pass may have tokens, beside one that has some. */
static void test_engine__texts_without_a_token_need_no_pass(void **state)
{
    enum { N_JOBS = 200, N_DIMS = 12 };
    static float vectors[N_JOBS][N_DIMS];
    static float expected[N_DIMS];
    const int32_t id = 7;
    struct job jobs[N_JOBS];
    struct job alone = {.ids = &id, .n_tokens = 1, .vector = expected, .n_dims = N_DIMS};
    struct job unpooled = {.token_vectors = expected};
    struct engine *engine;
    struct folder folder;

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    engine = open_engine(folder.path, "float32", 2, 16, CPU_MASK_ALL);
    memset(vectors, 0xff, sizeof vectors);
    for (size_t i = 0; i < N_JOBS; i++)
        jobs[i] = (struct job){.vector = vectors[i], .n_dims = N_DIMS};
    jobs[100].ids = &id;
    jobs[100].n_tokens = 1;
    assert_int_equal(encode(engine, &alone, 1), STATUS_OK);
    assert_int_equal(encode(engine, jobs, N_JOBS), STATUS_OK);
    for (size_t i = 0; i < N_JOBS; i++)
        for (size_t j = 0; j < N_DIMS; j++)
            assert_true(vectors[i][j] == (i == 100 ? expected[j] : 0));
    assert_int_equal(encode(engine, &unpooled, 1), STATUS_OK);
    engine_close(engine);
    folder_release(&folder);
}

/* ---- agreement with the float64 implementation ---- */

static bool cpu_has(const char *dtype, unsigned cpu_mask)
{
    struct kernels kernels;

    kernels_choose(&kernels, cpu_flags(cpu_mask));
    if (strcmp(dtype, "bfloat16") == 0)
        return kernels.multiplies_bfloat16;
    return strcmp(dtype, "int8") != 0 || kernels.multiplies_int8;
}

static void compare_with_reference(const char *model, const char *dtype, unsigned cpu_mask,
                                   double tolerance)
{
    struct folder folder;
    struct engine *engine;
    json_t *expected;
    json_t *ids;
    json_t *vector;
    int32_t tokens[MAX_TOKENS];
    float got[MAX_DIMS];
    struct job job = {.ids = tokens, .vector = got};

    folder_init_copy(&folder, model);
    expected = json_load_file(folder_path(&folder, "expected.json"), 0, NULL);
    ids = json_object_get(expected, "ids");
    vector = json_object_get(expected, "vector");
    assert_true(json_array_size(ids) > 0 && json_array_size(ids) <= MAX_TOKENS);
    engine = open_engine(folder.path, dtype, 1, 64, cpu_mask);
    job.n_tokens = json_array_size(ids);
    job.n_dims = json_array_size(vector);
    job.normalize = engine_get_info(engine)->normalize;
    assert_int_equal(job.n_dims, engine_get_info(engine)->n_dims);
    for (size_t i = 0; i < job.n_tokens; i++)
        tokens[i] = (int32_t)json_integer_value(json_array_get(ids, i));
    assert_int_equal(encode(engine, &job, 1), STATUS_OK);
    for (size_t i = 0; i < job.n_dims; i++)
        assert_true(fabs(got[i] - json_number_value(json_array_get(vector, i))) < tolerance);
    engine_close(engine);
    json_decref(expected);
    folder_release(&folder);
}

static void test_engine__agrees_with_float64(void **state)
{
    static const char *const models[] = {"tiny-cls", "tiny-distilbert", "tiny-mean", "tiny-plain",
                                         "tiny-sharded"};
    static const unsigned masks[] = {0, CPU_AVX2, CPU_MASK_ALL};
    /* On values of about 1 through two layers: tens of roundings to 24 bits, to 8 bits, and to
     * 1/255 of a row's range. */
    static const struct {
        const char *dtype;
        double tolerance;
    } formats[] = {{"float32", 3e-6}, {"bfloat16", 0.05}, {"int8", 0.1}};

    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        for (size_t j = 0; j < sizeof masks / sizeof *masks; j++)
            compare_with_reference(models[i], "float32", masks[j], formats[0].tolerance);
        for (size_t f = 1; f < sizeof formats / sizeof *formats; f++)
            if (cpu_has(formats[f].dtype, CPU_MASK_ALL))
                compare_with_reference(models[i], formats[f].dtype, CPU_MASK_ALL,
                                       formats[f].tolerance);
    }
}

/* By what is left, not by what the kernel would grant. */
static void test_engine__memory_that_is_not_left_is_refused(void **state)
{
    struct engine_options options = {
        .dtype = "float32",
        .n_workers = 2,
        .max_pass_tokens = (size_t)1 << 34,
        .max_queued_tokens = 100000,
        .cpu_mask = CPU_MASK_ALL,
    };
    struct engine *engine = NULL;
    struct folder folder;
    struct error error = {0};

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    options.model_dir = folder.path;
    assert_int_equal(engine_open(&engine, &options, NULL, &error), STATUS_NO_MEMORY);
    assert_non_null(
        strstr(error.text, "memory is short: 2 workers with room for 17179869184 tokens"));
    folder_release(&folder);
}

/* Each is told how many there are, which the first one's options say: what it lets rest is counted
 * from them, and must leave one. */
static void test_engine__workers_that_are_shared_are_the_firsts(void **state)
{
    struct engine_options options[2];
    struct engine *engines[2] = {NULL, NULL};
    const struct engine_observer *const observers[2] = {NULL, NULL};
    struct folder folder;
    struct error error = {0};

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    for (size_t i = 0; i < 2; i++) {
        options[i] = (struct engine_options){.model_dir = folder.path,
                                             .dtype = "float32",
                                             .n_workers = 1 + 2 * i,
                                             .max_pass_tokens = 64,
                                             .max_queued_tokens = 100,
                                             .cpu_mask = CPU_MASK_ALL};
        assert_int_equal(engine_read(&engines[i], &options[i], &error), STATUS_OK);
    }
    assert_int_equal(engine_start_together(engines, 2, observers, &error), STATUS_OK);
    for (size_t i = 0; i < 2; i++) {
        float vector[MAX_DIMS];
        int32_t ids[] = {2, 17, 3};
        struct job job = {.ids = ids, .n_tokens = 3, .vector = vector, .n_dims = 12};

        assert_int_equal(engine_get_info(engines[i])->n_workers, 1);
        engine_allow_workers(engines[i], 1);
        assert_int_equal(encode(engines[i], &job, 1), STATUS_OK);
    }
    engine_close(engines[0]);
    engine_close(engines[1]);
    folder_release(&folder);
}

static void test_engine__dtype_that_the_cpu_lacks_is_refused(void **state)
{
    static const struct {
        const char *dtype;
        unsigned cpu_mask;
    } cases[] = {{"bfloat16", CPU_AVX2}, {"bfloat16", 0}, {"int8", 0}};
    struct folder folder;

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct engine_options options = {.model_dir = folder.path,
                                               .dtype = cases[i].dtype,
                                               .n_workers = 1,
                                               .max_pass_tokens = 64,
                                               .max_queued_tokens = 10,
                                               .cpu_mask = cases[i].cpu_mask};
        struct engine *engine = NULL;
        struct error error = {0};

        assert_int_equal(engine_open(&engine, &options, NULL, &error), STATUS_UNSUPPORTED);
        assert_non_null(strstr(error.text, "this CPU"));
    }
    folder_release(&folder);
}

static void test_engine__dimensions_are_the_first_numbers_renormalised(void **state)
{
    struct folder folder;
    struct engine *engine;
    int32_t tokens[] = {2, 17, 9, 44, 3};
    float whole[12];
    float part[5];
    float norm = 0;
    struct job jobs[] = {
        {.ids = tokens, .n_tokens = 5, .vector = whole, .n_dims = 12},
        {.ids = tokens, .n_tokens = 5, .vector = part, .n_dims = 5, .normalize = true},
    };

    (void)state;
    folder_init_copy(&folder, "tiny-cls");
    engine = open_engine(folder.path, "float32", 1, 64, CPU_MASK_ALL);
    assert_int_equal(encode(engine, jobs, 2), STATUS_OK);
    for (int i = 0; i < 5; i++)
        norm += whole[i] * whole[i];
    for (int i = 0; i < 5; i++)
        assert_true(fabsf(part[i] - whole[i] / sqrtf(norm)) < 1e-6f);
    engine_close(engine);
    folder_release(&folder);
}

/* ---- token vectors ---- */

/* The model's pooling takes the first token's vector, so what is told of a text in both ways can be
 * compared: all at once, so that jobs of both kinds meet the same text in flight and in the cache.
 */
static void test_engine__token_vectors_are_what_is_pooled(void **state)
{
    enum { N_TOKENS = 5, HIDDEN = 12, N_JOBS = 8 };
    static const int32_t ids[2][N_TOKENS] = {{2, 17, 9, 44, 3}, {2, 30, 9, 8, 3}};
    struct engine_options options = {.dtype = "float32",
                                     .n_workers = 2,
                                     .max_pass_tokens = 16,
                                     .max_queued_tokens = 1000,
                                     .cache_bytes = 1 << 20,
                                     .cpu_mask = CPU_MASK_ALL};
    struct error error = {0};
    struct engine *engine;
    struct engine_stats stats;
    struct folder folder;
    float tokens[N_JOBS][N_TOKENS * HIDDEN];
    float vectors[N_JOBS][HIDDEN];
    float alone[N_TOKENS * HIDDEN];

    (void)state;
    folder_init_copy(&folder, "tiny-cls");
    options.model_dir = folder.path;
    assert_int_equal(engine_open(&engine, &options, NULL, &error), STATUS_OK);
    assert_int_equal(engine_get_info(engine)->hidden_size, HIDDEN);
    for (int round = 0; round < 2; round++) {
        struct job jobs[N_JOBS] = {{0}};

        memset(tokens, 0xff, sizeof tokens);
        memset(vectors, 0xff, sizeof vectors);
        for (size_t i = 0; i < N_JOBS; i++) {
            jobs[i] = (struct job){.ids = ids[i / 2 % 2], .n_tokens = N_TOKENS};
            if (i % 2)
                jobs[i].token_vectors = tokens[i];
            else
                jobs[i].vector = vectors[i];
            jobs[i].n_dims = i % 2 ? 0 : HIDDEN;
        }
        assert_int_equal(encode(engine, jobs, N_JOBS), STATUS_OK);
        for (size_t i = 1; i < N_JOBS; i += 2) {
            assert_memory_equal(tokens[i], vectors[i - 1], sizeof vectors[0]);
            assert_memory_equal(tokens[i], tokens[(i + 4) % N_JOBS], sizeof tokens[0]);
        }
        assert_memory_not_equal(tokens[1], tokens[3], sizeof tokens[0]);
        /* In no company at all. */
        jobs[1].token_vectors = alone;
        assert_int_equal(encode(engine, &jobs[1], 1), STATUS_OK);
        assert_memory_equal(alone, tokens[1], sizeof alone);
    }
    engine_get_stats(engine, &stats);
    assert_int_equal(stats.cache_hits, N_JOBS / 2); /* the pooled ones, the second time */
    engine_close(engine);
    folder_release(&folder);
}

/* ---- fewer cores ---- */

/* Of two workers one rests: what waits takes twice as long. */
static void test_engine__rate_is_of_the_workers_that_do_not_rest(void **state)
{
    static const int32_t ids[] = {2, 17, 9, 3};
    float vector[12];
    struct job job = {.ids = ids, .n_tokens = 4, .vector = vector, .n_dims = 12};
    struct engine_stats both, one, again;
    struct engine *engine;
    struct folder folder;

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    engine = open_engine(folder.path, "float32", 2, 16, CPU_MASK_ALL);
    assert_int_equal(encode(engine, &job, 1), STATUS_OK);
    engine_get_stats(engine, &both);
    assert_true(both.tokens_per_second > 0 && both.resting_workers == 0);
    engine_allow_workers(engine, 1);
    engine_get_stats(engine, &one);
    assert_true(one.tokens_per_second == both.tokens_per_second / 2 && one.resting_workers == 1);
    engine_allow_workers(engine, 2);
    engine_get_stats(engine, &again);
    assert_true(again.tokens_per_second == both.tokens_per_second && again.resting_workers == 0);
    engine_close(engine);
    folder_release(&folder);
}

/* ---- promise 1 ---- */

enum { N_TEXTS = 150 };

struct corpus {
    int32_t ids[N_TEXTS][MAX_TOKENS];
    struct job jobs[N_TEXTS];
    float vectors[N_TEXTS][MAX_DIMS];
};

static struct corpus *corpus_new(uint32_t seed, const struct engine_info *info)
{
    struct corpus *corpus = calloc(1, sizeof *corpus);

    assert_non_null(corpus);
    for (size_t i = 0; i < N_TEXTS; i++) {
        corpus->jobs[i] = (struct job){.ids = corpus->ids[i],
                                       .vector = corpus->vectors[i],
                                       .n_dims = info->n_dims,
                                       .normalize = true};
        seed = seed * 1664525u + 1013904223u;
        corpus->jobs[i].n_tokens = 1 + (seed >> 16) % info->max_tokens;
        for (size_t j = 0; j < corpus->jobs[i].n_tokens; j++) {
            seed = seed * 1664525u + 1013904223u;
            corpus->ids[i][j] = (int32_t)((seed >> 16) % VOCABULARY);
        }
    }
    return corpus;
}

struct submitter {
    struct engine *engine;
    struct corpus *corpus;
    size_t group_texts; /* of one request */
};

static void *submit_corpus(void *argument)
{
    struct submitter *submitter = argument;

    for (size_t i = 0; i < N_TEXTS; i += submitter->group_texts) {
        size_t n = N_TEXTS - i < submitter->group_texts ? N_TEXTS - i : submitter->group_texts;

        assert_int_equal(encode(submitter->engine, &submitter->corpus->jobs[i], n), STATUS_OK);
    }
    return NULL;
}

/* The same texts from three threads at once, in groups of many sizes: the bytes of each text alone.
 */
static void load_and_compare(struct engine *engine, const struct corpus *alone, size_t salt)
{
    struct submitter submitters[3];
    pthread_t threads[3];

    for (size_t i = 0; i < 3; i++) {
        submitters[i] = (struct submitter){engine, corpus_new(7, engine_get_info(engine)),
                                           1 + i * (i + salt) * 7};
        assert_int_equal(pthread_create(&threads[i], NULL, submit_corpus, &submitters[i]), 0);
    }
    for (size_t i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        assert_memory_equal(submitters[i].corpus->vectors, alone->vectors, sizeof alone->vectors);
        free(submitters[i].corpus);
    }
}

/* Each text alone on one worker; then alone on more, which help; then under load, on one to three
 * workers, with several sizes of a pass, in every format. */
static void test_engine__same_text_same_bytes(void **state)
{
    static const char *const dtypes[] = {"float32", "bfloat16", "int8"};
    static const size_t pass_tokens[] = {1, 40, 64, 300};
    struct folder folder;

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    for (size_t d = 0; d < sizeof dtypes / sizeof *dtypes && cpu_has(dtypes[d], CPU_MASK_ALL);
         d++) {
        struct engine *engine = open_engine(folder.path, dtypes[d], 1, 64, CPU_MASK_ALL);
        struct corpus *alone = corpus_new(7, engine_get_info(engine));

        submit_corpus(&(struct submitter){engine, alone, 1});
        engine_close(engine);
        for (size_t n_workers = 1; n_workers <= 3; n_workers++) {
            for (size_t p = 0; p < sizeof pass_tokens / sizeof *pass_tokens; p++) {
                struct corpus *again;

                engine =
                    open_engine(folder.path, dtypes[d], n_workers, pass_tokens[p], CPU_MASK_ALL);
                again = corpus_new(7, engine_get_info(engine));
                submit_corpus(&(struct submitter){engine, again, 1});
                assert_memory_equal(again->vectors, alone->vectors, sizeof alone->vectors);
                free(again);
                load_and_compare(engine, alone, p);
                engine_close(engine);
            }
        }
        free(alone);
    }
    folder_release(&folder);
}

/* Each text alone on three workers, which share it, on every instruction set; on the best also
 * under load. */
static void test_engine__no_way_to_cut_passes_changes_a_byte(void **state)
{
    static const char *const dtypes[] = {"float32", "bfloat16", "int8"};
    static const char *const ways[] = {"auto", "off", "block", "product", "panels", "rows"};
    static const unsigned masks[] = {CPU_MASK_ALL, CPU_AVX2, 0};
    struct folder folder;

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    for (size_t i = 0; i < 3 * 3; i++) {
        const char *dtype = dtypes[i % 3];
        unsigned mask = masks[i / 3];
        struct engine *engine;
        struct corpus *alone;

        if (!cpu_has(dtype, mask))
            continue;
        engine = open_engine(folder.path, dtype, 1, 64, mask);
        alone = corpus_new(7, engine_get_info(engine));
        submit_corpus(&(struct submitter){engine, alone, 1});
        engine_close(engine);
        for (size_t j = 0; j < sizeof ways / sizeof *ways; j++) {
            struct corpus *again;

            engine = open_tuned(folder.path, dtype, 3, 64, mask, ways[j]);
            again = corpus_new(7, engine_get_info(engine));
            submit_corpus(&(struct submitter){engine, again, 1});
            assert_memory_equal(again->vectors, alone->vectors, sizeof alone->vectors);
            free(again);
            if (mask == CPU_MASK_ALL)
                load_and_compare(engine, alone, j);
            engine_close(engine);
        }
        free(alone);
    }
    folder_release(&folder);
}

/* ---- failures ---- */

/* Makes every number of one tensor a NaN: all bits set is one in each stored type. */
static void spoil_tensor(const struct folder *folder, const char *name)
{
    size_t len_bytes;
    char *bytes = folder_read(folder, "model.safetensors", &len_bytes);
    uint64_t header_len;
    json_t *header;
    json_t *offsets;
    json_int_t begin;
    json_int_t end;

    memcpy(&header_len, bytes, sizeof header_len);
    header = json_loadb(bytes + 8, header_len, 0, NULL);
    offsets = json_object_get(json_object_get(header, name), "data_offsets");
    begin = json_integer_value(json_array_get(offsets, 0));
    end = json_integer_value(json_array_get(offsets, 1));
    assert_true(begin < end);
    memset(bytes + 8 + header_len + begin, 0xff, (size_t)(end - begin));
    folder_write(folder, "model.safetensors", bytes, len_bytes);
    json_decref(header);
    free(bytes);
}

static void test_engine__vector_that_is_not_finite_is_told(void **state)
{
    static const char *const dtypes[] = {"float32", "bfloat16", "int8"};
    struct folder folder;
    int32_t tokens[] = {2, 17, 3};
    float vector[MAX_DIMS];

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    spoil_tensor(&folder, "encoder.layer.0.intermediate.dense.weight");
    for (size_t d = 0; d < sizeof dtypes / sizeof *dtypes && cpu_has(dtypes[d], CPU_MASK_ALL);
         d++) {
        struct engine *engine = open_engine(folder.path, dtypes[d], 1, 64, CPU_MASK_ALL);
        struct job job = {.ids = tokens, .n_tokens = 3, .vector = vector, .n_dims = 4};

        float tokens_out[3 * MAX_DIMS];

        assert_int_equal(encode(engine, &job, 1), STATUS_NOT_FINITE);
        job.token_vectors = tokens_out;
        assert_int_equal(encode(engine, &job, 1), STATUS_NOT_FINITE);
        engine_close(engine);
    }
    folder_release(&folder);
}

static void test_engine__more_than_the_queue_holds_is_refused(void **state)
{
    struct folder folder;
    struct engine_options options = {
        .dtype = "float32", .n_workers = 1, .max_pass_tokens = 64, .max_queued_tokens = 10};
    struct engine *engine = NULL;
    struct error error = {0};
    int32_t tokens[] = {2, 17, 9, 44, 17, 3};
    float vectors[2][4];
    struct job jobs[] = {
        {.ids = tokens, .n_tokens = 6, .vector = vectors[0], .n_dims = 4},
        {.ids = tokens, .n_tokens = 6, .vector = vectors[1], .n_dims = 4},
    };

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    options.model_dir = folder.path;
    assert_int_equal(engine_open(&engine, &options, NULL, &error), STATUS_OK);
    assert_int_equal(encode(engine, jobs, 2), STATUS_OVERLOADED);
    assert_int_equal(encode(engine, jobs, 1), STATUS_OK);
    engine_close(engine);
    folder_release(&folder);
}

static void test_engine__tokenizer_larger_than_the_model_is_refused(void **state)
{
    struct folder folder;
    struct engine_options options = {
        .dtype = "float32", .n_workers = 1, .max_pass_tokens = 64, .max_queued_tokens = 10};
    struct engine *engine = NULL;
    struct error error = {0};
    size_t len_bytes;
    char *vocabulary;
    char *longer;

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    vocabulary = folder_read(&folder, "vocab.txt", &len_bytes);
    longer = malloc(len_bytes + 8);
    assert_non_null(longer);
    memcpy(longer, vocabulary, len_bytes);
    memcpy(longer + len_bytes, "\nzzzzzz\n", 8);
    folder_write(&folder, "vocab.txt", longer, len_bytes + 8);
    options.model_dir = folder.path;
    assert_int_equal(engine_open(&engine, &options, NULL, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "vocab_size"));
    assert_null(engine);
    free(vocabulary);
    free(longer);
    folder_release(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine__texts_without_a_token_need_no_pass),
        cmocka_unit_test(test_engine__agrees_with_float64),
        cmocka_unit_test(test_engine__memory_that_is_not_left_is_refused),
        cmocka_unit_test(test_engine__workers_that_are_shared_are_the_firsts),
        cmocka_unit_test(test_engine__dtype_that_the_cpu_lacks_is_refused),
        cmocka_unit_test(test_engine__dimensions_are_the_first_numbers_renormalised),
        cmocka_unit_test(test_engine__token_vectors_are_what_is_pooled),
        cmocka_unit_test(test_engine__rate_is_of_the_workers_that_do_not_rest),
        cmocka_unit_test(test_engine__same_text_same_bytes),
        cmocka_unit_test(test_engine__no_way_to_cut_passes_changes_a_byte),
        cmocka_unit_test(test_engine__vector_that_is_not_finite_is_told),
        cmocka_unit_test(test_engine__more_than_the_queue_holds_is_refused),
        cmocka_unit_test(test_engine__tokenizer_larger_than_the_model_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
