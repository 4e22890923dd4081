/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/api/embed/json_scan.h"
#include "server/api/embed/json_text.h"
#include "server/text/buffer.h"

#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SEEN = 16 };

/* What on_member was told. */
struct seen {
    struct json_member members[MAX_SEEN];
    size_t n;
    size_t max; /* after which it stops the scan */
};

static bool see(void *user, const struct json_member *member)
{
    struct seen *seen = user;

    if (seen->n == seen->max)
        return false;
    seen->members[seen->n++] = *member;
    return true;
}

static bool ignore(void *user, const struct json_member *member)
{
    (void)user;
    (void)member;
    return true;
}

static struct slice slice_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static enum json_scan_outcome scan(struct slice text, struct seen *seen, struct json_scan *ret_scan)
{
    *seen = (struct seen){.max = MAX_SEEN};
    return json_scan(text, see, seen, ret_scan);
}

static void test_json_scan__finds_members(void **state)
{
    static const char text[] = " { \"a\" : [1, {\"b\":2}] ,\"\\u0062\":\"x\\\"}\", \"\":null\t} ";
    struct seen seen;
    struct json_scan whole;

    (void)state;
    assert_int_equal(scan(slice_of(text), &seen, &whole), JSON_SCAN_VALID);
    assert_int_equal(seen.n, 3);
    assert_true(slice_is(seen.members[0].key, "a"));
    assert_true(slice_is(seen.members[0].value, "[1, {\"b\":2}]"));
    assert_int_equal(seen.members[0].n_values, 4);
    assert_true(slice_is(seen.members[1].key, "\\u0062"));
    assert_true(slice_is(seen.members[1].value, "\"x\\\"}\""));
    assert_true(slice_is(seen.members[2].key, ""));
    assert_true(slice_is(seen.members[2].value, "null"));
    assert_int_equal(whole.value.len_bytes, sizeof(text) - 1 - 2);
}

static void test_json_scan__lists_have_no_members(void **state)
{
    struct seen seen;
    struct json_scan whole;

    (void)state;
    assert_int_equal(scan(slice_of("[{\"a\":1},{\"b\":2}]"), &seen, &whole), JSON_SCAN_VALID);
    assert_int_equal(seen.n, 0);
    assert_int_equal(scan(slice_of("{\"a\":{\"b\":1}}"), &seen, &whole), JSON_SCAN_VALID);
    assert_int_equal(seen.n, 1);
}

static void test_json_scan__stops_when_told(void **state)
{
    struct seen seen = {.max = 1};
    struct json_scan whole;

    (void)state;
    assert_int_equal(json_scan(slice_of("{\"a\":1,\"b\":2,\"c\":3}"), see, &seen, &whole),
                     JSON_SCAN_STOPPED);
    assert_int_equal(seen.n, 1);
}

static void test_json_scan__skips_a_byte_order_mark_at_the_start_alone(void **state)
{
    struct seen seen;
    struct json_scan whole;

    (void)state;
    assert_int_equal(scan(slice_of("\xef\xbb\xbf{\"a\":1}"), &seen, &whole), JSON_SCAN_VALID);
    assert_int_equal(seen.n, 1);
    assert_int_equal(scan(slice_of("\xef\xbb\xbf\xef\xbb\xbf{}"), &seen, &whole),
                     JSON_SCAN_MALFORMED);
    assert_int_equal(scan(slice_of("{}\xef\xbb\xbf"), &seen, &whole), JSON_SCAN_MALFORMED);
    assert_int_equal(scan(slice_of("\xef\xbb{}"), &seen, &whole), JSON_SCAN_NOT_UTF8);
}

