/* SPDX-License-Identifier: Apache-2.0 */

#include "server/hub/blob.h"

#include "server/hub/blob_lock.h"
#include "server/hub/hash.h"
#include "server/hub/wire/patience.h"
#include "server/text/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_URL_BYTES = 4096,
    COPY_BYTES = 1 << 18,
    LOCK_POLL_NS = 200000000,
};

/* A blob that is coming: ETAG.incomplete, open. */
struct incoming {
    const struct hub_download *download;
    const struct hub_file *file;
    struct hub_path path; /* of ETAG.incomplete */
    int descriptor;
    struct hub_hash *hash; /* of the first `len_bytes` */
    uint64_t len_bytes;    /* of what is there */
    uint64_t max_bytes;    /* len_bytes where it was largest */
    uint64_t before_bytes; /* count->done_bytes without this blob */
    struct hub_patience patience;
    int write_problem; /* an errno; 0: none */
    bool is_foreign;   /* more came than the file has, or from another place */
};

static enum status refuse_memory(struct error *error)
{
    return error_set(error, STATUS_NO_MEMORY, "not enough memory to download the model");
}

static void report(struct incoming *incoming)
{
    struct hub_count *count = incoming->download->count;

    count->done_bytes = incoming->before_bytes + incoming->len_bytes;
    count->report(count->user, count->done_bytes, count->total_bytes);
}

/* ---- what is there already ---- */

/* Nothing of it counts any more. */
static enum status begin_anew(struct incoming *incoming, struct error *error)
{
    hub_hash_free(incoming->hash);
    incoming->hash = hub_hash_new(incoming->file->etag, incoming->file->size_bytes);
    incoming->len_bytes = 0;
    if (!incoming->hash)
        return refuse_memory(error);
    if (ftruncate(incoming->descriptor, 0))
        return hub_path_refuse_write(incoming->path.text, errno, error);
    return STATUS_OK;
}

/* Adds to the hash what an earlier try has left. */
static enum status take_up(struct incoming *incoming, struct error *error)
{
    char *bytes = malloc(COPY_BYTES);
    ssize_t n = 1;

    if (!bytes)
        return refuse_memory(error);
    while (n > 0 && incoming->len_bytes <= incoming->file->size_bytes) {
        n = pread(incoming->descriptor, bytes, COPY_BYTES, (off_t)incoming->len_bytes);
        if (n > 0 && !hub_hash_add(incoming->hash, bytes, (size_t)n))
            n = -1;
        if (n > 0)
            incoming->len_bytes += (uint64_t)n;
    }
    free(bytes);
    if (n < 0 || incoming->len_bytes > incoming->file->size_bytes)
        return begin_anew(incoming, error);
    return STATUS_OK;
}

static enum status open_incoming(struct incoming *incoming, struct error *error)
{
    incoming->hash = hub_hash_new(incoming->file->etag, incoming->file->size_bytes);
    if (!incoming->hash)
        return refuse_memory(error);
    incoming->descriptor = open(incoming->path.text, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (incoming->descriptor < 0)
        return hub_path_refuse_write(incoming->path.text, errno, error);
    return take_up(incoming, error);
}

static void release_incoming(struct incoming *incoming)
{
    hub_hash_free(incoming->hash);
    if (incoming->descriptor >= 0)
        close(incoming->descriptor);
}

/* ---- what comes ---- */

/* A server that knows no ranges sends all of it again. False where it sends what was not asked for.
 */
static bool fit_reply(struct incoming *incoming, const struct hub_reply *reply)
{
    if (reply->status == 200 && incoming->len_bytes > 0)
        return begin_anew(incoming, NULL) == STATUS_OK;
    return reply->status == 200 || reply->range_start == incoming->len_bytes;
}

/* Into its place, whoever else writes there. */
static bool write_piece(struct incoming *incoming, const char *bytes, size_t len_bytes)
{
    while (len_bytes > 0) {
        ssize_t n = pwrite(incoming->descriptor, bytes, len_bytes, (off_t)incoming->len_bytes);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            incoming->write_problem = n < 0 ? errno : ENOSPC;
            return false;
        }
        if (!hub_hash_add(incoming->hash, bytes, (size_t)n))
            return false;
        incoming->len_bytes += (uint64_t)n;
        bytes += n;
        len_bytes -= (size_t)n;
    }
    return true;
}

