/* SPDX-License-Identifier: Apache-2.0 */

#include "server/hub/fetch.h"

#include "server/hub/choose.h"
#include "server/hub/wire/patience.h"
#include "server/text/amount.h"
#include "server/text/log.h"
#include "server/text/read_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

enum {
    MAX_URL_BYTES = 4096,
    MAX_JSON_BYTES = 64 << 20,
    MAX_MODULES_BYTES = 1 << 20,
    MAX_PAGES = 1000,
};

/* A download, and what the cache says of the same revision. */
struct fetch {
    const struct hub_request *request;
    struct hub_asked asked;
    struct hub_cache cache;
    struct hub_count count;
    struct hub_listing listing;
    char commit[HUB_COMMIT_BYTES + 1];
    char cached[HUB_COMMIT_BYTES + 1]; /* a whole snapshot; "": there is none */
    bool is_settled;                   /* the hub has said that the revision does not exist */
    struct hub_client *client;
};

/* ---- the API ---- */

static bool put_json(void *user, const struct hub_reply *reply, const char *bytes, size_t len_bytes)
{
    struct buffer *text = user;

    (void)reply;
    if (len_bytes > MAX_JSON_BYTES - text->len_bytes)
        return false;
    buffer_append(text, bytes, len_bytes);
    return !buffer_failed(text);
}

/* With a whole snapshot at hand, the hub is asked once. */
static enum status get_json(struct fetch *fetch, const char *url, struct buffer *ret_text,
                            struct hub_reply *ret_reply, struct error *error)
{
    struct hub_patience patience = {.max_tries = fetch->cached[0] ? 1 : HUB_PATIENCE_TRIES};
    const struct hub_sink sink = {.put = put_json, .user = ret_text};

    for (;;) {
        enum hub_outcome outcome;

        buffer_release(ret_text);
        outcome = hub_client_get(fetch->client, url, 0, &sink, ret_reply);
        if (outcome == HUB_DONE)
            return STATUS_OK;
        if (outcome == HUB_BROKEN)
            return error_set(error, STATUS_IO, "the hub's list of the model's files is too long");
        if (outcome == HUB_REFUSED || !hub_patience_wait(&patience, ret_reply))
            break;
    }
    fetch->is_settled = hub_reply_is_unknown_revision(ret_reply);
    return hub_explain(&fetch->asked, ret_reply, error);
}

static enum status look_up_commit(struct fetch *fetch, struct error *error)
{
    const struct hub_asked *asked = &fetch->asked;
    struct buffer text = {0};
    struct hub_reply reply;
    char url[MAX_URL_BYTES];
    enum status status = STATUS_OK;

    if (hub_revision_is_commit(asked->revision)) {
        memcpy(fetch->commit, asked->revision, sizeof fetch->commit);
        return STATUS_OK;
    }
    snprintf(url, sizeof url, "%s/api/models/%s/revision/", asked->endpoint, asked->name);
    if (!hub_escape(asked->revision, false, url, sizeof url))
        return error_set(error, STATUS_INVALID, "--revision: too long for an address");
    status = get_json(fetch, url, &text, &reply, error);
    if (status == STATUS_OK)
        status = hub_listing_read_commit(text.bytes, text.len_bytes, fetch->commit, error);
    buffer_release(&text);
    return status;
}

static enum status list_files(struct fetch *fetch, struct error *error)
{
    const struct hub_asked *asked = &fetch->asked;
    struct hub_reply reply = {0};
    char url[MAX_URL_BYTES];
    enum status status = STATUS_OK;

    snprintf(reply.next_query, sizeof reply.next_query, "recursive=true&expand=false");
    for (size_t i = 0; i < MAX_PAGES && status == STATUS_OK && reply.next_query[0]; i++) {
        struct buffer text = {0};

        snprintf(url, sizeof url, "%s/api/models/%s/tree/%s?%s", asked->endpoint, asked->name,
                 fetch->commit, reply.next_query);
        status = get_json(fetch, url, &text, &reply, error);
        if (status == STATUS_OK)
            status = hub_listing_add_page(&fetch->listing, text.bytes, text.len_bytes, error);
        buffer_release(&text);
    }
    return status;
}

