/* SPDX-License-Identifier: Apache-2.0 */

/* Falling back from int8, on seeded models some of whose layers int8 cannot bear: a few of the
 * feed-forward network's channels are huge on the way in and small on the way out, as in trained
 * BERT models. What is found is held against float32 vectors of texts that were not probed. */
#include "engine/encoder/encoder.h"
#include "engine/encoder/team.h"
#include "engine/kernels/cpu.h"
#include "engine/model/model.h"
#include "tests/engine/kernels/require_cpu.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    HIDDEN = 64,
    INNER = 256,
    HEADS = 2,
    LAYERS = 3,
    VOCABULARY = 100,
    POSITIONS = 64,
    MAX_TEXT_TOKENS = 40,
    N_TEXTS = 40,
    MODEL_BYTES = 4 << 20,
    N_OUTLIERS = 3,
    OUTLIER = 400,
};

/* ---- models ---- */

/* Tensors in a file's pages, as a real model's: the encoder gives such pages back, to be read again
 * from the file. */
struct test_model {
    struct model model;
    struct model_layer layers[LAYERS];
    FILE *file;
    float *values; /* MODEL_BYTES */
    size_t n_used;
    uint32_t seed;
};

static float random_float(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (float)((double)*seed / 2147483648.0 - 1.0);
}

/* [n_rows, n_columns], or [n_rows] where n_columns is 0. */
static float *fill(struct test_model *made, struct tensor *tensor, size_t n_rows, size_t n_columns,
                   float centre, float deviation)
{
    size_t n = n_rows * (n_columns ? n_columns : 1);
    float *values = made->values + made->n_used;

    made->n_used += n;
    assert_true(made->n_used * sizeof(float) <= MODEL_BYTES);
    for (size_t i = 0; i < n; i++)
        values[i] = centre + deviation * 1.73f * random_float(&made->seed);
    *tensor = (struct tensor){values, DTYPE_FLOAT32, n_columns ? 2 : 1, {n_rows, n_columns}};
    return values;
}

static void fill_linear(struct test_model *made, struct linear *linear, size_t n_out, size_t n_in)
{
    fill(made, &linear->weight, n_out, n_in, 0, 1.25f / sqrtf((float)n_in));
    fill(made, &linear->bias, n_out, 0, 0, 0.05f);
}

static void fill_norm(struct test_model *made, struct layer_norm_weights *norm)
{
    fill(made, &norm->gamma, HIDDEN, 0, 1, 0.1f);
    fill(made, &norm->beta, HIDDEN, 0, 0, 0.05f);
}

static void fill_layer(struct test_model *made, struct model_layer *layer, bool has_outliers)
{
    float *in, *bias, *out;

    fill_linear(made, &layer->query, HIDDEN, HIDDEN);
    fill_linear(made, &layer->key, HIDDEN, HIDDEN);
    fill_linear(made, &layer->value, HIDDEN, HIDDEN);
    fill_linear(made, &layer->attention_output, HIDDEN, HIDDEN);
    fill_norm(made, &layer->attention_norm);
    in = fill(made, &layer->intermediate.weight, INNER, HIDDEN, 0, 1.25f / sqrtf(HIDDEN));
    bias = fill(made, &layer->intermediate.bias, INNER, 0, 0, 0.05f);
    out = fill(made, &layer->output.weight, HIDDEN, INNER, 0, 1.25f / sqrtf(INNER));
    fill(made, &layer->output.bias, HIDDEN, 0, 0, 0.05f);
    fill_norm(made, &layer->output_norm);
    for (size_t i = 0; has_outliers && i < N_OUTLIERS; i++) {
        bias[i] *= OUTLIER;
        for (size_t j = 0; j < HIDDEN; j++) {
            in[i * HIDDEN + j] *= OUTLIER;
            out[j * INNER + i] /= OUTLIER;
        }
    }
}

/* Bit i of `outlier_layers`: layer i. */
static struct test_model *make_model(unsigned outlier_layers)
{
    struct test_model *made = calloc(1, sizeof *made);