struct piece_taker {
    struct incoming *incoming;
    bool began;
};

static bool put_piece(void *user, const struct hub_reply *reply, const char *bytes,
                      size_t len_bytes)
{
    struct piece_taker *taker = user;
    struct incoming *incoming = taker->incoming;

    if (!taker->began && !fit_reply(incoming, reply))
        incoming->is_foreign = true;
    taker->began = true;
    if (len_bytes > incoming->file->size_bytes - incoming->len_bytes)
        incoming->is_foreign = true;
    if (incoming->is_foreign || !write_piece(incoming, bytes, len_bytes))
        return false;
    if (incoming->len_bytes > incoming->max_bytes) {
        incoming->max_bytes = incoming->len_bytes;
        incoming->patience.n_failures = 0;
    }
    report(incoming);
    return true;
}

static enum status name_url(const struct incoming *incoming, char url[MAX_URL_BYTES],
                            struct error *error)
{
    const struct hub_download *download = incoming->download;
    struct hub_path base;
    enum status status =
        hub_path_print(&base, error, "%s/%s/resolve/%s/", download->asked->endpoint,
                       download->asked->name, download->commit);

    if (status)
        return status;
    memcpy(url, base.text, strlen(base.text) + 1);
    if (!hub_escape(incoming->file->path, true, url, MAX_URL_BYTES))
        return error_set(error, STATUS_INVALID, "%.200s: a name too long for an address",
                         incoming->file->path);
    return STATUS_OK;
}

/* Until all bytes are there, right or wrong. */
static enum status receive(struct incoming *incoming, struct error *error)
{
    const struct hub_download *download = incoming->download;
    char url[MAX_URL_BYTES];
    enum status status = name_url(incoming, url, error);

    while (status == STATUS_OK && incoming->len_bytes < incoming->file->size_bytes) {
        struct piece_taker taker = {.incoming = incoming};
        const struct hub_sink sink = {.put = put_piece, .user = &taker};
        struct hub_reply reply;
        enum hub_outcome outcome =
            hub_client_get(download->client, url, incoming->len_bytes, &sink, &reply);

        if (incoming->write_problem)
            return hub_path_refuse_write(incoming->path.text, incoming->write_problem, error);
        if (outcome == HUB_BROKEN)
            return STATUS_OK; /* too many bytes, which the check finds */
        if (outcome == HUB_DONE && incoming->len_bytes == incoming->file->size_bytes)
            break;
        if (outcome == HUB_REFUSED && reply.status == 416)
            return STATUS_OK; /* there is less than was left here */
        if (outcome == HUB_DONE)
            snprintf(reply.problem, sizeof reply.problem, "the reply was cut short");
        if (outcome == HUB_REFUSED || !hub_patience_wait(&incoming->patience, &reply))
            return hub_explain(download->asked, &reply, error);
    }
    return status;
}

static bool is_right(const struct incoming *incoming)
{
    return !incoming->is_foreign && incoming->len_bytes == incoming->file->size_bytes &&
           hub_hash_is(incoming->hash, incoming->file->etag);
}

/* What is wrong may be what an earlier try left: it is got once more as a whole. */
static enum status receive_right(struct incoming *incoming, struct error *error)
{
    enum status status = receive(incoming, error);

