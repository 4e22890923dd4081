/* SPDX-License-Identifier: Apache-2.0 */

/* What a hub answers: lists of files, a commit, modules.json, the lines of a header. Whatever they
 * hold, no path that is taken leads out of the model's folder. The first byte says which it is. */
#include "server/hub/choose.h"
#include "server/hub/wire/reply_header.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

static void check_listing(const struct hub_listing *listing)
{
    for (size_t i = 0; i < listing->n_files; i++) {
        const struct hub_file *file = &listing->files[i];
        size_t len = strlen(file->etag);

        if (!hub_path_is_valid(file->path) || strstr(file->path, "/../") || file->path[0] == '/')
            abort();
        if ((len != 40 && len != 64) || strchr(file->etag, '/') ||
            file->size_bytes > HUB_FILE_MAX_BYTES)
            abort();
    }
}

static void list(const char *text, size_t len_bytes, bool is_tree)
{
    struct hub_listing listing = {0};
    struct error error = {0};
    enum status status = is_tree ? hub_listing_add_tree_file(&listing, text, len_bytes, &error)
                                 : hub_listing_add_page(&listing, text, len_bytes, &error);

    if ((status != STATUS_OK) != (error.text[0] != '\0'))
        abort();
    check_listing(&listing);
    (void)!hub_choose(&listing, NULL, 0, NULL);
    hub_listing_release(&listing);
}

static void choose(const char *modules, size_t len_bytes)
{
    static const char etag[] = "5617a9f61b028005a4858fdac845db406aefb181";
    static const char *const paths[] = {"config.json", "model.safetensors",
                                        "1_Pooling/config.json"};
    struct hub_listing listing = {0};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (hub_listing_add(&listing, paths[i], 1, etag, NULL))
            abort();
    }
    if (hub_choose(&listing, modules, len_bytes, NULL) == STATUS_OK &&
        (!listing.files[0].is_wanted || !listing.files[1].is_wanted))
        abort();
    hub_listing_release(&listing);
}

static void read_header(const char *text, size_t len_bytes)
{
    struct hub_reply reply = {0};

    while (len_bytes > 0) {
        const char *end = memchr(text, '\n', len_bytes);
        size_t n = end ? (size_t)(end - text) + 1 : len_bytes;

        hub_reply_add_header(&reply, text, n);
        text += n;
        len_bytes -= n;
    }
    for (const char *c = reply.next_query; *c; c++) {
        if (*c <= ' ' || *c > '~')
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
    char commit[HUB_COMMIT_BYTES + 1] = "";
    const char *text = (const char *)bytes + 1;

    if (len_bytes == 0)
        return 0;
    len_bytes--;
    switch (bytes[0] % 5) {
    case 0:
    case 1:
        list(text, len_bytes, bytes[0] % 5 == 1);
        break;
    case 2:
        choose(text, len_bytes);
        break;
    case 3:
        if (hub_listing_read_commit(text, len_bytes, commit, NULL) == STATUS_OK &&
            !hub_revision_is_commit(commit))
            abort();
        break;
    case 4:
        read_header(text, len_bytes);
        break;
    }
    return 0;
}
