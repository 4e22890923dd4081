/* SPDX-License-Identifier: Apache-2.0 */

#include "server/hub/folder.h"

#include "server/hub/cache.h"

#include <dirent.h>
#include <string.h>

#define PREFIX "models--"

static bool holds(const char *folder, const char *name)
{
    struct hub_path path;

    return hub_path_print(&path, NULL, "%s/%s", folder, name) == STATUS_OK &&
           hub_path_exists(path.text);
}

static bool holds_model(const char *folder)
{
    return holds(folder, "modules.json") || holds(folder, "config.json");
}

/* False unless there is just one; its revision may have been a commit, of which no ref tells. */
static bool find_only_snapshot(const struct hub_cache *cache, char ret_commit[HUB_COMMIT_BYTES + 1])
{
    struct hub_path path;
    DIR *entries = NULL;
    struct dirent *entry;
    size_t n = 0;

    if (hub_path_print(&path, NULL, "%s/snapshots", cache->repository.text) == STATUS_OK)
        entries = opendir(path.text);
    while (entries && (entry = readdir(entries)) != NULL) {
        if (hub_revision_is_commit(entry->d_name) && n++ == 0)
            memcpy(ret_commit, entry->d_name, HUB_COMMIT_BYTES + 1);
    }
    if (entries)
        closedir(entries);
    return n == 1;
}

/* The snapshot that the revision leads to; NULL: the default one, or the only one. */
static enum status find_revision(const char *folder, const char *revision,
                                 struct hub_path *ret_folder, struct error *error)
{
    const char *const wanted = revision ? revision : HUB_DEFAULT_REVISION;
    struct hub_cache cache = {.root = folder};
    char commit[HUB_COMMIT_BYTES + 1];
    enum status status = hub_path_print(&cache.repository, error, "%s", folder);

    if (status)
        return status;
    if (!hub_cache_find_commit(&cache, wanted, commit) &&
        (revision || !find_only_snapshot(&cache, commit)))
        return error_set(
            error, STATUS_INVALID,
            "%.200s: is a folder of the hub's cache, but without a snapshot of %.100s; "
            "name what it has with --revision",
            folder, wanted);
    return hub_cache_name_snapshot(&cache, commit, ret_folder, error);
}

/* Of a cache: the one model in it. Left untouched where there is none. */
static enum status find_only_model(const char *root, struct hub_path *ret_folder, size_t *ret_n,
                                   struct error *error)
{
    DIR *entries = opendir(root);
    enum status status = STATUS_OK;
    struct dirent *entry;
    size_t n = 0;

    while (entries && (entry = readdir(entries)) != NULL) {
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 && n++ == 0)
            status = hub_path_print(ret_folder, error, "%s/%s", root, entry->d_name);
    }
    if (entries)
        closedir(entries);
    if (status == STATUS_OK && n > 1)
        status = error_set(error, STATUS_INVALID,
                           "%.200s: is a hub's cache of %zu models; give one's name, as ORG/NAME, "
                           "beside --huggingface-hub-cache %.200s",
                           root, n, root);
    *ret_n = n;
    return status;
}

enum status hub_folder_find(const char *path, const char *revision, struct hub_path *ret_folder,
                            struct error *error)
{
    struct hub_path folder;
    size_t n_models = 1;
    enum status status = hub_path_print(&folder, error, "%s", path);

    if (status)
        return status;
    for (size_t len = strlen(folder.text); len > 1 && folder.text[len - 1] == '/'; len--)
        folder.text[len - 1] = '\0';
    if (holds_model(path))
        return hub_path_print(ret_folder, error, "%s", path);
    if (!holds(path, "snapshots"))
        status = find_only_model(path, &folder, &n_models, error);
    if (status)
        return status;
    if (n_models == 1 && holds(folder.text, "snapshots"))
        return find_revision(folder.text, revision, ret_folder, error);
    return hub_path_print(ret_folder, error, "%s", path);
}
