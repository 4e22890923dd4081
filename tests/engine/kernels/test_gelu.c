/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine/kernels/kernel_test.h"

/* The oracle is the formula in long double by libm's erfcl and expl. */
static double exact_gelu(double x)
{
    return (double)((long double)x / 2 * erfcl(-(long double)x / sqrtl(2)));
}

static double exact_gelu_tanh(double x)
{
    const long double y = x;
    const long double u = sqrtl(2 / acosl(-1)) * (y + 0.044715L * y * y * y);

    return (double)(y / (1 + expl(-2 * u)));
}

typedef double exact_function(double x);

/* Every 4,099th float, finite ones only, in rows. */
enum { SWEEP_STEP = 4099, SWEEP_ROW = 4096 };

struct errors {
    double of_phi;  /* largest |error| / |x|: that of Phi(x) */
    double near;    /* largest relative error for x >= -3 */
    double ulps_up; /* largest error for x > 0, in units of the exact result's last place */
};

static void errors_add(struct errors *errors, float x, float actual, double exact)
{
    const double error = fabs((double)actual - exact);

    if (fabs(exact) < 0x1p-126) {
        /* x is nearly zero, or so low that anything near zero will do (the vector versions stop at
         * -9 T(9), see gelu.c). */
        assert_true(error <= (fabsf(x) < 1 ? 0x1p-149 : 1e-16));
        return;
    }
    errors->of_phi = fmax(errors->of_phi, error / fabs((double)x));
    if (x >= -3)
        errors->near = fmax(errors->near, error / fabs(exact));
    if (x > 0)
        errors->ulps_up = fmax(errors->ulps_up, error / ldexp(1, ilogb(exact) - 23));
}

static struct errors sweep(kernel_bias_activation *kernel, exact_function *exact)
{
    static const float bias[SWEEP_ROW];
    struct errors errors = {0};
    float x[SWEEP_ROW], y[SWEEP_ROW];
    size_t n = 0;

    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += SWEEP_STEP) {
        const uint32_t low = (uint32_t)bits;

        memcpy(&x[n], &low, sizeof low);
        n += isfinite(x[n]);
        if (n < SWEEP_ROW && bits + SWEEP_STEP <= UINT32_MAX)
            continue;
        memcpy(y, x, n * sizeof *x);
        kernel(y, bias, 1, n);
        for (size_t i = 0; i < n; i++) {
            assert_true(isfinite(y[i]));
            errors_add(&errors, x[i], y[i], exact(x[i]));
        }
        n = 0;
    }
    return errors;
}

/* float32's own rounding is 6e-8 of the result. The logarithm that the vector versions exponentiate
 * is rounded in float32 too: at x = -3 it is -9.5, so an error of 6e-8 x 9.5 x ln 2 = 4e-7, and as
 * much again from its polynomial's last steps. */
static void test_gelu__agrees_with_erf_over_all_floats(void **state)
{
    const struct kernels kernels = level_kernels(state);
    const struct errors errors = sweep(kernels.bias_gelu, exact_gelu);

    print_message("gelu: error of Phi %.2e, relative for x >= -3 %.2e, %.2f ulp for x > 0\n",
                  errors.of_phi, errors.near, errors.ulps_up);
    assert_true(errors.of_phi < 1e-7);
    assert_true(errors.near < 1e-6);
    assert_true(errors.ulps_up < 2);
}

static void test_gelu__tanh_agrees_over_all_floats(void **state)
{
    const struct kernels kernels = level_kernels(state);
    const struct errors errors = sweep(kernels.bias_gelu_tanh, exact_gelu_tanh);

    print_message("gelu_tanh: error of Phi %.2e, relative for x >= -3 %.2e, %.2f ulp for x > 0\n",
                  errors.of_phi, errors.near, errors.ulps_up);
    assert_true(errors.of_phi < 1e-7);
    assert_true(errors.near < 1.5e-6);
    assert_true(errors.ulps_up < 2);
}

