/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/hub/listing.h"

#include <stdio.h>
#include <string.h>

#define GIT    "5617a9f61b028005a4858fdac845db406aefb181"
#define SHA256 "403450e234d65943a7dcf7e05a771ce3c92faa84dd07db4ac20f592037a1e4bd"

static void assert_file(const struct hub_listing *listing, const char *path, uint64_t size_bytes,
                        const char *etag)
{
    const struct hub_file *file = hub_listing_find(listing, path);

    assert_non_null(file);
    assert_int_equal(file->size_bytes, size_bytes);
    assert_string_equal(file->etag, etag);
}

static enum status add_page(struct hub_listing *listing, const char *text, struct error *error)
{
    return hub_listing_add_page(listing, text, strlen(text), error);
}

static void test_listing__reads_pages_of_the_tree(void **state)
{
    struct hub_listing listing = {0};
    struct error error = {0};

    (void)state;
    assert_int_equal(
        add_page(&listing,
                 "[{\"type\":\"directory\",\"oid\":\"" GIT "\",\"size\":0,\"path\":\"1_Pooling\"},"
                 "{\"type\":\"file\",\"oid\":\"" GIT "\",\"size\":190,"
                 "\"path\":\"1_Pooling/config.json\"},"
                 "{\"type\":\"file\",\"oid\":\"" GIT "\",\"size\":90868376,"
                 "\"lfs\":{\"oid\":\"" SHA256 "\",\"size\":90868376,\"pointerSize\":133},"
                 "\"xetHash\":\"" SHA256 "\",\"path\":\"model.safetensors\"}]",
                 &error),
        STATUS_OK);
    assert_int_equal(add_page(&listing,
                              "[{\"type\":\"file\",\"oid\":\"" GIT "\",\"size\":0,\"path\":\"z\","
                              "\"lfs\":null}]",
                              &error),
                     STATUS_OK);
    assert_int_equal(listing.n_files, 3);
    assert_file(&listing, "1_Pooling/config.json", 190, GIT);
    assert_file(&listing, "model.safetensors", 90868376, SHA256);
    assert_file(&listing, "z", 0, GIT);
    assert_null(hub_listing_find(&listing, "1_Pooling"));
    hub_listing_release(&listing);
}

static void test_listing__leaves_out_what_leads_elsewhere(void **state)
{
    struct hub_listing listing = {0};

    (void)state;
    assert_int_equal(hub_listing_add(&listing, "../../.bashrc", 1, GIT, NULL), STATUS_OK);
    assert_int_equal(hub_listing_add(&listing, "/etc/passwd", 1, GIT, NULL), STATUS_OK);
    assert_int_equal(hub_listing_add(&listing, "config.json", 1, "../../x", NULL), STATUS_OK);
    assert_int_equal(hub_listing_add(&listing, "config.json", 1, "", NULL), STATUS_OK);
    assert_int_equal(hub_listing_add(&listing, "config.json", 1, GIT "0", NULL), STATUS_OK);
    assert_int_equal(listing.n_files, 0);
    hub_listing_release(&listing);
    hub_listing_release(NULL);
}

static void test_listing__refuses_what_no_hub_sends(void **state)
{
    static const char *const pages[] = {
        "",
        "<html>",
        "{}",
        "[",
        "[1]",
        "[{}]",
        "[{\"type\":1}]",
        "[{\"type\":\"file\"}]",
        "[{\"type\":\"file\",\"path\":\"a\",\"size\":-1,\"oid\":\"" GIT "\"}]",
        "[{\"type\":\"file\",\"path\":\"a\",\"size\":1.5,\"oid\":\"" GIT "\"}]",
        "[{\"type\":\"file\",\"path\":\"a\",\"size\":\"1\",\"oid\":\"" GIT "\"}]",
        "[{\"type\":\"file\",\"path\":\"a\",\"size\":9000000000000000,\"oid\":\"" GIT "\"}]",
        "[{\"type\":\"file\",\"path\":\"a\",\"size\":99999999999999999999,\"oid\":\"" GIT "\"}]",
        "[{\"type\":\"file\",\"path\":\"a\",\"size\":1,\"oid\":7}]",
        "[{\"type\":\"file\",\"path\":7,\"size\":1,\"oid\":\"" GIT "\"}]",
        "[{\"type\":\"file\",\"path\":\"a\",\"size\":1,\"lfs\":{},\"oid\":\"" GIT "\"}]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct hub_listing listing = {0};
        struct error error = {0};

        if (add_page(&listing, pages[i], &error) != STATUS_INVALID || !error.text[0])
            fail_msg("%s: '%s'", pages[i], error.text);
        hub_listing_release(&listing);
    }
}

