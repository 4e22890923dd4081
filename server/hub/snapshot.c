/* SPDX-License-Identifier: Apache-2.0 */

/* Whether a snapshot of the cache is whole, without the hub: by the list that huggingface_hub may
 * have left beside it, else by what is there. nestd links a model's weights last, so that a
 * snapshot of its own that is not whole has none. */

#include "server/hub/cache.h"
#include "server/hub/choose.h"
#include "server/text/read_file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_TREE_BYTES = 64 << 20,
    MAX_MODULES_BYTES = 1 << 20,
    MAX_DEPTH = 4,
};

/* Of a file that is there only its path matters. */
static const char no_etag[] = "0000000000000000000000000000000000000000";

static enum status list_folder(struct hub_listing *listing, const char *snapshot,
                               const char *folder, size_t depth, struct error *error);

static enum status list_entry(struct hub_listing *listing, const char *snapshot, const char *folder,
                              const char *name, size_t depth, struct error *error)
{
    struct hub_path inside, path;
    enum status status =
        hub_path_print(&inside, error, "%s%s%s", folder, folder[0] ? "/" : "", name);

    if (status == STATUS_OK)
        status = hub_path_print(&path, error, "%s/%s", snapshot, inside.text);
    if (status || !hub_path_exists(path.text))
        return status;
    if (hub_path_is_folder(path.text))
        return list_folder(listing, snapshot, inside.text, depth + 1, error);
    return hub_listing_add(listing, inside.text, 0, no_etag, error);
}

static enum status list_folder(struct hub_listing *listing, const char *snapshot,
                               const char *folder, size_t depth, struct error *error)
{
    struct hub_path path;
    struct dirent *entry;
    enum status status = hub_path_print(&path, error, "%s/%s", snapshot, folder);
    DIR *entries = status || depth > MAX_DEPTH ? NULL : opendir(path.text);

    if (!entries)
        return status;
    while (status == STATUS_OK && (entry = readdir(entries)) != NULL) {
        if (entry->d_name[0] != '.')
            status = list_entry(listing, snapshot, folder, entry->d_name, depth, error);
    }
    closedir(entries);
    return status;
}

/* What huggingface_hub knows to be the model's files. False where it has left no list. */
static bool read_tree(const struct hub_cache *cache, const char *commit,
                      struct hub_listing *listing)
{
    struct hub_path path;
    struct buffer text = {0};
    enum status status;

    if (hub_path_print(&path, NULL, "%s/trees/%s.json", cache->repository.text, commit) ||
        read_file(path.text, MAX_TREE_BYTES, &text, NULL))
        return false;
    status = hub_listing_add_tree_file(listing, text.bytes, text.len_bytes, NULL);
    buffer_release(&text);
    if (status)
        hub_listing_release(listing);
    return status == STATUS_OK;
}

static enum status choose(struct hub_listing *listing, const char *snapshot, struct error *error)
{
    struct hub_path path;
    struct buffer modules = {0};
    enum status status = hub_path_print(&path, error, "%s/" HUB_MODULES_FILE, snapshot);

    if (status == STATUS_OK && hub_path_exists(path.text))
        status = read_file(path.text, MAX_MODULES_BYTES, &modules, error);
    if (status == STATUS_OK)
        status = hub_choose(listing, modules.bytes, modules.len_bytes, error);
    buffer_release(&modules);
    return status;
}

static enum status check_wanted(const struct hub_cache *cache, const char *commit,
                                const struct hub_listing *listing, struct error *error)
{
    for (size_t i = 0; i < listing->n_files; i++) {
        const struct hub_file *file = &listing->files[i];

        if (file->is_wanted && !hub_cache_has_file(cache, commit, file->path))
            return error_set(error, STATUS_IO, "it lacks %.200s", file->path);
    }
    return STATUS_OK;
}

enum status hub_cache_check_snapshot(const struct hub_cache *cache, const char *commit,
                                     struct error *error)
{
    struct hub_path snapshot;
    struct hub_listing listing = {0};
    enum status status = hub_cache_name_snapshot(cache, commit, &snapshot, error);

    if (status == STATUS_OK && !hub_path_is_folder(snapshot.text))
        status = error_set(error, STATUS_IO, "it is not there");
    if (status == STATUS_OK && !read_tree(cache, commit, &listing))
        status = list_folder(&listing, snapshot.text, "", 0, error);
    if (status == STATUS_OK)
        status = choose(&listing, snapshot.text, error);
    if (status == STATUS_OK)
        status = check_wanted(cache, commit, &listing, error);
    hub_listing_release(&listing);
    return status;
}
