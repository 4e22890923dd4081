/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine/kernels/kernel_test.h"

#include "engine/kernels/c/kernels_c.h"
#if defined(__x86_64__)
#include "engine/kernels/x86/kernels_x86.h"
#elif defined(__aarch64__)
#include "engine/kernels/arm/kernels_arm.h"
#endif

static void test_kernels__no_flags_choose_the_references(void **state)
{
    struct kernels kernels;

    (void)state;
    kernels_choose(&kernels, 0);
    assert_string_equal(kernels.name, "c");
    assert_ptr_equal(kernels.layer_norm, layer_norm_c);
    assert_ptr_equal(kernels.quantise, quantise_c);
    assert_ptr_equal(kernels.attention[KERNEL_FLOAT32], attention_c);
    assert_ptr_equal(kernels.multiply_int8, multiply_int8_c);
    assert_ptr_equal(kernels.round, convert_c.round);
    assert_memory_equal(kernels.gelu, &gelu_c.exact, sizeof kernels.gelu);
    assert_memory_equal(kernels.store, &store_c.store, sizeof kernels.store);
}

#if defined(__x86_64__)
/* What a set lacks comes from the one below. */
static void test_kernels__sets_lie_over_each_other(void **state)
{
    struct kernels kernels;

    (void)state;
    kernels_choose(&kernels, CPU_AVX2 | CPU_AVX_VNNI);
    assert_string_equal(kernels.name, "avx2, avx_vnni");
    assert_ptr_equal(kernels.multiply_int8, multiply_int8_avx_vnni);
    assert_ptr_equal(kernels.layer_norm, layer_norm_avx2);

    kernels_choose(&kernels, CPU_AVX2 | CPU_AVX512 | CPU_AVX512_BF16);
    assert_string_equal(kernels.name, "avx2, avx512, avx512_bf16");
    assert_memory_equal(kernels.store, &store_avx512_bf16.store, sizeof kernels.store);
    assert_ptr_equal(kernels.layer_norm, layer_norm_avx512);
    assert_ptr_equal(kernels.attention[KERNEL_FLOAT32], attention_avx512);
    assert_ptr_equal(kernels.attention[KERNEL_BFLOAT16], attention_avx512_bf16);

    kernels_choose(&kernels, CPU_AVX2 | CPU_AVX512 | CPU_AVX512_BF16 | CPU_AMX_BF16);
    assert_string_equal(kernels.name, "avx2, avx512, avx512_bf16, amx_bf16");
    assert_ptr_equal(kernels.attention[KERNEL_FLOAT32], attention_avx512);
    assert_ptr_equal(kernels.attention[KERNEL_BFLOAT16], attention_amx_bf16);

    kernels_choose(&kernels, CPU_AVX2 | CPU_AVX512);
    assert_memory_equal(kernels.store, &store_avx512.store, sizeof kernels.store);
    assert_null(kernels.attention[KERNEL_BFLOAT16]);
}

static void test_kernels__int8_is_exact_and_faster_than_float32(void **state)
{
    static const struct {
        unsigned cpu_flags;
        bool multiplies_int8;
    } cases[] = {
        {0, false},
        {CPU_AVX2, true},
        {CPU_AVX2 | CPU_AVX_VNNI, true},
        {CPU_AVX2 | CPU_AVX512, false},
        {CPU_AVX2 | CPU_AVX512 | CPU_AVX512_BF16, false},
        {CPU_AVX2 | CPU_AVX512 | CPU_AVX512_VNNI, true},
    };
    struct kernels kernels;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kernels_choose(&kernels, cases[i].cpu_flags);
        assert_int_equal(kernels.multiplies_int8, cases[i].multiplies_int8);
    }
}

#elif defined(__aarch64__)
static void test_kernels__sets_lie_over_each_other(void **state)
{
    struct kernels kernels;

    (void)state;
    kernels_choose(&kernels, CPU_NEON);
    assert_string_equal(kernels.name, "neon");
    assert_memory_equal(kernels.store, &store_neon.store, sizeof kernels.store);
    assert_memory_equal(kernels.gelu, &gelu_neon.exact, sizeof kernels.gelu);
    assert_ptr_equal(kernels.layer_norm, layer_norm_neon);
    assert_ptr_equal(kernels.attention[KERNEL_FLOAT32], attention_neon);
    assert_ptr_equal(kernels.multiply_int8, multiply_int8_c);

    kernels_choose(&kernels, CPU_NEON | CPU_DOTPROD);
    assert_string_equal(kernels.name, "neon, dotprod");
    assert_ptr_equal(kernels.multiply_int8, multiply_int8_dotprod);
    assert_ptr_equal(kernels.layer_norm, layer_norm_neon);
}

