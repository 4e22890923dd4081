/* SPDX-License-Identifier: Apache-2.0 */

/* The cards of tests/data/cards/ are compared with what PyYAML reads of them (make_cards.py). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/files/file.h"
#include "engine/model/card_yaml.h"
#include "tests/engine/model/data_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *read_text(const char *text)
{
    struct error error = {{0}};
    json_t *root = NULL;

    if (card_yaml_read(&root, text, strlen(text), "a.yaml", 1, &error))
        fail_msg("%s", error.text);
    return root;
}

static void assert_read(const char *text, const char *expected)
{
    json_t *root = read_text(text);
    char *found = json_dumps(root, JSON_ENCODE_ANY | JSON_COMPACT);

    assert_string_equal(found, expected);
    free(found);
    json_decref(root);
}

static void assert_refused(const char *text, size_t len_bytes, const char *complaint)
{
    struct error error = {{0}};
    json_t *root = NULL;
    enum status status = card_yaml_read(&root, text, len_bytes, "a.yaml", 7, &error);

    if (status != STATUS_INVALID || !strstr(error.text, complaint))
        fail_msg("status %d: \"%s\", not \"%s\"", status, error.text, complaint);
    assert_null(root);
}

static void check_card(const char *name)
{
    struct error error = {{0}};
    char path[256];
    char *text;
    char *end;
    size_t len_bytes;
    json_t *expected;
    json_t *found;

    snprintf(path, sizeof path, CARDS_DIR "/%s.md", name);
    assert_int_equal(file_read(path, 1 << 20, &text, &len_bytes, &error), STATUS_OK);
    end = memmem(text, len_bytes, "\n---\n", 5);
    assert_non_null(end);
    end[1] = '\0';
    found = read_text(text + strlen("---\n"));
    snprintf(path, sizeof path, CARDS_DIR "/%s.json", name);
    expected = json_load_file(path, 0, NULL);
    assert_non_null(expected);
    if (!json_equal(expected, found))
        fail_msg("%s: %s", name, json_dumps(found, JSON_INDENT(1)));
    json_decref(expected);
    json_decref(found);
    free(text);
}

static void test_card_yaml__reads_cards_as_pyyaml_does(void **state)
{
    (void)state;
    check_card("matryoshka");
    check_card("odd");
}

static void test_card_yaml__documents_end(void **state)
{
    (void)state;
    assert_read("", "null");
    assert_read("# only a comment\n", "null");
    assert_read("a: 1\n---\nb: 2\n", "{\"a\":\"1\"}");
    assert_read("a: 1\n...\n]", "{\"a\":\"1\"}");
    assert_read("plain", "\"plain\"");
    assert_read("\xef\xbb\xbf"
                "a: 1",
                "{\"a\":\"1\"}");
}

static void test_card_yaml__drops_what_is_no_text(void **state)
{
    (void)state;
    assert_read("? [a]\n: 1\nb: 2\n", "{\"b\":\"2\"}");
    assert_read("? {a: {b: c}}\n: [1, {d: e}]\nb: 2\n", "{\"b\":\"2\"}");
    assert_read("~: 1\nb: 2\n", "{\"b\":\"2\"}");
    assert_read("&x a: 1\n*x : 2\n", "{\"a\":\"1\"}");
    assert_read("a: \"x\\0y\"\n", "{\"a\":null}");
    assert_read("\"x\\0y\": 1\n", "{}");
}

/* Ten lists of ten aliases each are ten to the tenth texts for who unfolds them. */
static void test_card_yaml__never_unfolds_aliases(void **state)
{
    char text[2000] = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    json_t *root;

    (void)state;
    for (int i = 1; i < 10; i++) {
        char line[200];

        snprintf(line, sizeof line, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1,
                 i - 1, i - 1, i - 1, i - 1, i - 1);
        strcat(text, line);
    }
    root = read_text(text);
    assert_int_equal(json_object_size(root), 10);
    assert_true(json_is_null(json_array_get(json_object_get(root, "a9"), 5)));
    json_decref(root);
    assert_read("a: &a [*a]\n", "{\"a\":[null]}");
}