    assert_non_null(made);
    made->seed = 1;
    made->file = tmpfile();
    assert_non_null(made->file);
    assert_int_equal(ftruncate(fileno(made->file), MODEL_BYTES), 0);
    made->values =
        mmap(NULL, MODEL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(made->file), 0);
    assert_true(made->values != MAP_FAILED);
    made->model = (struct model){
        .arch = {.hidden_size = HIDDEN,
                 .n_layers = LAYERS,
                 .n_attention_heads = HEADS,
                 .n_kv_heads = HEADS,
                 .head_size = HIDDEN / HEADS,
                 .query_size = HIDDEN,
                 .key_size = HIDDEN,
                 .embedding_size = HIDDEN,
                 .embedding_scale = 1,
                 .norms_embeddings = true,
                 .attention_scale = 1 / sqrtf((float)HIDDEN / HEADS),
                 .n_groups = LAYERS,
                 .n_position_rows = POSITIONS,
                 .intermediate_size = INNER,
                 .vocab_size = VOCABULARY,
                 .n_positions = POSITIONS,
                 .n_types = 1,
                 .norm_eps = 1e-12f,
                 .activation = ACTIVATION_GELU},
        .layers = made->layers,
        .pooling = {.order = {POOLING_MEAN}, .n_modes = 1},
        .n_dims = HIDDEN,
        .max_tokens = POSITIONS,
    };
    fill(made, &made->model.word_embeddings, VOCABULARY, HIDDEN, 0, 0.05f);
    fill(made, &made->model.position_embeddings, POSITIONS, HIDDEN, 0, 0.02f);
    fill(made, &made->model.type_embeddings, 1, HIDDEN, 0, 0.02f);
    fill_norm(made, &made->model.embedding_norm);
    for (size_t i = 0; i < LAYERS; i++)
        fill_layer(made, &made->layers[i], outlier_layers >> i & 1);
    return made;
}

static void free_model(struct test_model *made)
{
    munmap(made->values, MODEL_BYTES);
    fclose(made->file);
    free(made);
}

/* ---- texts and vectors ---- */

struct texts {
    int32_t ids[N_TEXTS][MAX_TEXT_TOKENS];
    struct encoder_text texts[N_TEXTS];
};

static void make_texts(struct texts *made, uint32_t seed)
{
    for (size_t i = 0; i < N_TEXTS; i++) {
        size_t n_tokens = 3 + i * 7 % (MAX_TEXT_TOKENS - 3);

        for (size_t j = 0; j < n_tokens; j++)
            made->ids[i][j] = (int32_t)((random_float(&seed) + 1) / 2 * (VOCABULARY - 1));
        made->texts[i] = (struct encoder_text){.ids = made->ids[i], .n_tokens = n_tokens};
    }
}

static struct encoder *new_encoder(const struct test_model *made, enum encoder_dtype dtype,
                                   unsigned cpu_mask)
{
    struct encoder *encoder = NULL;
    struct error error = {0};

    if (encoder_new(&encoder, &made->model, dtype, cpu_mask, 2, &error))
        fail_msg("%s", error.text);
    return encoder;
}

static struct encoder *new_fallen_back(const struct test_model *made, unsigned cpu_mask,
                                       size_t n_threads)
{
    struct encoder *encoder = new_encoder(made, ENCODER_INT8, cpu_mask);
    struct error error = {0};
    struct texts probe;

    make_texts(&probe, 7);
    if (encoder_fall_back(encoder, probe.texts, N_TEXTS, n_threads, &error))
        fail_msg("%s", error.text);
    return encoder;
}

/* The texts [first, first + n) in one pass: ret_vectors, [n][HIDDEN]. */
static void encode(const struct encoder *encoder, const struct texts *texts, size_t first, size_t n,
                   float (*ret_vectors)[HIDDEN])
{
    const struct pooling pooling = {.order = {POOLING_MEAN}, .n_modes = 1};
    struct encoder_context *context;
    const float *tokens;
    struct team team = {0};
    const struct encoder_pass pass = {.texts = texts->texts + first, .n_texts = n, .team = &team};

    assert_int_equal(encoder_context_new(encoder, N_TEXTS * MAX_TEXT_TOKENS, &context), 0);
    team_open(&team);
    assert_int_equal(encoder_run(context, &pass, &tokens), 0);
    for (size_t i = 0; i < n; i++) {
        pooling_apply(&pooling, tokens, pass.texts[i].n_tokens, 0, HIDDEN, ret_vectors[i]);
        tokens += pass.texts[i].n_tokens * HIDDEN;
    }
    encoder_context_free(context);
}