/* ---- files ---- */

static struct hub_download make_download(struct fetch *fetch)
{
    return (struct hub_download){.client = fetch->client,
                                 .cache = &fetch->cache,
                                 .asked = &fetch->asked,
                                 .commit = fetch->commit,
                                 .count = &fetch->count};
}

static enum status get_file(struct fetch *fetch, const struct hub_file *file, struct error *error)
{
    const struct hub_download download = make_download(fetch);
    enum status status;

    if (hub_cache_has_file(&fetch->cache, fetch->commit, file->path))
        return STATUS_OK;
    status = hub_cache_make(&fetch->cache, error);
    if (status == STATUS_OK)
        status = hub_blob_get(&download, file, error);
    return status ? status : hub_cache_link(&fetch->cache, fetch->commit, file, error);
}

/* modules.json comes first: it says which folders are needed. */
static enum status read_modules(struct fetch *fetch, struct buffer *ret_text, struct error *error)
{
    const struct hub_file *file = hub_listing_find(&fetch->listing, HUB_MODULES_FILE);
    struct hub_path path;
    enum status status;

    if (!file)
        return STATUS_OK;
    if (file->size_bytes > MAX_MODULES_BYTES)
        return error_set(error, STATUS_INVALID, HUB_MODULES_FILE ": too large");
    status = get_file(fetch, file, error);
    if (status == STATUS_OK)
        status = hub_path_print(&path, error, "%s/snapshots/%s/" HUB_MODULES_FILE,
                                fetch->cache.repository.text, fetch->commit);
    return status ? status : read_file(path.text, MAX_MODULES_BYTES, ret_text, error);
}

static enum status choose_files(struct fetch *fetch, struct error *error)
{
    struct buffer modules = {0};
    struct error reason = {0};
    enum status status = read_modules(fetch, &modules, error);

    if (status)
        return status;
    status = hub_choose(&fetch->listing, modules.bytes, modules.len_bytes, &reason);
    buffer_release(&modules);
    if (status)
        return error_set(error, status, "%s cannot be served: %s", fetch->asked.name, reason.text);
    return STATUS_OK;
}

/* Small files first and the index of weights last: a snapshot that is not whole lacks weights. */
static int compare_files(const void *a, const void *b)
{
    const struct hub_file *file_a = a, *file_b = b;
    bool is_index_a = strstr(file_a->path, ".safetensors.index") != NULL;
    bool is_index_b = strstr(file_b->path, ".safetensors.index") != NULL;

    if (is_index_a != is_index_b)
        return is_index_a ? 1 : -1;
    return (file_a->size_bytes > file_b->size_bytes) - (file_a->size_bytes < file_b->size_bytes);
}

/* Returns the bytes that are to come. */
static uint64_t count_files(struct fetch *fetch)
{
    uint64_t left_bytes = 0;

    fetch->count.done_bytes = 0;
    fetch->count.total_bytes = 0;
    for (size_t i = 0; i < fetch->listing.n_files; i++) {
        const struct hub_file *file = &fetch->listing.files[i];

        if (!file->is_wanted || hub_cache_has_file(&fetch->cache, fetch->commit, file->path))
            continue;
        fetch->count.total_bytes += file->size_bytes;
        left_bytes += file->size_bytes - hub_blob_count_there(&fetch->cache, file);
    }
    return left_bytes;
}

static enum status check_room(const struct fetch *fetch, uint64_t left_bytes, struct error *error)
{
    enum status status = hub_cache_make(&fetch->cache, error);
    struct statvfs disk;