static void test_card_yaml__refuses_what_is_malformed_by_its_line(void **state)
{
    static const struct {
        const char *text;
        const char *complaint;
    } cases[] = {
        {"a: 1\nb: [1, 2\n", "a.yaml: line 9: "},
        {"a: 1\n\tb: 2\n", "a.yaml: line 8: found a tab character that violates indentation"},
        {"a: b: c\n", "a.yaml: line 7: mapping values are not allowed in this context"},
        {"a: 'x\n", "a.yaml: line 8: found unexpected end of stream"},
        {"a: *nobody]\n", "a.yaml: line 7: "},
        {"a: \"\\ud800\"\n", "a.yaml: line 7: found invalid Unicode character escape code"},
        {"a: \xff\n", "a.yaml: line 7: invalid leading UTF-8 octet"},
        {"a: 1\nb: \xed\xa0\x80\n", "a.yaml: line 8: invalid Unicode character"},
        {"a: 1\n\nb: \x01\n", "a.yaml: line 9: control characters are not allowed"},
        {"%YAML 3.0\n---\na: 1\n", "a.yaml: line 7: found incompatible YAML document"},
        {"]", "a.yaml: line 7: did not find expected node content"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(cases[i].text, strlen(cases[i].text), cases[i].complaint);
}

static char *repeat(const char *text, size_t n)
{
    size_t len_bytes = strlen(text);
    char *all = malloc(n * len_bytes + 1);

    assert_non_null(all);
    for (size_t i = 0; i < n; i++)
        memcpy(all + i * len_bytes, text, len_bytes);
    all[n * len_bytes] = '\0';
    return all;
}

static void assert_repeated_refused(const char *text, size_t n, const char *complaint)
{
    char *all = repeat(text, n);

    assert_refused(all, strlen(all), complaint);
    free(all);
}

static void test_card_yaml__has_limits(void **state)
{
    char text[2 * CARD_YAML_MAX_DEPTH + 1];
    char *values;
    json_t *root;

    (void)state;
    memset(text, '[', CARD_YAML_MAX_DEPTH);
    memset(text + CARD_YAML_MAX_DEPTH, ']', CARD_YAML_MAX_DEPTH);
    text[2 * CARD_YAML_MAX_DEPTH] = '\0';
    json_decref(read_text(text));
    assert_repeated_refused("[", CARD_YAML_MAX_DEPTH + 1, "line 7: is nested too deeply");
    assert_repeated_refused("- ", 100000, "line 7: is nested too deeply");
    assert_repeated_refused("? ", 100000, "line 7: is nested too deeply");
    assert_repeated_refused("[\n", 100000, "line 39: is nested too deeply");
    assert_repeated_refused("{a: ", 100000, "line 7: is nested too deeply");
    values = repeat("- a\n", CARD_YAML_MAX_VALUES - 1); /* and the list itself */
    root = read_text(values);
    assert_int_equal(json_array_size(root), CARD_YAML_MAX_VALUES - 1);
    json_decref(root);
    free(values);
    assert_repeated_refused("- a\n", CARD_YAML_MAX_VALUES, "line 65542: has too many values");
    assert_repeated_refused("#\n", CARD_YAML_MAX_BYTES / 2 + 1, "has 1048578 bytes of YAML");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_card_yaml__reads_cards_as_pyyaml_does),
        cmocka_unit_test(test_card_yaml__documents_end),
        cmocka_unit_test(test_card_yaml__drops_what_is_no_text),
        cmocka_unit_test(test_card_yaml__never_unfolds_aliases),
        cmocka_unit_test(test_card_yaml__refuses_what_is_malformed_by_its_line),
        cmocka_unit_test(test_card_yaml__has_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
