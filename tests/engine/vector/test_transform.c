/* SPDX-License-Identifier: Apache-2.0 */

/* The expected numbers are Python's, from its math module in double. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/vector/transform.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static float *copy(const float *values, size_t n)
{
    float *copied = malloc(n * sizeof *copied);

    assert_non_null(copied);
    memcpy(copied, values, n * sizeof *copied);
    return copied;
}

static void add(struct transform *transform, struct transform_step step)
{
    assert_int_equal(transform_add(transform, &step), STATUS_OK);
}

static void assert_near(const float *found, const float *expected, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabsf(found[i] - expected[i]) <= 4e-7f))
            fail_msg("number %zu is %.9g, not %.9g", i, (double)found[i], (double)expected[i]);
}

static void test_transform__knows_torchs_activations_by_name(void **state)
{
    static const float inputs[5] = {-3, -0.5f, 0, 0.25f, 2};
    static const struct {
        const char *name;
        float outputs[5];
    } cases[] = {
        {"torch.nn.modules.linear.Identity", {-3, -0.5f, 0, 0.25f, 2}},
        {"torch.nn.modules.activation.Tanh",
         {-0.995054754f, -0.462117157f, 0, 0.244918662f, 0.96402758f}},
        {"torch.nn.Tanh", {-0.995054754f, -0.462117157f, 0, 0.244918662f, 0.96402758f}},
        {"torch.nn.modules.activation.ReLU", {0, 0, 0, 0.25f, 2}},
        {"torch.nn.modules.activation.GELU",
         {-0.00404969409f, -0.154268769f, 0, 0.149676581f, 1.95449974f}},
        {"torch.nn.modules.activation.SiLU",
         {-0.14227762f, -0.188770334f, 0, 0.140544125f, 1.76159416f}},
        {"torch.nn.modules.activation.Sigmoid",
         {0.0474258732f, 0.377540669f, 0.5f, 0.562176501f, 0.880797078f}},
    };

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        transform_activation *activation = transform_find_activation(cases[c].name);
        float found[5];

        assert_non_null(activation);
        for (size_t i = 0; i < 5; i++)
            found[i] = activation(inputs[i]);
        assert_near(found, cases[c].outputs, 5);
        assert_true(isnan(activation(NAN)));
    }
    assert_null(transform_find_activation("torch.nn.modules.activation.Softmax"));
    assert_null(transform_find_activation("torch.nn.modules.activation.tanh"));
    assert_null(transform_find_activation("mine.Tanh"));
    assert_null(transform_find_activation("Tanh"));
    assert_null(transform_find_activation(""));
}

/* 37 numbers are two whole groups of lanes and a rest. */
static void test_transform__dense_multiplies_and_adds_its_bias(void **state)
{
    enum { N_IN = 37, N_OUT = 5 };
    float weights[N_OUT * N_IN];
    float vector[N_IN];
    float scratch[N_IN];
    float expected[N_OUT];
    static const float bias[N_OUT] = {1, -1, 0.5f, 0, 2};
    struct transform transform = {0};

    (void)state;
    for (size_t i = 0; i < N_IN; i++)
        vector[i] = (float)((int)(i * 7 % 11) - 5) / 8;
    for (size_t i = 0; i < N_OUT; i++) {
        double sum = (double)bias[i];

        for (size_t j = 0; j < N_IN; j++) {
            weights[i * N_IN + j] = (float)((int)((i + 3) * j % 13) - 6) / 16;
            sum += (double)weights[i * N_IN + j] * (double)vector[j];
        }
        expected[i] = (float)tanh(sum);
    }
    add(&transform, (struct transform_step){.kind = TRANSFORM_DENSE,
                                            .n_in = N_IN,
                                            .n_out = N_OUT,
                                            .weight = copy(weights, N_OUT * N_IN),
                                            .bias = copy(bias, N_OUT),
                                            .activation = tanhf});
    assert_int_equal(transform_count_out(&transform, N_IN), N_OUT);
    assert_int_equal(transform_count_max(&transform, N_IN), N_IN);
    transform_apply(&transform, vector, scratch);
    assert_near(vector, expected, N_OUT);
    transform_release(&transform);
}

static void test_transform__a_residual_is_added_after_the_activation(void **state)
{
    static const float weights[] = {1, 2, 3, 4};
    static const float residual[] = {10, 0, 0, 100};
    float vector[] = {-1, 0.25f};
    float projected[] = {-1, 0.25f};
    float scratch[2];
    transform_activation *relu = transform_find_activation("torch.nn.ReLU");
    struct transform_step step = {
        .kind = TRANSFORM_DENSE, .n_in = 2, .n_out = 2, .activation = relu, .adds_input = true};
    struct transform own = {0};
    struct transform of_weights = {0};

    (void)state;
    step.weight = copy(weights, 4);
    add(&own, step);
    transform_apply(&own, vector, scratch);
    assert_near(vector, (const float[]){-1, 0.25f}, 2); /* relu(-0.5) - 1, relu(-2) + 0.25 */
    step.weight = copy(weights, 4);
    step.residual = copy(residual, 4);
    add(&of_weights, step);
    transform_apply(&of_weights, projected, scratch);
    assert_near(projected, (const float[]){-10, 25}, 2);
    transform_release(&own);
    transform_release(&of_weights);
}

static void test_transform__runs_its_steps_in_order(void **state)
{
    static const float gain[] = {1, 2, -1, 0.5f};
    static const float shift[] = {0, 1, 0.25f, -3};
    static const float expected[] = {0.0586209737f, -1.69656479f, 0.425862921f, -2.26723783f};
    float vector[] = {1, -2, 0.5f, 4};
    float scratch[4];
    double length = 0;
    struct transform transform = {0};

    (void)state;
    add(&transform, (struct transform_step){.kind = TRANSFORM_LAYER_NORM,
                                            .n_in = 4,
                                            .n_out = 4,
                                            .weight = copy(gain, 4),
                                            .bias = copy(shift, 4),
                                            .eps = 1e-5});
    transform_apply(&transform, vector, scratch);
    assert_near(vector, expected, 4);
    add(&transform, (struct transform_step){.kind = TRANSFORM_NORMALIZE, .n_in = 4, .n_out = 4});
    memcpy(vector, (const float[]){1, -2, 0.5f, 4}, sizeof vector);
    transform_apply(&transform, vector, scratch);
    for (size_t i = 0; i < 4; i++)
        length += (double)vector[i] * (double)vector[i];
    assert_true(fabs(length - 1) < 1e-6);
    assert_true(fabsf(vector[0] / vector[3] - expected[0] / expected[3]) < 1e-6f);
    transform_release(&transform);
}

static void test_transform__none_leaves_the_vector(void **state)
{
    struct transform transform = {0};
    float vector[] = {3, 4};

    (void)state;
    assert_int_equal(transform_count_out(&transform, 2), 2);
    assert_int_equal(transform_count_max(&transform, 2), 2);
    transform_apply(&transform, vector, NULL);
    assert_true(vector[0] == 3 && vector[1] == 4);
    transform_release(&transform);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transform__knows_torchs_activations_by_name),
        cmocka_unit_test(test_transform__dense_multiplies_and_adds_its_bias),
        cmocka_unit_test(test_transform__a_residual_is_added_after_the_activation),
        cmocka_unit_test(test_transform__runs_its_steps_in_order),
        cmocka_unit_test(test_transform__none_leaves_the_vector),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
