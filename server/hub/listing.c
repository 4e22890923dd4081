/* SPDX-License-Identifier: Apache-2.0 */

#include "server/hub/listing.h"

#include <stdlib.h>
#include <string.h>

/* One etag for each of the two hashes; all in lower case. */
static bool is_etag(const char *etag)
{
    size_t len = strlen(etag);

    return (len == 40 || len == 64) && strspn(etag, "0123456789abcdef") == len;
}

void hub_listing_release(struct hub_listing *listing)
{
    if (!listing)
        return;
    for (size_t i = 0; i < listing->n_files; i++)
        free(listing->files[i].path);
    free(listing->files);
    *listing = (struct hub_listing){0};
}

static bool make_room(struct hub_listing *listing)
{
    size_t capacity = listing->capacity ? 2 * listing->capacity : 32;
    struct hub_file *larger;

    if (listing->n_files < listing->capacity)
        return true;
    larger = realloc(listing->files, capacity * sizeof *larger);
    if (!larger)
        return false;
    listing->files = larger;
    listing->capacity = capacity;
    return true;
}

enum status hub_listing_add(struct hub_listing *listing, const char *path, uint64_t size_bytes,
                            const char *etag, struct error *error)
{
    struct hub_file file = {.size_bytes = size_bytes};

    if (!hub_path_is_valid(path) || !is_etag(etag))
        return STATUS_OK;
    if (size_bytes > HUB_FILE_MAX_BYTES)
        return error_set(error, STATUS_INVALID, "the hub lists %.100s with a size that no file has",
                         path);
    if (listing->n_files == HUB_LISTING_MAX_FILES)
        return error_set(error, STATUS_INVALID, "the hub lists more than %d files",
                         HUB_LISTING_MAX_FILES);
    file.path = make_room(listing) ? strdup(path) : NULL;
    if (!file.path)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory to list the model's files");
    memcpy(file.etag, etag, strlen(etag) + 1);
    listing->files[listing->n_files++] = file;
    return STATUS_OK;
}

const struct hub_file *hub_listing_find(const struct hub_listing *listing, const char *path)
{
    for (size_t i = 0; i < listing->n_files; i++) {
        if (strcmp(listing->files[i].path, path) == 0)
            return &listing->files[i];
    }
    return NULL;
}

/* ---- JSON ---- */

static enum status refuse(struct error *error)
{
    return error_set(error, STATUS_INVALID,
                     "the hub's list of the model's files is not what it "
                     "should be; does HF_ENDPOINT name a hub?");
}

static enum status read_json(const char *bytes, size_t len_bytes, json_t **ret_root,
                             struct error *error)
{
    json_error_t reason;
    json_t *root = json_read(bytes, len_bytes, JSON_REJECT_DUPLICATES, &reason);

    if (root) {
        *ret_root = root;
        return STATUS_OK;
    }
    if (reason.line == 0)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory to list the model's files");
    return refuse(error);
}

/* NULL where there is none. */
static const char *get_string(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static enum status add_entry(struct hub_listing *listing, const char *path, const json_t *size,
                             const char *etag, struct error *error)
{
    if (!path || !etag || !json_is_integer(size) || json_integer_value(size) < 0)
        return refuse(error);
    return hub_listing_add(listing, path, (uint64_t)json_integer_value(size), etag, error);
}

/* {"type": "file", "path": ..., "size": ..., "oid": ..., "lfs": {"oid": ..., "size": ...}} */
static enum status add_page_entry(struct hub_listing *listing, const json_t *entry,
                                  struct error *error)
{
    const char *type = get_string(entry, "type");
    const json_t *lfs = json_object_get(entry, "lfs");
    const json_t *holder = json_is_object(lfs) ? lfs : entry;

    if (!type)
        return refuse(error);
    if (strcmp(type, "file") != 0)
        return STATUS_OK;
    return add_entry(listing, get_string(entry, "path"), json_object_get(holder, "size"),
                     get_string(holder, "oid"), error);
}

enum status hub_listing_add_page(struct hub_listing *listing, const char *bytes, size_t len_bytes,
                                 struct error *error)
{
    json_t *root;
    enum status status = read_json(bytes, len_bytes, &root, error);

    if (status)
        return status;
    if (!json_is_array(root))
        status = refuse(error);
    for (size_t i = 0; status == STATUS_OK && i < json_array_size(root); i++)
        status = add_page_entry(listing, json_array_get(root, i), error);
    json_decref(root);
    return status;
}

/* "files": {PATH: {"size": ..., "blob_id": ..., "lfs_sha256": ..., "lfs_size": ...}} */
static enum status add_tree_entry(struct hub_listing *listing, const char *path,
                                  const json_t *entry, struct error *error)
{
    const char *sha256 = get_string(entry, "lfs_sha256");

    if (sha256)
        return add_entry(listing, path, json_object_get(entry, "lfs_size"), sha256, error);
    return add_entry(listing, path, json_object_get(entry, "size"), get_string(entry, "blob_id"),
                     error);
}

enum status hub_listing_add_tree_file(struct hub_listing *listing, const char *bytes,
                                      size_t len_bytes, struct error *error)
{
    json_t *root;
    json_t *files;
    enum status status = read_json(bytes, len_bytes, &root, error);

    if (status)
        return status;
    files = json_object_get(root, "files");
    if (!json_is_object(files) || json_integer_value(json_object_get(root, "format_version")) != 1)
        status = refuse(error);
    for (void *at = json_object_iter(files); at && status == STATUS_OK;
         at = json_object_iter_next(files, at))
        status =
            add_tree_entry(listing, json_object_iter_key(at), json_object_iter_value(at), error);
    json_decref(root);
    return status;
}

enum status hub_listing_read_commit(const char *bytes, size_t len_bytes,
                                    char ret_commit[HUB_COMMIT_BYTES + 1], struct error *error)
{
    json_t *root;
    enum status status = read_json(bytes, len_bytes, &root, error);
    const char *commit;

    if (status)
        return status;
    commit = get_string(root, "sha");
    if (commit && hub_revision_is_commit(commit))
        memcpy(ret_commit, commit, HUB_COMMIT_BYTES + 1);
    else
        status = refuse(error);
    json_decref(root);
    return status;
}
