/* SPDX-License-Identifier: Apache-2.0 */

/* Every code point against the official normaliser and pre-tokenizer, by checksums. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/tokenizer/normalize/normalize.h"
#include "engine/tokenizer/unicode.h"

#include <string.h>

enum { N_PLANES = 17, N_CASES = 5, MAX_NORMALISED = 64 };

static const uint32_t golden[N_PLANES][N_CASES + 1] = {
#include "tests/data/tokenizer/code_points.inc"
};

static const struct bert_normalizer cases[N_CASES] = {
    {.clean_text = true},
    {.split_han = true},
    {.strip_accents = true},
    {.lowercase = true},
    {.clean_text = true, .split_han = true, .strip_accents = true, .lowercase = true},
};

struct normalised {
    char bytes[MAX_NORMALISED];
    size_t n_bytes;
    size_t n_chars;
    struct normal_char chars[MAX_NORMALISED];
};

static bool collect(struct stage *stage, const struct normal_char *normal)
{
    struct normalised *normalised = stage->user;

    if (normalised->n_chars == MAX_NORMALISED / MAX_UTF8_BYTES)
        fail_msg("more characters than expected");
    normalised->n_bytes += utf8_encode(normal->c, normalised->bytes + normalised->n_bytes);
    normalised->chars[normalised->n_chars++] = *normal;
    return true;
}

static bool collect_end(struct stage *stage)
{
    (void)stage;
    return true;
}

static void normalise(struct normalised *ret_normalised, const struct chain *normalizer,
                      const char *text, size_t len_bytes)
{
    static const struct stage_type type = {collect, collect_end, .ascii_is_separate = true};
    enum status status = STATUS_OK;
    struct stage last = {.type = &type, .status = &status, .user = ret_normalised};

    ret_normalised->n_bytes = 0;
    ret_normalised->n_chars = 0;
    if (!chain_run(normalizer, text, len_bytes, &last) || status)
        fail_msg("stopped, though it was not asked to");
}

/* BERT's normalizer with these flags. */
static void make_bert(struct chain *ret_chain, const struct bert_normalizer *flags)
{
    struct error error = {{0}};

    *ret_chain = (struct chain){.n_parts = 0};
    assert_int_equal(normalize_add_bert(ret_chain, *flags, &error), 0);
}

static uint32_t crc_table[256];

static void make_crc_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        crc_table[i] = i;
        for (int bit = 0; bit < 8; bit++)
            crc_table[i] = crc_table[i] >> 1 ^ (crc_table[i] & 1 ? 0xedb88320u : 0);
    }
}

static uint32_t crc(uint32_t sum, const char *bytes, size_t n_bytes)
{
    sum = ~sum;
    for (size_t i = 0; i < n_bytes; i++)
        sum = sum >> 8 ^ crc_table[(sum ^ (unsigned char)bytes[i]) & 0xff];
    return ~sum;
}

/* "Ae", U+0316, c, U+0323, U+0302, "k" and a new line, as make_tokenizer_data.py has it. */
static size_t write_text(uint32_t c, char *text)
{
    static const char after[] = "\xcc\xa3\xcc\x82k\n";
    size_t n_bytes = 4;

    memcpy(text, "Ae\xcc\x96", n_bytes);
    n_bytes += utf8_encode(c, text + n_bytes);
    memcpy(text + n_bytes, after, sizeof after - 1);
    return n_bytes + sizeof after - 1;
}

static void test_normalize__every_code_point(void **state)
{
    struct chain chains[N_CASES];

    (void)state;
    make_crc_table();
    for (size_t i = 0; i < N_CASES; i++)
        make_bert(&chains[i], &cases[i]);
    for (uint32_t plane = 0; plane < N_PLANES; plane++) {
        uint32_t sums[N_CASES] = {0};

        for (uint32_t c = plane << 16; c < (plane + 1) << 16; c++) {
            struct normalised normalised;
            char text[32];
            size_t n_bytes;

            if (c >= 0xd800 && c < 0xe000)
                continue;
            n_bytes = write_text(c, text);
            for (size_t i = 0; i < N_CASES; i++) {
                normalise(&normalised, &chains[i], text, n_bytes);
                sums[i] = crc(sums[i], normalised.bytes, normalised.n_bytes);
            }
        }
        for (size_t i = 0; i < N_CASES; i++)
            assert_int_equal(sums[i], golden[plane][i]);
    }
}

static void test_normalize__every_code_point_splits_words_alike(void **state)
{
    (void)state;
    make_crc_table();
    for (uint32_t plane = 0; plane < N_PLANES; plane++) {
        uint32_t sum = 0;

        for (uint32_t c = plane << 16; c < (plane + 1) << 16; c++) {
            unsigned flags = unicode_kind(c).flags;
            char kind = 0;

            if (c >= 0xd800 && c < 0xe000)
                continue;
            if (flags & CODE_POINT_SPACE)
                kind = 1;
            else if (flags & CODE_POINT_PUNCTUATION)
                kind = 2;
            sum = crc(sum, &kind, 1);
        }
        assert_int_equal(sum, golden[plane][N_CASES]);
    }
}

static void test_normalize__places_of_sorted_marks_go_by_count(void **state)
{
    const struct bert_normalizer flags = {.strip_accents = true};
    struct normalised normalised;
    struct chain strip;

    (void)state;
    make_bert(&strip, &flags);
    /* U+302E (class 224, not stripped) after U+0301 (230, stripped): it comes first, and so stands
     * for the bytes of the first mark. */
    normalise(&normalised, &strip, "a\xcc\x81\xe3\x80\xae", 6);
    assert_int_equal(normalised.n_chars, 2);
    assert_int_equal(normalised.chars[1].c, 0x302e);
    assert_int_equal(normalised.chars[1].start, 1);
    assert_int_equal(normalised.chars[1].stop, 3);
}

static void test_utf8__valid_is_strict(void **state)
{
    static const char *const bad[] = {
        "\x80",
        "\xc3",
        "\xc0\xaf",
        "\xe2\x82",
        "\xe0\x80\xaf",
        "\xed\xa0\x80",
        "\xff",
        "\xf0\x80\x80\xaf",
        "\xf4\x90\x80\x80",
        "\xf8\x88\x80\x80\x80",
        "\xc3(",
        "\xe2\x28\xa1",
        "a\xf0\x9f\x98",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(utf8_is_valid(bad[i], strlen(bad[i])));
    assert_true(utf8_is_valid("", 0));
    assert_true(utf8_is_valid("a\0\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf", 15));
    for (uint32_t c = 0; c < 0x110000; c++) {
        bool is_surrogate = c >= 0xd800 && c < 0xe000;
        char bytes[MAX_UTF8_BYTES];
        size_t n_bytes = utf8_encode(c, bytes);
        uint32_t again;

        assert_int_equal(utf8_is_valid(bytes, n_bytes), !is_surrogate);
        assert_int_equal(utf8_decode(bytes, n_bytes, &again), n_bytes);
        assert_int_equal(again, c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normalize__every_code_point),
        cmocka_unit_test(test_normalize__every_code_point_splits_words_alike),
        cmocka_unit_test(test_normalize__places_of_sorted_marks_go_by_count),
        cmocka_unit_test(test_utf8__valid_is_strict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