    if (status || is_right(incoming))
        return status;
    log_write(LOG_WARNING, "%s: what has come is not what the hub lists; getting it anew",
              incoming->file->path);
    incoming->is_foreign = false;
    incoming->max_bytes = 0;
    status = begin_anew(incoming, error);
    if (status == STATUS_OK)
        status = receive(incoming, error);
    if (status || is_right(incoming))
        return status;
    unlink(incoming->path.text);
    return error_set(error, STATUS_IO,
                     "%.200s: what the hub sends is not what it lists (its %s differs from "
                     "%.64s); something on the way changes it, or the hub is at fault: try again "
                     "later",
                     incoming->file->path,
                     strlen(incoming->file->etag) == 64 ? "sha256" : "git hash",
                     incoming->file->etag);
}

static enum status receive_blob(struct incoming *incoming, const char *blob, struct error *error)
{
    enum status status = open_incoming(incoming, error);

    if (status == STATUS_OK)
        status = receive_right(incoming, error);
    if (status)
        return status;
    if (fdatasync(incoming->descriptor))
        return hub_path_refuse_write(incoming->path.text, errno, error);
    report(incoming);
    return hub_path_rename(incoming->path.text, blob, error);
}

/* ---- the blob ---- */

static enum status name_incomplete(const struct hub_cache *cache, const struct hub_file *file,
                                   struct hub_path *ret_path, struct error *error)
{
    return hub_path_print(ret_path, error, "%s/blobs/%s.incomplete", cache->repository.text,
                          file->etag);
}

uint64_t hub_blob_count_there(const struct hub_cache *cache, const struct hub_file *file)
{
    struct hub_path path;
    struct stat about;

    if (hub_cache_name_blob(cache, file->etag, &path, NULL) == STATUS_OK &&
        hub_path_exists(path.text))
        return file->size_bytes;
    if (name_incomplete(cache, file, &path, NULL) || stat(path.text, &about) ||
        (uint64_t)about.st_size > file->size_bytes)
        return 0;
    return (uint64_t)about.st_size;
}

/* Waits while another process is at the blob, and shows how far that is. *ret_lock is -1 where it
 * has brought it. */
static enum status wait_for_turn(const struct hub_download *download, const struct hub_file *file,
                                 const char *blob, int *ret_lock, struct error *error)
{
    const struct timespec pause = {.tv_nsec = LOCK_POLL_NS};
    struct hub_count *count = download->count;
    struct hub_path path;
    bool was_told = false;
    enum status status =
        hub_path_print(&path, error, "%s/%s.lock", download->cache->locks.text, file->etag);

    while (status == STATUS_OK) {
        status = blob_lock_try(path.text, ret_lock, error);
        if (status || *ret_lock >= 0 || hub_path_exists(blob))
            return status;
        if (!was_told)
            log_write(LOG_INFO, "%s: another process is getting it; waiting for that", file->path);
        was_told = true;
        count->report(count->user, count->done_bytes + hub_blob_count_there(download->cache, file),
                      count->total_bytes);
        nanosleep(&pause, NULL);
    }
    return status;
}

enum status hub_blob_get(const struct hub_download *download, const struct hub_file *file,
                         struct error *error)
{
    struct incoming incoming = {.download = download,
                                .file = file,
                                .descriptor = -1,
                                .before_bytes = download->count->done_bytes,
                                .patience = {.max_tries = HUB_PATIENCE_TRIES}};
    struct hub_path blob;
    int lock = -1;
    enum status status = hub_cache_name_blob(download->cache, file->etag, &blob, error);

    if (status == STATUS_OK)
        status = name_incomplete(download->cache, file, &incoming.path, error);
    if (status == STATUS_OK && !hub_path_exists(blob.text))
        status = wait_for_turn(download, file, blob.text, &lock, error);
    if (status == STATUS_OK && !hub_path_exists(blob.text))
        status = receive_blob(&incoming, blob.text, error);
    release_incoming(&incoming);
    blob_lock_release(lock);
    download->count->done_bytes = incoming.before_bytes + file->size_bytes;
    return status;
}