static void test_listing__has_a_limit(void **state)
{
    struct hub_listing listing = {0};
    struct error error = {0};
    char path[32];

    (void)state;
    for (size_t i = 0; i < HUB_LISTING_MAX_FILES; i++) {
        snprintf(path, sizeof path, "%zu", i);
        assert_int_equal(hub_listing_add(&listing, path, 1, GIT, &error), STATUS_OK);
    }
    assert_int_equal(hub_listing_add(&listing, "one more", 1, GIT, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "50000"));
    hub_listing_release(&listing);
}

/* As huggingface_hub 2.4.0 writes it. */
static void test_listing__reads_what_huggingface_hub_keeps_of_it(void **state)
{
    static const char text[] =
        "{\n \"format_version\": 1,\n \"files\": {\n"
        "  \"config.json\": {\n   \"size\": 519,\n   \"blob_id\": \"" GIT "\"\n  },\n"
        "  \"model.safetensors\": {\n   \"size\": 1234,\n   \"blob_id\": \"" GIT "\",\n"
        "   \"lfs_sha256\": \"" SHA256 "\",\n   \"lfs_size\": 1234,\n"
        "   \"xet_hash\": \"" SHA256 "\"\n  }\n }\n}";
    struct hub_listing listing = {0};

    (void)state;
    assert_int_equal(hub_listing_add_tree_file(&listing, text, sizeof text - 1, NULL), STATUS_OK);
    assert_int_equal(listing.n_files, 2);
    assert_file(&listing, "config.json", 519, GIT);
    assert_file(&listing, "model.safetensors", 1234, SHA256);
    assert_int_equal(
        hub_listing_add_tree_file(&listing, "{\"format_version\":2,\"files\":{}}", 31, NULL),
        STATUS_INVALID);
    assert_int_equal(hub_listing_add_tree_file(&listing, "[]", 2, NULL), STATUS_INVALID);
    hub_listing_release(&listing);
}

static void test_listing__reads_the_commit(void **state)
{
    static const char *const bad[] = {
        "{}",
        "[]",
        "{\"sha\":null}",
        "{\"sha\":\"main\"}",
        "{\"sha\":\"../../../../../etc\"}",
        "{\"sha\":\"" GIT "0\"}",
    };
    static const char good[] = "{\"id\":\"a/b\",\"sha\":\"" GIT "\"}";
    char commit[HUB_COMMIT_BYTES + 1] = "untouched";

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(hub_listing_read_commit(bad[i], strlen(bad[i]), commit, NULL),
                         STATUS_INVALID);
        assert_string_equal(commit, "untouched");
    }
    assert_int_equal(hub_listing_read_commit(good, sizeof good - 1, commit, NULL), STATUS_OK);
    assert_string_equal(commit, GIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listing__reads_pages_of_the_tree),
        cmocka_unit_test(test_listing__leaves_out_what_leads_elsewhere),
        cmocka_unit_test(test_listing__refuses_what_no_hub_sends),
        cmocka_unit_test(test_listing__has_a_limit),
        cmocka_unit_test(test_listing__reads_what_huggingface_hub_keeps_of_it),
        cmocka_unit_test(test_listing__reads_the_commit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
