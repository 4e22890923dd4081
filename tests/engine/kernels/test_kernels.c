/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine/kernels/kernel_test.h"

static void test_kernels__no_flags_choose_the_references(void **state)
{
    struct kernels kernels;

    (void)state;
    kernels_choose(&kernels, 0);
    assert_string_equal(kernels.name, "store c, gelu c, layer_norm c, quantise c, "
                                      "multiply_int8 c, convert c, attention c, "
                                      "attention_bfloat16 none");
}

static void test_kernels__level_chooses_its_versions(void **state)
{
    const struct level *level = *state;
    const struct kernels kernels = level_kernels(state);
    const char *most = level->cpu_flags & CPU_AVX512 ? "avx512" : level->name;
    char expected[sizeof kernels.name];

    snprintf(expected, sizeof expected,
             "store %s, gelu %s, layer_norm %s, quantise %s, multiply_int8 %s, convert %s, "
             "attention %s, attention_bfloat16 %s",
             level->name, level->name, most, most, level->cpu_flags & CPU_AVX2 ? "avx2" : "c", most,
             most, level->cpu_flags & CPU_AVX512_BF16 ? "avx512_bf16" : "none");
    assert_string_equal(kernels.name, expected);
}

static void check_stores(kernel_store *const (*stores)[N_KERNEL_TYPES])
{
    for (int input = 0; input < N_KERNEL_TYPES; input++)
        for (int output = 0; output < N_KERNEL_TYPES; output++)
            assert_int_equal(stores[input][output] != NULL,
                             input != KERNEL_BFLOAT16 && output != KERNEL_INT32);
}

static void test_kernels__all_combinations_are_there(void **state)
{
    const struct kernels kernels = level_kernels(state);

    check_stores(kernels.store);
    check_stores(kernels.gelu);
    check_stores(kernels.gelu_tanh);
    check_stores(kernels.relu);
    assert_non_null(kernels.add[KERNEL_FLOAT32]);
    assert_non_null(kernels.add[KERNEL_INT32]);
    assert_null(kernels.add[KERNEL_BFLOAT16]);
    assert_non_null(kernels.layer_norm);
    assert_non_null(kernels.quantise);
    assert_non_null(kernels.multiply_int8);
    assert_non_null(kernels.round);
    assert_non_null(kernels.widen_float16);
    assert_non_null(kernels.widen_bfloat16);
    assert_non_null(kernels.attention[KERNEL_FLOAT32]);
}

static void test_kernels__bfloat16_attention_needs_the_cpu(void **state)
{
    struct kernels kernels;

    (void)state;
    kernels_choose(&kernels, CPU_AVX2 | CPU_AVX512);
    assert_null(kernels.attention[KERNEL_BFLOAT16]);
    kernels_choose(&kernels, CPU_AVX2 | CPU_AVX512 | CPU_AVX512_BF16);
#if defined(__x86_64__)
    assert_non_null(kernels.attention[KERNEL_BFLOAT16]);
    assert_non_null(strstr(kernels.name, "attention_bfloat16 avx512_bf16"));
#endif
}

static void test_kernels__flags_that_no_version_needs_change_nothing(void **state)
{
    struct kernels with, without;

    (void)state;
    kernels_choose(&without, CPU_AVX2 | CPU_AVX512);
    kernels_choose(&with, CPU_AVX2 | CPU_AVX512 | 1u << 31);
    assert_string_equal(with.name, without.name);
    kernels_choose(&with, 1u << 31);
    kernels_choose(&without, 0);
    assert_string_equal(with.name, without.name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels__no_flags_choose_the_references),
        TEST_LEVELS(test_kernels__level_chooses_its_versions),
        TEST_LEVELS(test_kernels__all_combinations_are_there),
        cmocka_unit_test(test_kernels__bfloat16_attention_needs_the_cpu),
        cmocka_unit_test(test_kernels__flags_that_no_version_needs_change_nothing),
    };

    return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
