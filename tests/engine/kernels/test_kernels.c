/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine/kernels/kernel_test.h"

static void test_kernels__no_flags_choose_the_references(void **state)
{
    struct kernels kernels;

    (void)state;
    kernels_choose(&kernels, 0);
    assert_string_equal(kernels.name, "gelu c, gelu_tanh c, layer_norm c, attention c");
}

static void test_kernels__level_chooses_its_versions(void **state)
{
    const struct level *level = *state;
    const struct kernels kernels = level_kernels(state);
    char expected[sizeof kernels.name];

    snprintf(expected, sizeof expected, "gelu %s, gelu_tanh %s, layer_norm %s, attention %s",
             level->name, level->name, level->name, level->name);
    assert_string_equal(kernels.name, expected);
    assert_non_null(kernels.bias);
    assert_non_null(kernels.bias_gelu);
    assert_non_null(kernels.bias_gelu_tanh);
    assert_non_null(kernels.bias_relu);
    assert_non_null(kernels.layer_norm);
    assert_non_null(kernels.attention);
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
        cmocka_unit_test(test_kernels__flags_that_no_version_needs_change_nothing),
    };

    return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
