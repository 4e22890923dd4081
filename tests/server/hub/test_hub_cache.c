/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/hub/cache.h"
#include "server/hub/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMMIT "5617a9f61b028005a4858fdac845db406aefb181"
#define OTHER  "c9745ed1d9f207416be6d2e6f8de32d1f16199bf"
#define ETAG   "bc98243ce9b9c35cae6011dec7c54e66c850c702"

static char root[64]; /* of the test's cache */

static int set_up(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/test_hub_cache.XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

/* A path in the cache. */
static const char *at(const char *path)
{
    static char text[512];

    snprintf(text, sizeof text, "%s/%s", root, path);
    return text;
}

static void write_file(const char *path, const char *text)
{
    FILE *file;

    assert_int_equal(hub_path_make_folders(at(path), NULL), STATUS_OK);
    file = fopen(at(path), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static struct hub_cache open_cache(void)
{
    struct hub_cache cache;

    assert_int_equal(hub_cache_init(&cache, root, "acme/tiny", NULL), STATUS_OK);
    return cache;
}

static void test_cache__keeps_refs_as_huggingface_hub_does(void **state)
{
    struct hub_cache cache = open_cache();
    char commit[HUB_COMMIT_BYTES + 1];
    char text[64] = "";
    FILE *file;

    (void)state;
    assert_false(hub_cache_find_commit(&cache, "main", commit));
    assert_true(hub_cache_find_commit(&cache, COMMIT, commit)); /* a commit is itself */
    assert_int_equal(hub_cache_put_commit(&cache, "main", COMMIT, NULL), STATUS_OK);
    assert_int_equal(hub_cache_put_commit(&cache, "refs/pr/1", OTHER, NULL), STATUS_OK);
    assert_true(hub_cache_find_commit(&cache, "main", commit));
    assert_string_equal(commit, COMMIT);
    assert_true(hub_cache_find_commit(&cache, "refs/pr/1", commit));
    assert_string_equal(commit, OTHER);
    file = fopen(at("models--acme--tiny/refs/main"), "r");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof text, file), HUB_COMMIT_BYTES); /* and no newline */
    fclose(file);
    assert_string_equal(text, COMMIT);
}

static void test_cache__takes_no_path_for_a_ref(void **state)
{
    struct hub_cache cache = open_cache();
    char commit[HUB_COMMIT_BYTES + 1];

    (void)state;
    write_file("models--acme--tiny/refs/main", "../../../../../../etc");
    assert_false(hub_cache_find_commit(&cache, "main", commit));
    write_file("models--acme--tiny/refs/main", "");
    assert_false(hub_cache_find_commit(&cache, "main", commit));
    write_file("models--acme--tiny/refs/main", COMMIT "\n"); /* written by hand */
    assert_true(hub_cache_find_commit(&cache, "main", commit));
}

static void test_cache__links_snapshots_to_blobs(void **state)
{
    static const struct {
        const char *path;
        const char *link;
        const char *target;
    } rows[] = {
        {"config.json", "models--acme--tiny/snapshots/" COMMIT "/config.json", "../../blobs/" ETAG},
        {"1_Pooling/config.json", "models--acme--tiny/snapshots/" COMMIT "/1_Pooling/config.json",
         "../../../blobs/" ETAG},
        {"a/b/c", "models--acme--tiny/snapshots/" COMMIT "/a/b/c", "../../../../blobs/" ETAG},
    };
    struct hub_cache cache = open_cache();

    (void)state;
    write_file("models--acme--tiny/blobs/" ETAG, "hello hub\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hub_file file = {.path = (char *)rows[i].path, .etag = ETAG};
        char target[256] = "";

        assert_false(hub_cache_has_file(&cache, COMMIT, rows[i].path));
        assert_int_equal(hub_cache_link(&cache, COMMIT, &file, NULL), STATUS_OK);
        assert_int_equal(hub_cache_link(&cache, COMMIT, &file, NULL), STATUS_OK);
        assert_true(hub_cache_has_file(&cache, COMMIT, rows[i].path));
        assert_true(readlink(at(rows[i].link), target, sizeof target - 1) > 0);
        assert_string_equal(target, rows[i].target);
    }
}

static void test_cache__mends_a_link_that_leads_nowhere(void **state)
{
    struct hub_cache cache = open_cache();
    struct hub_file file = {.path = (char *)"config.json", .etag = ETAG};
    char gone[512];

    (void)state;
    write_file("models--acme--tiny/blobs/" ETAG, "hello hub\n");
    write_file("models--acme--tiny/snapshots/" COMMIT "/other", "");
    snprintf(gone, sizeof gone, "%s", at("models--acme--tiny/snapshots/" COMMIT "/config.json"));
    assert_int_equal(symlink("../../blobs/gone", gone), 0);
    assert_false(hub_cache_has_file(&cache, COMMIT, "config.json"));
    assert_int_equal(hub_cache_link(&cache, COMMIT, &file, NULL), STATUS_OK);
    assert_true(hub_cache_has_file(&cache, COMMIT, "config.json"));
}

#define SNAPSHOT "models--acme--tiny/snapshots/" COMMIT "/"

static void assert_lacks(const char *words)
{
    struct hub_cache cache = open_cache();
    struct error error = {0};

    assert_int_not_equal(hub_cache_check_snapshot(&cache, COMMIT, &error), STATUS_OK);
    if (!strstr(error.text, words))
        fail_msg("%s", error.text);
}

static void test_cache__tells_whether_a_snapshot_is_whole(void **state)
{
    struct hub_cache cache = open_cache();

    (void)state;
    assert_lacks("not there");
    write_file(SNAPSHOT "config.json", "{}");
    assert_lacks("safetensors");
    write_file(SNAPSHOT "model.safetensors", "");
    assert_int_equal(hub_cache_check_snapshot(&cache, COMMIT, NULL), STATUS_OK);
}

/* What huggingface_hub lists, whole snapshots apart, may be missing where it was interrupted. */
static void test_cache__knows_what_is_missing_by_huggingface_hub_s_list(void **state)
{
    struct hub_cache cache = open_cache();

    (void)state;
    write_file(SNAPSHOT "config.json", "{}");
    write_file(SNAPSHOT "model.safetensors", "");
    write_file("models--acme--tiny/trees/" COMMIT ".json",
               "{\"format_version\":1,\"files\":{"
               "\"config.json\":{\"size\":2,\"blob_id\":\"" ETAG "\"},"
               "\"model.safetensors\":{\"size\":0,\"blob_id\":\"" ETAG "\"},"
               "\"model.onnx\":{\"size\":0,\"blob_id\":\"" ETAG "\"},"
               "\"tokenizer.json\":{\"size\":0,\"blob_id\":\"" ETAG "\"}}}");
    assert_lacks("tokenizer.json");
    write_file(SNAPSHOT "tokenizer.json", "{}");
    assert_int_equal(hub_cache_check_snapshot(&cache, COMMIT, NULL), STATUS_OK);
    assert_false(hub_cache_has_file(&cache, COMMIT, "model.onnx"));
}

static void assert_found(const char *given, const char *expected)
{
    struct hub_path found;
    struct error error = {0};

    if (hub_folder_find(at(given), NULL, &found, &error))
        fail_msg("%s", error.text);
    assert_string_equal(found.text, at(expected));
}

static void test_folder__is_found_in_a_cache_of_one_model(void **state)
{
    struct hub_path found;
    struct error error = {0};

    (void)state;
    assert_found("nowhere", "nowhere");
    write_file(SNAPSHOT "config.json", "{}");
    write_file("models--acme--tiny/refs/main", COMMIT);
    assert_found("models--acme--tiny/snapshots/" COMMIT, "models--acme--tiny/snapshots/" COMMIT);
    assert_found("models--acme--tiny", "models--acme--tiny/snapshots/" COMMIT);
    assert_found("models--acme--tiny//", "models--acme--tiny/snapshots/" COMMIT);
    assert_int_equal(hub_folder_find(root, NULL, &found, &error), STATUS_OK);
    assert_string_equal(found.text, at("models--acme--tiny/snapshots/" COMMIT));
    assert_int_equal(hub_folder_find(root, "v2", &found, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "v2"));
    error = (struct error){0};
    write_file("models--acme--large/refs/main", COMMIT);
    assert_int_equal(hub_folder_find(root, "main", &found, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "2 models"));
}

static void test_folder__whose_path_is_too_long_is_refused(void **state)
{
    struct hub_path found;
    struct error error = {0};
    char path[sizeof found.text + 1];

    (void)state;
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(hub_folder_find(path, NULL, &found, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cache__keeps_refs_as_huggingface_hub_does, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_cache__takes_no_path_for_a_ref, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cache__links_snapshots_to_blobs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cache__mends_a_link_that_leads_nowhere, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_cache__tells_whether_a_snapshot_is_whole, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_cache__knows_what_is_missing_by_huggingface_hub_s_list,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_folder__is_found_in_a_cache_of_one_model, set_up,
                                        tear_down),
        cmocka_unit_test(test_folder__whose_path_is_too_long_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