/* Where it went wrong, and in which words. */
static void test_json_scan__says_what_is_wrong(void **state)
{
    static const struct {
        const char *text;
        enum json_scan_outcome outcome;
        size_t line;
        size_t column;
        const char *problem;
    } cases[] = {
        {"", JSON_SCAN_MALFORMED, 1, 1, "ends too early"},
        {" \n ", JSON_SCAN_MALFORMED, 2, 2, "ends too early"},
        {"{", JSON_SCAN_MALFORMED, 1, 2, "ends too early"},
        {"{\"a\":1,}", JSON_SCAN_MALFORMED, 1, 8, "key in double quotes"},
        {"{'a':1}", JSON_SCAN_MALFORMED, 1, 2, "key in double quotes"},
        {"{\"a\" 1}", JSON_SCAN_MALFORMED, 1, 6, "colon"},
        {"{\"a\":1 \"b\":2}", JSON_SCAN_MALFORMED, 1, 8, "comma or the object's end"},
        {"[1\n,2\n3]", JSON_SCAN_MALFORMED, 3, 1, "comma or the list's end"},
        {"[1,]", JSON_SCAN_MALFORMED, 1, 4, "value is expected"},
        {"[\"\xc3\xa9\xe2\x82\xac\",nope]", JSON_SCAN_MALFORMED, 1, 7, "value is expected"},
        {"[1}", JSON_SCAN_MALFORMED, 1, 3, "list's end"},
        {"[01]", JSON_SCAN_MALFORMED, 1, 3, "comma"},
        {"[-]", JSON_SCAN_MALFORMED, 1, 3, "digit"},
        {"[1.]", JSON_SCAN_MALFORMED, 1, 4, "digit"},
        {"[1e+]", JSON_SCAN_MALFORMED, 1, 5, "digit"},
        {"[\"a\tb\"]", JSON_SCAN_MALFORMED, 1, 4, "control character"},
        {"[\"\\x\"]", JSON_SCAN_MALFORMED, 1, 3, "escape"},
        {"[\"\\u12g4\"]", JSON_SCAN_MALFORMED, 1, 3, "hexadecimal"},
        {"[\"\\ud800\"]", JSON_SCAN_MALFORMED, 1, 3, "surrogate"},
        {"[\"\\ud800\\n23456\"]", JSON_SCAN_MALFORMED, 1, 3, "surrogate"},
        {"[\"\\ud800\\ud800\"]", JSON_SCAN_MALFORMED, 1, 3, "surrogate"},
        {"[\"\\udc00\"]", JSON_SCAN_MALFORMED, 1, 3, "surrogate"},
        {"{} {}", JSON_SCAN_MALFORMED, 1, 4, "after the end"},
        {"[\"\xff\"]", JSON_SCAN_NOT_UTF8, 1, 3, NULL},
        {"[\xc3\x28]", JSON_SCAN_NOT_UTF8, 1, 2, NULL},
        {"[\"\xed\xa0\x80\"]", JSON_SCAN_NOT_UTF8, 1, 3, NULL},
        {"[\"\xf4\x90\x80\x80\"]", JSON_SCAN_NOT_UTF8, 1, 3, NULL},
        {"[\"\xe2\x82\"]", JSON_SCAN_NOT_UTF8, 1, 3, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice text = slice_of(cases[i].text);
        struct seen seen;
        struct json_scan whole;
        enum json_scan_outcome outcome = scan(text, &seen, &whole);
        struct json_place place = json_find_place(text, whole.position);

        if (outcome != cases[i].outcome || place.line != cases[i].line ||
            place.column != cases[i].column ||
            (cases[i].problem && !strstr(whole.problem, cases[i].problem)))
            fail_msg("%s: outcome %d at %zu:%zu, %s", cases[i].text, outcome, place.line,
                     place.column, whole.problem ? whole.problem : "no words");
    }
}

static void append_repeated(struct buffer *buffer, size_t n, const char *repeated)
{
    for (size_t i = 0; i < n; i++)
        buffer_append_string(buffer, repeated);
}

static enum json_scan_outcome scan_nested(size_t depth, const char *open, const char *inner,
                                          const char *close)
{
    struct buffer buffer = {0};
    struct seen seen;
    struct json_scan whole;
    enum json_scan_outcome outcome;

    append_repeated(&buffer, depth, open);
    buffer_append_string(&buffer, inner);
    append_repeated(&buffer, depth, close);
    assert_false(buffer_failed(&buffer));
    outcome = scan((struct slice){buffer.bytes, buffer.len_bytes}, &seen, &whole);
    buffer_release(&buffer);
    return outcome;
}

static void test_json_scan__bounds_the_depth(void **state)
{
    (void)state;
    assert_int_equal(scan_nested(JSON_SCAN_MAX_DEPTH, "[", "1", "]"), JSON_SCAN_VALID);
    assert_int_equal(scan_nested(JSON_SCAN_MAX_DEPTH, "{\"a\":", "1", "}"), JSON_SCAN_VALID);
    assert_int_equal(scan_nested(JSON_SCAN_MAX_DEPTH + 1, "[", "", "]"), JSON_SCAN_TOO_DEEP);
    assert_int_equal(scan_nested(1000000, "[{\"a\":", "1", "}]"), JSON_SCAN_TOO_DEEP);
    /* Each level ends as what it began as. */
    assert_int_equal(scan_nested(100, "[{\"a\":", "1", "]}"), JSON_SCAN_MALFORMED);
}

/* ---- against jansson ---- */

static uint32_t random_state;

static uint32_t pick(uint32_t n)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % n;
}