static void check_special_values(kernel_bias_activation *kernel)
{
    static const float values[] = {0,   -0.0f, 1e-42f, -1e-42f, 20,    -20,
                                   100, -100,  1e30f,  -1e30f,  3e38f, -3e38f};
    float y[sizeof values / sizeof *values], bias[sizeof values / sizeof *values];
    float other = NAN;

    memcpy(y, values, sizeof y);
    for (size_t i = 0; i < sizeof bias / sizeof *bias; i++)
        bias[i] = -0.0f; /* the zero that keeps the sign of -0 */
    kernel(y, bias, 1, sizeof values / sizeof *values);
    assert_same(y, ((const float[]){0, -0.0f}), 2);
    assert_true(y[2] > 0 && y[2] < 1e-42f && y[3] < 0 && y[3] > -1e-42f);
    for (size_t i = 4; i < sizeof values / sizeof *values; i += 2) {
        assert_true(y[i] == values[i]);
        assert_true(y[i + 1] <= 0 && y[i + 1] > -1e-16f);
    }
    kernel(&other, bias, 1, 1);
    assert_true(isnan(other));
    other = INFINITY;
    kernel(&other, bias, 1, 1);
    assert_true(other == INFINITY);
}

static void test_gelu__special_values(void **state)
{
    const struct kernels kernels = level_kernels(state);

    check_special_values(kernels.bias_gelu);
    check_special_values(kernels.bias_gelu_tanh);
}

/* On every awkward length: what lies past the ends is untouched, the bias of each column is added,
 * and the last columns are no different from the others. */
static void check_awkward(kernel_bias_activation *kernel, exact_function *exact)
{
    struct random random = {3};

    for (size_t i = 0; i < N_AWKWARD; i++)
        for (size_t n_rows = 1; n_rows <= 5; n_rows++) {
            const size_t n = AWKWARD[i];
            struct fence x = fence_new_random(&random, -6, 6, n_rows * n);
            struct fence bias = fence_new_random(&random, -1, 1, n);
            struct fence expected = fence_new(n_rows * n);

            for (size_t j = 0; j < n_rows * n; j++)
                expected.data[j] = (float)exact(x.data[j] + bias.data[j % n]);
            kernel(x.data, bias.data, n_rows, n);
            assert_close(x.data, expected.data, n_rows * n, 1e-8, 3e-7);
            fence_free(&x);
            fence_free(&bias);
            fence_free(&expected);
        }
}

static void test_gelu__awkward_lengths(void **state)
{
    const struct kernels kernels = level_kernels(state);

    check_awkward(kernels.bias_gelu, exact_gelu);
    check_awkward(kernels.bias_gelu_tanh, exact_gelu_tanh);
}

/* Promise 1: a row alone, on another alignment, gives the same bytes as among others. */
static void check_rows_alone(kernel_bias_activation *kernel)
{
    struct random random = {4};

    for (size_t i = 0; i < N_AWKWARD; i++) {
        const size_t n_rows = 5, n = AWKWARD[i];
        struct fence together = fence_new_random(&random, -6, 6, n_rows * n);
        struct fence start = fence_new_copy(together.data, n_rows * n);
        struct fence bias = fence_new_random(&random, -1, 1, n);

        kernel(together.data, bias.data, n_rows, n);
        for (size_t row = 0; row < n_rows; row++) {
            struct fence room = fence_new(n + row);

            memcpy(room.data, start.data + row * n, n * sizeof(float));
            kernel(room.data, bias.data, 1, n);
            assert_same(room.data, together.data + row * n, n);
            fence_free(&room);
        }
        fence_free(&together);
        fence_free(&start);
        fence_free(&bias);
    }
}

static void test_gelu__row_does_not_depend_on_others(void **state)
{
    const struct kernels kernels = level_kernels(state);

    check_rows_alone(kernels.bias_gelu);
    check_rows_alone(kernels.bias_gelu_tanh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_LEVELS(test_gelu__agrees_with_erf_over_all_floats),
        TEST_LEVELS(test_gelu__tanh_agrees_over_all_floats),
        TEST_LEVELS(test_gelu__special_values),
        TEST_LEVELS(test_gelu__awkward_lengths),
        TEST_LEVELS(test_gelu__row_does_not_depend_on_others),
    };

    return cmocka_run_group_tests_name("gelu", tests, NULL, NULL);
}