static void test_kernels__int8_is_exact_and_faster_than_float32(void **state)
{
    struct kernels kernels;

    (void)state;
    kernels_choose(&kernels, CPU_NEON);
    assert_false(kernels.multiplies_int8);
    kernels_choose(&kernels, CPU_NEON | CPU_DOTPROD);
    assert_true(kernels.multiplies_int8);
}
#endif

#if defined(__x86_64__) || defined(__aarch64__)
static void test_kernels__name_of_a_set_stands_for_all_below_it(void **state)
{
#if defined(__x86_64__)
    static const struct {
        const char *name;
        unsigned mask;
    } cases[] = {
        {"all", CPU_MASK_ALL},
        {"none", 0},
        {"avx2", CPU_AVX2},
        {"avx_vnni", CPU_AVX2 | CPU_AVX_VNNI},
        {"avx512_bf16", CPU_AVX2 | CPU_AVX512 | CPU_AVX512_BF16},
        {"amx_bf16", CPU_AVX2 | CPU_AVX512 | CPU_AVX512_BF16 | CPU_AMX_BF16},
    };
    static const char *const foreign[] = {"neon", "dotprod", "c", ""};
#else
    static const struct {
        const char *name;
        unsigned mask;
    } cases[] = {
        {"all", CPU_MASK_ALL},
        {"none", 0},
        {"neon", CPU_NEON},
        {"dotprod", CPU_NEON | CPU_DOTPROD},
    };
    static const char *const foreign[] = {"avx2", "avx_vnni", "c", ""};
#endif
    unsigned mask = 1u << 31;

    (void)state;
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        assert_false(kernels_find_mask(foreign[i], &mask));
        assert_int_equal(mask, 1u << 31);
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(kernels_find_mask(cases[i].name, &mask));
        assert_int_equal(mask, cases[i].mask);
    }
}
#endif

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
    check_stores(kernels.silu);
    assert_non_null(kernels.add[KERNEL_FLOAT32]);
    assert_non_null(kernels.add[KERNEL_INT32]);
    assert_null(kernels.add[KERNEL_BFLOAT16]);
    assert_non_null(kernels.layer_norm);
    assert_non_null(kernels.rms_norm);
    assert_non_null(kernels.rotate);
    assert_non_null(kernels.scale_by);
    assert_non_null(kernels.quantise);
    assert_non_null(kernels.multiply_int8);
    assert_non_null(kernels.round);
    assert_non_null(kernels.widen_float16);
    assert_non_null(kernels.widen_bfloat16);
    assert_non_null(kernels.attention[KERNEL_FLOAT32]);
}

static void test_kernels__all_names_fit(void **state)
{
    struct kernels kernels;

    (void)state;
    kernels_choose(&kernels, CPU_MASK_ALL);
    for (size_t i = 0; i < KERNEL_SETS_MAX && kernel_sets[i]; i++)
        if (kernel_sets[i]->name)
            assert_non_null(strstr(kernels.name, kernel_sets[i]->name));
}

static void test_kernels__flags_that_no_version_needs_change_nothing(void **state)
{
    struct kernels with, without;

    (void)state;
    kernels_choose(&without, CPU_AVX2 | CPU_AVX512 | CPU_NEON);
    kernels_choose(&with, CPU_AVX2 | CPU_AVX512 | CPU_NEON | 1u << 31);
    assert_string_equal(with.name, without.name);
    kernels_choose(&with, 1u << 31);
    kernels_choose(&without, 0);
    assert_string_equal(with.name, without.name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels__no_flags_choose_the_references),
#if defined(__x86_64__) || defined(__aarch64__)
        cmocka_unit_test(test_kernels__sets_lie_over_each_other),
        cmocka_unit_test(test_kernels__int8_is_exact_and_faster_than_float32),
        cmocka_unit_test(test_kernels__name_of_a_set_stands_for_all_below_it),
#endif
        TEST_LEVELS(test_kernels__all_combinations_are_there),
        cmocka_unit_test(test_kernels__all_names_fit),
        cmocka_unit_test(test_kernels__flags_that_no_version_needs_change_nothing),
    };

    return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