static void append_random_text(struct buffer *buffer)
{
    static const char *const parts[] = {
        "a",    "bcdefghijklmnop",  "\\n", "\\u00e9",        "\xc3\xa9",
        "\\\"", "\xf0\x9f\x98\x80", " ",   "\\ud83d\\ude00", "/"};

    buffer_append_string(buffer, "\"");
    for (uint32_t n = pick(12); n > 0; n--)
        buffer_append_string(buffer, parts[pick(sizeof(parts) / sizeof(parts[0]))]);
    buffer_append_string(buffer, "\"");
}

static void append_random_value(struct buffer *buffer, int levels)
{
    static const char *const scalars[] = {"0",    "-1.5e3",    "true", "false",
                                          "null", "123456789", "1E-2"};
    uint32_t kind = pick(levels > 0 ? 5 : 3);

    if (kind < 2) {
        append_random_text(buffer);
    } else if (kind == 2) {
        buffer_append_string(buffer, scalars[pick(sizeof(scalars) / sizeof(scalars[0]))]);
    } else {
        uint32_t n = pick(40);

        buffer_append_string(buffer, kind == 3 ? "[" : "{");
        for (uint32_t i = 0; i < n; i++) {
            if (kind == 4)
                buffer_appendf(buffer, "\"%u\\u0041\" : ", i);
            append_random_value(buffer, levels - 1);
            buffer_append_string(buffer, i + 1 < n ? ", " : "");
        }
        buffer_append_string(buffer, kind == 3 ? "]" : "}");
    }
}

/* What jansson says of a text: it knows no byte order mark, and refuses a few things that are
 * JSON. */
static bool jansson_takes(struct slice text, bool *ret_is_syntax)
{
    json_error_t error = {0};
    json_t *tree = json_loadb(text.bytes, text.len_bytes, JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);

    *ret_is_syntax = json_error_code(&error) != json_error_numeric_overflow &&
                     json_error_code(&error) != json_error_null_byte_in_key;
    json_decref(tree);
    return tree != NULL;
}

/* Valid texts with a few bytes changed: both must agree on each. */
static void test_json_scan__agrees_with_jansson(void **state)
{
    static const char odd[] = "{}[],:\"\\01-e.\n\x01\x80\xc3\xff n";
    size_t n_valid = 0;

    (void)state;
    random_state = 1;
    for (int round = 0; round < 20000; round++) {
        struct buffer buffer = {0};
        struct slice slice;
        struct json_scan whole;
        bool valid, taken, is_syntax;

        append_random_value(&buffer, 2);
        for (uint32_t n = pick(3); n > 0; n--)
            buffer.bytes[pick((uint32_t)buffer.len_bytes)] = odd[pick(sizeof(odd) - 1)];
        slice = (struct slice){buffer.bytes, buffer.len_bytes};
        valid = json_scan(slice, ignore, NULL, &whole) == JSON_SCAN_VALID;
        taken = jansson_takes(slice, &is_syntax);
        if (is_syntax && valid != taken)
            fail_msg("%.*s: we say %d, jansson says %d", (int)slice.len_bytes, slice.bytes, valid,
                     taken);
        n_valid += valid;
        buffer_release(&buffer);
    }
    assert_true(n_valid > 2000 && n_valid < 18000);
}

/* ---- what trees take ---- */

static size_t taken_bytes, peak_bytes;

static void *counting_malloc(size_t len_bytes)
{
    void *block = malloc(len_bytes);

    taken_bytes += block ? malloc_usable_size(block) + sizeof(size_t) : 0;
    if (taken_bytes > peak_bytes)
        peak_bytes = taken_bytes;
    return block;
}

static void counting_free(void *block)
{
    if (block)
        taken_bytes -= malloc_usable_size(block) + sizeof(size_t);
    free(block);
}

