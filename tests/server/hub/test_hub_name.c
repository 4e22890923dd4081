/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/hub/name.h"

#include <string.h>

struct row {
    const char *text;
    bool is_valid;
};

/* As huggingface_hub 2.4.0's validate_repo_id judges them; a name without a slash apart, which it
 * takes too. */
static void test_hub_name__is_what_huggingface_hub_takes(void **state)
{
    static const struct row rows[] = {
        {"BAAI/bge-small-en-v1.5", true},
        {"a/b", true},
        {"A_b/c.d", true},
        {"_a/b_", true},
        {"1/2", true},
        {"models/all-MiniLM-L6-v2", true},
        {"org/name.git", false},
        {"a--b/c", false},
        {"a/b..c", false},
        {"-a/b", false},
        {"a-/b", false},
        {"a/.b", false},
        {"a/b.", false},
        {"a/b/c", false},
        {"a/", false},
        {"/a", false},
        {"\xc3\xa9/b", false},
        {"a b/c", false},
        {"a/b\n", false},
        {"..", false},
        {"../a", false},
        {"a/..", false},
        {"", false},
        {"/", false},
        {"name", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (hub_name_is_valid(rows[i].text) != rows[i].is_valid)
            fail_msg("'%s'", rows[i].text);
    }
}

static void test_hub_name__has_at_most_96_characters_a_side(void **state)
{
    char name[200];

    (void)state;
    memset(name, 'a', sizeof name);
    name[96] = '/';
    name[98] = '\0';
    assert_true(hub_name_is_valid(name));
    name[96] = 'a';
    name[97] = '/';
    name[99] = '\0';
    assert_false(hub_name_is_valid(name));
}

static void test_hub_revision__leads_nowhere_else(void **state)
{
    static const struct row rows[] = {
        {"main", true},       {"v1.0", true},
        {"refs/pr/1", true},  {"5617a9f61b028005a4858fdac845db406aefb181", true},
        {"a_b-c+d", true},    {"", false},
        {"..", false},        {"../main", false},
        {"refs/../x", false}, {"/etc/passwd", false},
        {"main/", false},     {"a//b", false},
        {".", false},         {"a b", false},
        {"a\nb", false},      {"a?b", false},
        {"a%2fb", false},     {"a#b", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (hub_revision_is_valid(rows[i].text) != rows[i].is_valid)
            fail_msg("'%s'", rows[i].text);
    }
    assert_true(hub_revision_is_commit("5617a9f61b028005a4858fdac845db406aefb181"));
    assert_false(hub_revision_is_commit("5617a9f61b028005a4858fdac845db406aefb18"));
    assert_false(hub_revision_is_commit("5617A9f61b028005a4858fdac845db406aefb181"));
    assert_false(hub_revision_is_commit("main"));
}

static void test_hub_path__stays_within_the_model(void **state)
{
    static const struct row rows[] = {
        {"config.json", true},
        {"1_Pooling/config.json", true},
        {".gitattributes", true},
        {"a b/c", true},
        {"\xc3\xa9.json", true},
        {"a..b", true},
        {"...", true},
        {"", false},
        {"..", false},
        {"../config.json", false},
        {"a/../../b", false},
        {"/etc/passwd", false},
        {"a//b", false},
        {"./a", false},
        {"a/", false},
        {"a\\..\\b", false},
        {"a\nb", false},
        {"\x1b[31m", false},
        {"C:\\Windows", false},
        {"a\x7f", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (hub_path_is_valid(rows[i].text) != rows[i].is_valid)
            fail_msg("'%s'", rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hub_name__is_what_huggingface_hub_takes),
        cmocka_unit_test(test_hub_name__has_at_most_96_characters_a_side),
        cmocka_unit_test(test_hub_revision__leads_nowhere_else),
        cmocka_unit_test(test_hub_path__stays_within_the_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
