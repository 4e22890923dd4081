/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine/kernels/kernel_test.h"

/* GELU's accuracy, in float32; test_store.c has it in all formats and shapes. The oracle is
 * the formula by libm's erfc and exp. */
static double exact_gelu(double x)
{
    const oracle y = x;

    return (double)(y / 2 * oracle_of(erfc)(-y / oracle_of(sqrt)(2)));
}

static double exact_gelu_tanh(double x)
{
    const oracle y = x;
    const oracle u = oracle_of(sqrt)(2 / oracle_of(acos)(-1)) * (y + (oracle)0.044715L * y * y * y);

    return (double)(y / (1 + oracle_of(exp)(-2 * u)));
}

static double exact_silu(double x)
{
    const oracle y = x;

    return (double)(y / (1 + oracle_of(exp)(-y)));
}

typedef double exact_function(double x);

/* y[n] = the kernel's function of x[n] */
static void apply(kernel_store *kernel, const float *x, float *y, size_t n)
{
    float bias[4096];

    for (size_t i = 0; i < n; i++)
        bias[i] = -0.0f; /* the zero that keeps the sign of -0 */
    kernel(&(struct kernel_product){.c = x, .bias = bias, .n_rows = 1, .n = n}, y, n);
}

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

static struct errors sweep(kernel_store *kernel, exact_function *exact)
{
    struct errors errors = {0};
    float x[SWEEP_ROW], y[SWEEP_ROW];
    size_t n = 0;

    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += SWEEP_STEP) {
        const uint32_t low = (uint32_t)bits;

        memcpy(&x[n], &low, sizeof low);
        if (isfinite(x[n]))
            n++;
        if (n < SWEEP_ROW && bits + SWEEP_STEP <= UINT32_MAX)
            continue;
        apply(kernel, x, y, n);
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
    const struct errors errors = sweep(kernels.gelu[KERNEL_FLOAT32][KERNEL_FLOAT32], exact_gelu);

    print_message("gelu: error of Phi %.2e, relative for x >= -3 %.2e, %.2f ulp for x > 0\n",
                  errors.of_phi, errors.near, errors.ulps_up);
    assert_true(errors.of_phi < 1e-7);
    assert_true(errors.near < 1e-6);
    assert_true(errors.ulps_up < 2);
}

static void test_gelu__tanh_agrees_over_all_floats(void **state)
{
    const struct kernels kernels = level_kernels(state);
    const struct errors errors =
        sweep(kernels.gelu_tanh[KERNEL_FLOAT32][KERNEL_FLOAT32], exact_gelu_tanh);

    print_message("gelu_tanh: error of Phi %.2e, relative for x >= -3 %.2e, %.2f ulp for x > 0\n",
                  errors.of_phi, errors.near, errors.ulps_up);
    assert_true(errors.of_phi < 1e-7);
    assert_true(errors.near < 1.5e-6);
    assert_true(errors.ulps_up < 2);
}

static void test_gelu__silu_agrees_over_all_floats(void **state)
{
    const struct kernels kernels = level_kernels(state);
    const struct errors errors = sweep(kernels.silu[KERNEL_FLOAT32][KERNEL_FLOAT32], exact_silu);

    print_message("silu: error over x %.2e, relative for x >= -3 %.2e, %.2f ulp for x > 0\n",
                  errors.of_phi, errors.near, errors.ulps_up);
    assert_true(errors.of_phi < 1e-7);
    assert_true(errors.near < 1e-6);
    assert_true(errors.ulps_up < 2);
}

/* What goes to bfloat16 or comes from int32: x from -8 to 8 in steps of 1/1,024. gelu.c promises
 * 1e-4 of Phi where that is not tiny, 2e-5 in all. */