/* Parses the text as the one member of an object, and compares. */
static void check_tree_bytes(const struct buffer *value, double max_ratio)
{
    struct buffer buffer = {0};
    struct seen seen;
    struct json_scan whole;
    json_t *tree;

    buffer_append_string(&buffer, "{\"a\":");
    buffer_append(&buffer, value->bytes, value->len_bytes);
    buffer_append_string(&buffer, "}");
    assert_int_equal(scan((struct slice){buffer.bytes, buffer.len_bytes}, &seen, &whole),
                     JSON_SCAN_VALID);
    peak_bytes = 0;
    tree = json_loadb(seen.members[0].value.bytes, seen.members[0].value.len_bytes,
                      JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
    assert_non_null(tree);
    if (peak_bytes > seen.members[0].tree_bytes ||
        (double)seen.members[0].tree_bytes > max_ratio * (double)peak_bytes + 1024)
        fail_msg("%.60s...: %zu bytes foreseen, %zu taken", buffer.bytes,
                 seen.members[0].tree_bytes, peak_bytes);
    json_decref(tree);
    assert_int_equal(taken_bytes, 0);
    buffer_release(&buffer);
}

static void check_list(size_t n, const char *item)
{
    struct buffer value = {0};

    buffer_append_string(&value, "[");
    for (size_t i = 0; i < n; i++) {
        buffer_append_string(&value, i > 0 ? "," : "");
        buffer_append_string(&value, item);
    }
    buffer_append_string(&value, "]");
    check_tree_bytes(&value, 2.5);
    buffer_release(&value);
}

static void test_json_scan__foresees_what_a_tree_takes(void **state)
{
    struct buffer value = {0};

    (void)state;
    json_set_alloc_funcs(counting_malloc, counting_free);
    for (size_t n = 0; n < 3000; n = n * 2 + 1) {
        check_list(n, "[]");
        check_list(n, "{}");
        check_list(n, "7");
        check_list(n, "0.5");
        check_list(n, "\"\"");
        check_list(n, "\"abcdefghijklmnopqrstuvwxyz\"");
        check_list(n, "{\"a\":1}");
    }
    for (size_t n = 1; n < 2000000; n *= 3) {
        value.len_bytes = 0;
        buffer_append_string(&value, "\"");
        append_repeated(&value, n, "x");
        buffer_append_string(&value, "\"");
        check_tree_bytes(&value, 2.5);
    }
    random_state = 2;
    for (int round = 0; round < 500; round++) {
        value.len_bytes = 0;
        append_random_value(&value, 3);
        check_tree_bytes(&value, 10);
    }
    json_set_alloc_funcs(malloc, free);
    buffer_release(&value);
}

/* ---- keys ---- */

static void test_json_text__undoes_escapes(void **state)
{
    static const struct {
        const char *raw;
        const char *plain;
        size_t len_bytes;
    } cases[] = {
        {"input", "input", 5},
        {"", "", 0},
        {"inp\\u0075t", "input", 5},
        {"a\\/b\\n\\\"\\\\", "a/b\n\"\\", 6},
        {"\\b\\f\\r\\t", "\b\f\r\t", 4},
        {"\\u00E9", "\xc3\xa9", 2},
        {"\\u20ac", "\xe2\x82\xac", 3},
        {"\\ud83d\\ude00", "\xf0\x9f\x98\x80", 4},
        {"\xc3\xa9\\u0041",
         "\xc3\xa9"
         "A",
         3},
        {"input\\u0000", "input", 6},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char plain[32];

        assert_int_equal(json_unescape(slice_of(cases[i].raw), plain), cases[i].len_bytes);
        assert_memory_equal(plain, cases[i].plain, cases[i].len_bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_scan__finds_members),
        cmocka_unit_test(test_json_scan__lists_have_no_members),
        cmocka_unit_test(test_json_scan__stops_when_told),
        cmocka_unit_test(test_json_scan__skips_a_byte_order_mark_at_the_start_alone),
        cmocka_unit_test(test_json_scan__says_what_is_wrong),
        cmocka_unit_test(test_json_scan__bounds_the_depth),
        cmocka_unit_test(test_json_scan__agrees_with_jansson),
        cmocka_unit_test(test_json_scan__foresees_what_a_tree_takes),
        cmocka_unit_test(test_json_text__undoes_escapes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
