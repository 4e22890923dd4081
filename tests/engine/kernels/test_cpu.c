/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/kernels/cpu.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#if defined(__x86_64__)
/* The flags of the first processor in /proc/cpuinfo, each with a space on both sides. */
static bool read_kernel_flags(char *flags, size_t len)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    bool found = false;

    while (file && !found && fgets(flags, (int)len, file))
        found = !strncmp(flags, "flags", 5);
    if (file)
        fclose(file);
    if (found)
        flags[strcspn(flags, "\n")] = ' ';
    return found;
}

static bool has_all(const char *flags, const char *const *names)
{
    for (; *names; names++) {
        char word[32];

        snprintf(word, sizeof word, " %s ", *names);
        if (!strstr(flags, word))
            return false;
    }
    return true;
}

static void test_cpu__agrees_with_the_operating_system(void **state)
{
    static const char *const avx2[] = {"avx2", "fma", "f16c", NULL};
    static const char *const avx512[] = {"avx2",     "fma",      "f16c",     "avx512f",
                                         "avx512bw", "avx512dq", "avx512vl", NULL};
    static const char *const bf16[] = {"avx512_bf16", NULL};
    static const char *const vnni[] = {"avx512_vnni", NULL};
    static const char *const avx_vnni[] = {"avx_vnni", NULL};
    static const char *const amx_bf16[] = {"avx512_bf16", "amx_tile", "amx_bf16", NULL};
    static char flags[8192];
    unsigned expected = 0;

    (void)state;
    if (!read_kernel_flags(flags, sizeof flags)) {
        print_message("/proc/cpuinfo has no line of flags\n");
        skip();
    }
    if (has_all(flags, avx2)) {
        expected |= CPU_AVX2;
        if (has_all(flags, avx_vnni))
            expected |= CPU_AVX_VNNI;
    }
    if (has_all(flags, avx512)) {
        expected |= CPU_AVX512;
        if (has_all(flags, bf16))
            expected |= CPU_AVX512_BF16;
        if (has_all(flags, vnni))
            expected |= CPU_AVX512_VNNI;
        if (has_all(flags, amx_bf16))
            expected |= CPU_AMX_BF16;
    }
    assert_int_equal(cpu_flags(CPU_MASK_ALL), expected);
}

#elif defined(__aarch64__)
/* Linux lets programs read these registers, with what it does not support taken out. (/proc/cpuinfo
 * is the host's where an emulator runs this.) */
#define READ_REGISTER(name, value) __asm__("mrs %0, " name : "=r"(value))

static void test_cpu__agrees_with_the_operating_system(void **state)
{
    uint64_t pfr0, isar0;
    unsigned expected = 0;

    (void)state;
    READ_REGISTER("id_aa64pfr0_el1", pfr0);
    READ_REGISTER("id_aa64isar0_el1", isar0);
    if ((pfr0 >> 20 & 0xf) != 0xf)
        expected |= CPU_NEON;
    if ((isar0 >> 44 & 0xf) != 0)
        expected |= CPU_DOTPROD;
    assert_int_equal(cpu_flags(CPU_MASK_ALL), expected);
}
#else
static void test_cpu__agrees_with_the_operating_system(void **state)
{
    (void)state;
    assert_int_equal(cpu_flags(CPU_MASK_ALL), 0);
}
#endif

static void test_cpu__mask_takes_away(void **state)
{
    const unsigned all = cpu_flags(CPU_MASK_ALL);

    (void)state;
    assert_int_equal(cpu_flags(0), 0);
    assert_int_equal(cpu_flags(CPU_AVX2), all & CPU_AVX2);
    assert_int_equal(cpu_flags(CPU_NEON), all & CPU_NEON);
    assert_int_equal(cpu_flags(~(unsigned)CPU_AVX512_BF16), all & ~(unsigned)CPU_AVX512_BF16);
}

static void test_cpu__level_falls_with_the_one_below(void **state)
{
    (void)state;
    assert_int_equal(cpu_flags(~(unsigned)(CPU_AVX2 | CPU_NEON)), 0);
    assert_int_equal(cpu_flags(CPU_DOTPROD), 0);
    assert_int_equal(cpu_flags(CPU_AVX512), 0);
    assert_int_equal(cpu_flags(CPU_AVX_VNNI), 0);
    assert_int_equal(cpu_flags(~(unsigned)CPU_AVX512_BF16) & CPU_AMX_BF16, 0);
    assert_int_equal(cpu_flags(CPU_AVX2 | CPU_AVX512_BF16 | CPU_AVX512_VNNI), cpu_flags(CPU_AVX2));
}

static void test_cpu__closure_has_all_that_a_level_stands_on(void **state)
{
    (void)state;
    assert_int_equal(cpu_flags_closure(0), 0);
    assert_int_equal(cpu_flags_closure(CPU_AVX2), CPU_AVX2);
    assert_int_equal(cpu_flags_closure(CPU_AVX_VNNI), CPU_AVX2 | CPU_AVX_VNNI);
    assert_int_equal(cpu_flags_closure(CPU_AVX512_BF16), CPU_AVX2 | CPU_AVX512 | CPU_AVX512_BF16);
    assert_int_equal(cpu_flags_closure(CPU_AMX_BF16),
                     CPU_AVX2 | CPU_AVX512 | CPU_AVX512_BF16 | CPU_AMX_BF16);
    assert_int_equal(cpu_flags_closure(CPU_DOTPROD), CPU_NEON | CPU_DOTPROD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpu__agrees_with_the_operating_system),
        cmocka_unit_test(test_cpu__mask_takes_away),
        cmocka_unit_test(test_cpu__level_falls_with_the_one_below),
        cmocka_unit_test(test_cpu__closure_has_all_that_a_level_stands_on),
    };

    return cmocka_run_group_tests_name("cpu", tests, NULL, NULL);
}