struct cosines {
    double mean;
    double min;
};

static double cosine(const float *a, const float *b)
{
    double ab = 0, aa = 0, bb = 0;

    for (size_t i = 0; i < HIDDEN; i++) {
        ab += (double)a[i] * b[i];
        aa += (double)a[i] * a[i];
        bb += (double)b[i] * b[i];
    }
    return ab / sqrt(aa * bb);
}

/* To float32, of texts that the probe does not have. */
static struct cosines cosines_of(const struct test_model *made, const struct encoder *encoder)
{
    struct encoder *exact = new_encoder(made, ENCODER_FLOAT32, CPU_MASK_ALL);
    static float expected[N_TEXTS][HIDDEN], found[N_TEXTS][HIDDEN];
    struct cosines cosines = {.min = 1};
    struct texts texts;

    make_texts(&texts, 99);
    encode(exact, &texts, 0, N_TEXTS, expected);
    encode(encoder, &texts, 0, N_TEXTS, found);
    for (size_t i = 0; i < N_TEXTS; i++) {
        double one = cosine(expected[i], found[i]);

        cosines.mean += one / N_TEXTS;
        cosines.min = one < cosines.min ? one : cosines.min;
    }
    encoder_free(exact);
    return cosines;
}

static bool is_within(struct cosines cosines)
{
    return cosines.mean >= 0.998 && cosines.min >= 0.99;
}

/* ---- tests ---- */

static void test_fallback__plain_model_stays_int8(void **state)
{
    struct test_model *made;
    struct encoder *encoder;
    const struct accuracy_report *report;

    (void)state;
    require_int8();
    made = make_model(0);
    encoder = new_fallen_back(made, CPU_MASK_ALL, 2);
    report = encoder_get_accuracy(encoder);
    assert_int_equal(report->n_texts, N_TEXTS);
    assert_int_equal(report->n_fallbacks, 0);
    assert_true(report->is_within);
    assert_true(report->mean_cosine == report->int8_mean_cosine && report->mean_cosine < 1);
    assert_true(is_within(cosines_of(made, encoder)));
    encoder_free(encoder);
    free_model(made);
}

static void test_fallback__only_the_layer_with_outliers_falls_back(void **state)
{
    (void)state;
    require_int8();
    for (size_t layer = 0; layer < LAYERS; layer++) {
        struct test_model *made = make_model(1u << layer);
        struct encoder *whole = new_encoder(made, ENCODER_INT8, CPU_MASK_ALL);
        struct encoder *encoder = new_fallen_back(made, CPU_MASK_ALL, 2);
        const struct accuracy_report *report = encoder_get_accuracy(encoder);

        assert_true(cosines_of(made, whole).min < 0.99);
        assert_true(report->int8_min_cosine < 0.99);
        assert_int_equal(report->n_fallbacks, 1);
        assert_int_equal(report->fallbacks[0].layer, layer);
        assert_string_equal(report->fallbacks[0].product, "output.dense");
        assert_true(report->is_within);
        assert_true(is_within(cosines_of(made, encoder)));
        encoder_free(encoder);
        encoder_free(whole);
        free_model(made);
    }
}

static void test_fallback__float32_where_bfloat16_is_slow(void **state)
{
    struct test_model *made;
    struct encoder *encoder;
    const struct accuracy_report *report;

    (void)state;
    require_int8();
    made = make_model(2 | 4);
    encoder = new_fallen_back(made, ~(unsigned)CPU_AVX512_BF16, 2);
    report = encoder_get_accuracy(encoder);
    assert_string_equal(report->fallback_dtype, "float32");
    assert_int_equal(report->n_fallbacks, 2);
    assert_true(is_within(cosines_of(made, encoder)));
    encoder_free(encoder);
    free_model(made);
}