    /* Some file systems do not say how large they are. */
    if (status || statvfs(fetch->cache.repository.text, &disk) || disk.f_blocks == 0 ||
        left_bytes / disk.f_frsize < disk.f_bavail)
        return status;
    return error_set(error, STATUS_IO,
                     "%.200s: %s are needed and %s are free; make room, or name a cache "
                     "elsewhere with --huggingface-hub-cache",
                     fetch->cache.root, amount_whole(left_bytes).text,
                     amount_whole((uint64_t)disk.f_bavail * disk.f_frsize).text);
}

static enum status get_files(struct fetch *fetch, struct error *error)
{
    const uint64_t left_bytes = count_files(fetch);
    enum status status = left_bytes > 0 ? check_room(fetch, left_bytes, error) : STATUS_OK;

    if (status == STATUS_OK && left_bytes > 0)
        log_write(LOG_INFO, "getting %s at %.12s from %s: %s", fetch->asked.name, fetch->commit,
                  fetch->asked.endpoint, amount_whole(left_bytes).text);
    for (size_t i = 0; i < fetch->listing.n_files && status == STATUS_OK; i++) {
        if (fetch->listing.files[i].is_wanted)
            status = get_file(fetch, &fetch->listing.files[i], error);
    }
    return status;
}

/* A cache that may not be written keeps what it has; the model is whole all the same. */
static void remember_commit(const struct fetch *fetch)
{
    struct error error = {0};

    if (!hub_revision_is_commit(fetch->asked.revision) &&
        hub_cache_put_commit(&fetch->cache, fetch->asked.revision, fetch->commit, &error))
        log_write(LOG_WARNING, "%s", error.text);
}

/* ---- all of it ---- */

static enum status bring(struct fetch *fetch, struct error *error)
{
    enum status status = look_up_commit(fetch, error);

    if (status == STATUS_OK)
        status = list_files(fetch, error);
    if (status == STATUS_OK)
        status = choose_files(fetch, error);
    if (status)
        return status;
    qsort(fetch->listing.files, fetch->listing.n_files, sizeof *fetch->listing.files,
          compare_files);
    status = get_files(fetch, error);
    if (status == STATUS_OK)
        remember_commit(fetch);
    return status;
}

/* What the cache has, where the hub cannot be asked or what it has now cannot be got or kept. */
static enum status bring_or_keep(struct fetch *fetch, struct error *error)
{
    struct error reason = {0};
    enum status status = bring(fetch, &reason);

    if (status == STATUS_OK)
        return status;
    if (!fetch->cached[0] || fetch->is_settled)
        return error_set(error, status, "%s", reason.text);
    log_write(LOG_WARNING, "%s; serving commit %.12s, which is in the cache", reason.text,
              fetch->cached);
    memcpy(fetch->commit, fetch->cached, sizeof fetch->commit);
    return STATUS_OK;
}

enum status hub_fetch(const struct hub_request *request, char ret_commit[HUB_COMMIT_BYTES + 1],
                      struct error *error)
{
    struct fetch fetch = {.request = request,
                          .asked = {.name = request->name,
                                    .revision = request->revision,
                                    .endpoint = request->settings->endpoint,
                                    .with_token = request->token[0] != '\0'},
                          .count = {.report = request->report, .user = request->user}};
    enum status status =
        hub_cache_init(&fetch.cache, request->settings->cache.text, request->name, error);

    if (status == STATUS_OK)
        status = hub_client_new(&fetch.client, fetch.asked.endpoint, request->token, error);
    if (status)
        return status;
    if (!hub_cache_find_commit(&fetch.cache, request->revision, fetch.cached) ||
        hub_cache_check_snapshot(&fetch.cache, fetch.cached, NULL))
        fetch.cached[0] = '\0';
    status = bring_or_keep(&fetch, error);
    if (status == STATUS_OK)
        memcpy(ret_commit, fetch.commit, sizeof fetch.commit);
    hub_listing_release(&fetch.listing);
    hub_client_free(fetch.client);
    return status;
}
