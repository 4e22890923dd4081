/* SPDX-License-Identifier: Apache-2.0 */

#include "server/auth/api_keys.h"

#include "server/auth/key_file.h"
#include "server/auth/key_list.h"
#include "server/text/read_file.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE_BYTES = 1 << 20 };

struct api_keys {
    const char *key;  /* --api-key, or NULL */
    const char *path; /* --api-key-file, or NULL */

    pthread_rwlock_t lock; /* guards list, which is replaced as a whole */
    struct key_list list;
};

static enum status add_from_file(const char *path, struct key_list *list, struct error *error)
{
    struct buffer buffer = {0};
    size_t n_before = list->n_keys;
    enum status status = read_file(path, MAX_FILE_BYTES, &buffer, error);

    if (status)
        return status;
    status = key_file_parse(path, buffer.bytes, buffer.len_bytes, list, error);
    explicit_bzero(buffer.bytes, buffer.len_bytes);
    buffer_release(&buffer);
    if (status == STATUS_OK && list->n_keys == n_before)
        return error_set(error, STATUS_INVALID, "%s: expected at least one key", path);
    return status;
}

static enum status read_list(const struct api_keys *keys, struct key_list *ret_list,
                             struct error *error)
{
    struct key_list list = {0};
    struct error reason = {0};
    enum status status = STATUS_OK;

    if (keys->key) {
        status = key_list_add(&list, keys->key, strlen(keys->key), KEY_NEVER_EXPIRES, &reason);
        if (status)
            error_set(error, status, "--api-key: %s", reason.text);
    }
    if (status == STATUS_OK && keys->path)
        status = add_from_file(keys->path, &list, error);
    if (status)
        key_list_release(&list);
    else
        *ret_list = list;
    return status;
}

enum status api_keys_new(struct api_keys **ret_keys, const char *key, const char *path,
                         struct error *error)
{
    struct api_keys *keys = calloc(1, sizeof *keys);
    enum status status;

    if (!keys)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory");
    pthread_rwlock_init(&keys->lock, NULL);
    keys->key = key;
    keys->path = path;
    status = read_list(keys, &keys->list, error);
    if (status)
        api_keys_free(keys);
    else
        *ret_keys = keys;
    return status;
}

void api_keys_free(struct api_keys *keys)
{
    if (!keys)
        return;
    key_list_release(&keys->list);
    pthread_rwlock_destroy(&keys->lock);
    free(keys);
}

enum status api_keys_reload(struct api_keys *keys, struct error *error)
{
    struct key_list fresh, old;
    enum status status = read_list(keys, &fresh, error);

    if (status)
        return status;
    pthread_rwlock_wrlock(&keys->lock);
    old = keys->list;
    keys->list = fresh;
    pthread_rwlock_unlock(&keys->lock);
    key_list_release(&old);
    return STATUS_OK;
}

enum api_key_verdict api_keys_check(struct api_keys *keys, const char *key, size_t len_bytes,
                                    int64_t now_s)
{
    enum api_key_verdict verdict = API_KEY_UNKNOWN;
    const struct key *found;

    pthread_rwlock_rdlock(&keys->lock);
    found = key_list_find(&keys->list, key, len_bytes);
    if (found)
        verdict = now_s < found->expires_s ? API_KEY_GOOD : API_KEY_EXPIRED;
    pthread_rwlock_unlock(&keys->lock);
    return verdict;
}

struct api_key_count api_keys_count(struct api_keys *keys, int64_t now_s)
{
    struct api_key_count count = {0};

    pthread_rwlock_rdlock(&keys->lock);
    count.n_keys = keys->list.n_keys;
    for (size_t i = 0; i < keys->list.n_keys; i++)
        count.n_expired += keys->list.keys[i].expires_s <= now_s;
    pthread_rwlock_unlock(&keys->lock);
    return count;
}
