/* SPDX-License-Identifier: Apache-2.0 */

#include "server/hub/cache.h"

#include "server/text/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_REF_BYTES = 100 };

/* https://bford.info/cachedir/ */
static const char tag[] = "Signature: 8a477f597d28d172789f06886806bc55\n"
                          "# A cache of models from Hugging Face's hub.\n";

enum status hub_cache_init(struct hub_cache *ret_cache, const char *root, const char *name,
                           struct error *error)
{
    struct hub_cache cache = {.root = root};
    const char *slash = strchr(name, '/');
    int org_len = (int)(slash - name);
    enum status status = hub_path_print(&cache.repository, error, "%s/models--%.*s--%s", root,
                                        org_len, name, slash + 1);

    if (status == STATUS_OK)
        status = hub_path_print(&cache.locks, error, "%s/.locks/models--%.*s--%s", root, org_len,
                                name, slash + 1);
    if (status == STATUS_OK)
        *ret_cache = cache;
    return status;
}

enum status hub_cache_name_snapshot(const struct hub_cache *cache, const char *commit,
                                    struct hub_path *ret_path, struct error *error)
{
    return hub_path_print(ret_path, error, "%s/snapshots/%s", cache->repository.text, commit);
}

enum status hub_cache_name_blob(const struct hub_cache *cache, const char *etag,
                                struct hub_path *ret_path, struct error *error)
{
    return hub_path_print(ret_path, error, "%s/blobs/%s", cache->repository.text, etag);
}

/* ---- refs ---- */

bool hub_cache_find_commit(const struct hub_cache *cache, const char *revision,
                           char ret_commit[HUB_COMMIT_BYTES + 1])
{
    struct hub_path path;
    struct buffer text = {0};
    char commit[MAX_REF_BYTES + 1] = "";

    if (hub_revision_is_commit(revision)) {
        memcpy(ret_commit, revision, HUB_COMMIT_BYTES + 1);
        return true;
    }
    if (hub_path_print(&path, NULL, "%s/refs/%s", cache->repository.text, revision) ||
        read_file(path.text, MAX_REF_BYTES, &text, NULL))
        return false;
    memcpy(commit, text.bytes, text.len_bytes);
    buffer_release(&text);
    commit[strcspn(commit, "\r\n")] = '\0';
    if (!hub_revision_is_commit(commit))
        return false;
    memcpy(ret_commit, commit, HUB_COMMIT_BYTES + 1);
    return true;
}

/* Under its name at once and whole: a file beside it takes its place. */
static enum status write_small_file(const char *path, const char *text, struct error *error)
{
    struct hub_path temporary;
    size_t len = strlen(text);
    enum status status = hub_path_print(&temporary, error, "%s.%ld.tmp", path, (long)getpid());
    int file;

    if (status)
        return status;
    file = open(temporary.text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0)
        return hub_path_refuse_write(temporary.text, errno, error);
    errno = EIO;
    if (write(file, text, len) != (ssize_t)len)
        status = hub_path_refuse_write(temporary.text, errno, error);
    close(file);
    if (status == STATUS_OK)
        status = hub_path_rename(temporary.text, path, error);
    if (status)
        unlink(temporary.text);
    return status;
}

enum status hub_cache_put_commit(const struct hub_cache *cache, const char *revision,
                                 const char *commit, struct error *error)
{
    char known[HUB_COMMIT_BYTES + 1];
    struct hub_path path;
    enum status status;

    if (hub_cache_find_commit(cache, revision, known) && strcmp(known, commit) == 0)
        return STATUS_OK;
    status = hub_path_print(&path, error, "%s/refs/%s", cache->repository.text, revision);
    if (status == STATUS_OK)
        status = hub_path_make_folders(path.text, error);
    return status ? status : write_small_file(path.text, commit, error);
}

/* ---- snapshots ---- */

static enum status name_file(const struct hub_cache *cache, const char *commit, const char *path,
                             struct hub_path *ret_path, struct error *error)
{
    return hub_path_print(ret_path, error, "%s/snapshots/%s/%s", cache->repository.text, commit,
                          path);
}

bool hub_cache_has_file(const struct hub_cache *cache, const char *commit, const char *path)
{
    struct hub_path file;

    return name_file(cache, commit, path, &file, NULL) == STATUS_OK && hub_path_exists(file.text);
}

/* "../../blobs/ETAG" and a "../" more for each folder that the file is in. */
static enum status print_target(const struct hub_file *file, struct hub_path *ret_target,
                                struct error *error)
{
    struct hub_path target = {"../../"};
    enum status status = STATUS_OK;

    for (const char *c = file->path; *c && status == STATUS_OK; c++) {
        struct hub_path shorter = target;

        if (*c == '/')
            status = hub_path_print(&target, error, "../%s", shorter.text);
    }
    if (status)
        return status;
    return hub_path_print(ret_target, error, "%sblobs/%s", target.text, file->etag);
}

enum status hub_cache_link(const struct hub_cache *cache, const char *commit,
                           const struct hub_file *file, struct error *error)
{
    struct hub_path link, target;
    enum status status = name_file(cache, commit, file->path, &link, error);

    if (status == STATUS_OK)
        status = print_target(file, &target, error);
    if (status == STATUS_OK)
        status = hub_path_make_folders(link.text, error);
    if (status || symlink(target.text, link.text) == 0 || hub_path_exists(link.text))
        return status;
    (void)unlink(link.text); /* one that leads nowhere */
    if (symlink(target.text, link.text) && errno != EEXIST)
        return hub_path_refuse_write(link.text, errno, error);
    return STATUS_OK;
}

enum status hub_cache_make(const struct hub_cache *cache, struct error *error)
{
    struct hub_path path;
    enum status status = hub_path_print(&path, error, "%s/blobs/", cache->repository.text);

    if (status == STATUS_OK)
        status = hub_path_make_folders(path.text, error);
    if (status == STATUS_OK)
        status = hub_path_print(&path, error, "%s/", cache->locks.text);
    if (status == STATUS_OK)
        status = hub_path_make_folders(path.text, error);
    if (status == STATUS_OK)
        status = hub_path_print(&path, error, "%s/CACHEDIR.TAG", cache->root);
    if (status || hub_path_exists(path.text))
        return status;
    return write_small_file(path.text, tag, error);
}