static void test_fallback__is_the_same_in_any_number_of_threads(void **state)
{
    struct test_model *made;
    static float first[N_TEXTS][HIDDEN], other[N_TEXTS][HIDDEN];
    struct accuracy_report known = {0};
    struct texts texts;

    (void)state;
    require_int8();
    made = make_model(1 | 4);
    make_texts(&texts, 5);
    for (size_t n_threads = 1; n_threads <= 5; n_threads += 2) {
        struct encoder *encoder = new_fallen_back(made, CPU_MASK_ALL, n_threads);
        const struct accuracy_report *report = encoder_get_accuracy(encoder);

        encode(encoder, &texts, 0, N_TEXTS, n_threads == 1 ? first : other);
        if (n_threads == 1) {
            known = *report;
            known.fallbacks = NULL;
        } else {
            assert_true(report->mean_cosine == known.mean_cosine);
            assert_true(report->int8_mean_cosine == known.int8_mean_cosine);
            assert_int_equal(report->n_fallbacks, known.n_fallbacks);
            assert_memory_equal(first, other, sizeof first);
        }
        encoder_free(encoder);
    }
    free_model(made);
}

/* Promise 1 where products of several formats stand side by side, over several blocks of rows. */
static void test_fallback__same_text_same_bits_beside_others(void **state)
{
    static const unsigned masks[] = {CPU_MASK_ALL, ~(unsigned)CPU_AVX512_BF16};
    static float together[N_TEXTS][HIDDEN];
    struct test_model *made;
    struct texts texts;

    (void)state;
    require_int8();
    made = make_model(1 | 2);
    make_texts(&texts, 5);
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        struct encoder *encoder = new_fallen_back(made, masks[i], 2);

        assert_int_equal(encoder_get_accuracy(encoder)->n_fallbacks, 2);
        encode(encoder, &texts, 0, N_TEXTS, together);
        for (size_t j = 0; j < N_TEXTS; j++) {
            float alone[1][HIDDEN];

            encode(encoder, &texts, j, 1, alone);
            assert_memory_equal(alone[0], together[j], sizeof alone[0]);
        }
        encoder_free(encoder);
    }
    free_model(made);
}

static void test_fallback__other_dtypes_are_left_alone(void **state)
{
    struct test_model *made = make_model(1);
    struct encoder *encoder = new_encoder(made, ENCODER_FLOAT32, CPU_MASK_ALL);
    struct error error = {0};
    struct texts probe;

    (void)state;
    make_texts(&probe, 7);
    assert_int_equal(encoder_fall_back(encoder, probe.texts, N_TEXTS, 2, &error), 0);
    assert_int_equal(encoder_get_accuracy(encoder)->n_texts, 0);
    assert_int_equal(encoder_get_accuracy(encoder)->n_fallbacks, 0);
    encoder_free(encoder);
    free_model(made);
}

/* A vector that is not finite cannot be measured: neither blamed on int8 nor a reason to fail. */
static void test_fallback__weights_that_are_not_finite_are_not_blamed_on_int8(void **state)
{
    struct test_model *made;
    struct encoder *encoder;

    (void)state;
    require_int8();
    made = make_model(0);
    ((float *)(uintptr_t)made->layers[1].output.weight.data)[5] = NAN;
    encoder = new_fallen_back(made, CPU_MASK_ALL, 2);
    assert_int_equal(encoder_get_accuracy(encoder)->n_fallbacks, 0);
    encoder_free(encoder);
    free_model(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fallback__plain_model_stays_int8),
        cmocka_unit_test(test_fallback__only_the_layer_with_outliers_falls_back),
        cmocka_unit_test(test_fallback__float32_where_bfloat16_is_slow),
        cmocka_unit_test(test_fallback__is_the_same_in_any_number_of_threads),
        cmocka_unit_test(test_fallback__same_text_same_bits_beside_others),
        cmocka_unit_test(test_fallback__other_dtypes_are_left_alone),
        cmocka_unit_test(test_fallback__weights_that_are_not_finite_are_not_blamed_on_int8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