static void check_rough(kernel_store *kernel, exact_function *exact, double max_error)
{
    enum { N = 16 * 1024 + 1 };
    static int32_t c[N], sums[N];
    static float column_scales[N], bias[N], y[N];
    const float row_scale = 0x1p-10f;
    const int32_t zero = 0;
    double of_phi = 0, absolute = 0;

    for (int i = 0; i < N; i++) {
        c[i] = i - N / 2;
        column_scales[i] = 1;
    }
    kernel(&(struct kernel_product){.c = c,
                                    .bias = bias,
                                    .n_rows = 1,
                                    .n = N,
                                    .row_scales = &row_scale,
                                    .zeros = &zero,
                                    .column_scales = column_scales,
                                    .sums = sums},
           y, N);
    for (int i = 0; i < N; i++) {
        const double x = (i - N / 2) * 0x1p-10, value = exact(x), error = fabs(y[i] - value);

        absolute = fmax(absolute, error);
        if (x >= -2.5 && value != 0)
            of_phi = fmax(of_phi, error / fabs(value));
    }
    print_message("rough: relative error for x >= -2.5 %.2e, absolute %.2e\n", of_phi, absolute);
    assert_true(of_phi < 2e-4);
    assert_true(absolute < max_error);
}

static void test_gelu__rough_is_close_enough(void **state)
{
    const struct kernels kernels = level_kernels(state);

    check_rough(kernels.gelu[KERNEL_INT32][KERNEL_FLOAT32], exact_gelu, 2e-5);
    check_rough(kernels.gelu_tanh[KERNEL_INT32][KERNEL_FLOAT32], exact_gelu_tanh, 2e-5);
    check_rough(kernels.silu[KERNEL_INT32][KERNEL_FLOAT32], exact_silu, 2.5e-5);
}

/* The far ends and what is not finite, as bfloat16. */
static void check_rough_special_values(kernel_store *kernel)
{
    static const float values[] = {NAN, INFINITY, 0, 100, -100, 1e30f, -1e30f};
    const float bias[7] = {0};
    uint16_t y[7];

    kernel(&(struct kernel_product){.c = values, .bias = bias, .n_rows = 1, .n = 7}, y, 7);
    assert_true(isnan(bfloat16_value(y[0])));
    assert_true(bfloat16_value(y[1]) == INFINITY);
    assert_true(y[2] == 0);
    for (size_t i = 3; i < 7; i += 2) {
        assert_true(bfloat16_value(y[i]) == exact_bfloat16(values[i]));
        assert_true(fabsf(bfloat16_value(y[i + 1])) < 1e-7f);
    }
}

static void test_gelu__rough_special_values(void **state)
{
    const struct kernels kernels = level_kernels(state);

    check_rough_special_values(kernels.gelu[KERNEL_FLOAT32][KERNEL_BFLOAT16]);
    check_rough_special_values(kernels.gelu_tanh[KERNEL_FLOAT32][KERNEL_BFLOAT16]);
    check_rough_special_values(kernels.silu[KERNEL_FLOAT32][KERNEL_BFLOAT16]);
}

static void check_special_values(kernel_store *kernel)
{
    static const float values[] = {0,   -0.0f, 1e-42f, -1e-42f, 50,    -50,
                                   100, -100,  1e30f,  -1e30f,  3e38f, -3e38f};
    float y[sizeof values / sizeof *values];

    apply(kernel, values, y, sizeof values / sizeof *values);
    assert_same(y, ((const float[]){0, -0.0f}), 2);
    assert_true(y[2] > 0 && y[2] < 1e-42f && y[3] < 0 && y[3] > -1e-42f);
    for (size_t i = 4; i < sizeof values / sizeof *values; i += 2) {
        assert_true(y[i] == values[i]);
        assert_true(y[i + 1] <= 0 && y[i + 1] > -1e-16f);
    }
    apply(kernel, (const float[]){NAN, INFINITY}, y, 2);
    assert_true(isnan(y[0]));
    assert_true(y[1] == INFINITY);
}

static void test_gelu__special_values(void **state)
{
    const struct kernels kernels = level_kernels(state);

    check_special_values(kernels.gelu[KERNEL_FLOAT32][KERNEL_FLOAT32]);
    check_special_values(kernels.gelu_tanh[KERNEL_FLOAT32][KERNEL_FLOAT32]);
    check_special_values(kernels.silu[KERNEL_FLOAT32][KERNEL_FLOAT32]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_LEVELS(test_gelu__agrees_with_erf_over_all_floats),
        TEST_LEVELS(test_gelu__tanh_agrees_over_all_floats),
        TEST_LEVELS(test_gelu__silu_agrees_over_all_floats),
        TEST_LEVELS(test_gelu__special_values),
        TEST_LEVELS(test_gelu__rough_is_close_enough),
        TEST_LEVELS(test_gelu__rough_special_values),
    };

    return cmocka_run_group_tests_name("gelu", tests, NULL, NULL);
}
